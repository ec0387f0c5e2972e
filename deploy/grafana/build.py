"""Writes the boards: ``python -m deploy.grafana.build``; a test fails while a file is not as written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana.boards import brand, health, overview, tuning

if TYPE_CHECKING:
    from collections.abc import Callable

    from grafana_foundation_sdk.models.dashboard import Dashboard

FOLDER: Final = Path(__file__).parent / "dashboards"

BOARDS: Final[dict[str, Callable[[], Dashboard]]] = {
    "firewatch-overview": overview.board,
    "firewatch-brand": brand.board,
    "firewatch-health": health.board,
    "firewatch-tuning": tuning.board,
}
"""By uid, which is the file's name too."""


def rendered(uid: str) -> str:
    """Text of a board's file."""
    return json.dumps(BOARDS[uid](), cls=JSONEncoder, indent=1, ensure_ascii=False) + "\n"


def boards() -> dict[str, dict[str, Any]]:
    """Every board as Grafana imports it."""
    return {uid: json.loads(rendered(uid)) for uid in BOARDS}


if __name__ == "__main__":
    for name in BOARDS:
        (FOLDER / f"{name}.json").write_text(rendered(name), encoding="utf-8")
