"""Series of counts as CSV files, with labelled storms."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.support.series import buckets

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 3, 2, tzinfo=UTC)
STEP = timedelta(minutes=15)
ROWS_PER_DAY = 96


def write_storms(path: Path, storm_days: tuple[int, ...], seed: int) -> None:
    """Write 30 days of counts at random, of which some have a storm of three hours that begins at noon."""
    history = buckets(30, lambda _: 1_000, seed=seed, minutes=15)
    lines = ["timestamp,value"]
    for index, bucket in enumerate(history):
        day, row = divmod(index, ROWS_PER_DAY)
        stormy = day in storm_days and 48 <= row < 60
        moment = (START + index * STEP).isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
        lines.append(f"{moment},{bucket.count * (12 if stormy else 1)}")
    path.write_text("\n".join(lines) + "\n")


def write_labelled_series(folder: Path) -> None:
    """Write three series with labels (a day around each storm) and marks (its first moment)."""
    labels, marks = {}, {}
    for seed, days in enumerate([(12, 20), (15,), (25,)]):
        name = f"brand{seed}.csv"
        write_storms(folder / name, days, seed)
        noons = [START + timedelta(days=day, hours=12) for day in days]
        half = timedelta(hours=12)
        labels[f"tweets/{name}"] = [[(noon - half).isoformat(), (noon + half).isoformat()] for noon in noons]
        marks[f"tweets/{name}"] = [noon.isoformat() for noon in noons]
    (folder / "labels.json").write_text(json.dumps(labels))
    (folder / "marks.json").write_text(json.dumps(marks))
