"""State that an earlier version wrote is gone on from after an upgrade.

`testdata/state` holds, for each version of a brand's state that can be read, what a firewatch of that version wrote in
the middle of the storm of `tests.support.storm`. When a version is raised, ``python -m`` with the name of this module
adds its file; the others stay as they are.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from streams.core.detect import state_versions
from streams.core.detect.brand import STATE_VERSION
from streams.core.detect.partition import PROGRESS_STATE_VERSION, PartitionMonitor
from streams.core.rollup.frequent import most_frequent
from streams.core.rollup.tally import Tally
from streams.errors import OutdatedState, UnknownVersion
from tests.support.authors import hashes, once_each
from tests.support.paths import TESTDATA
from tests.support.saved_state import restored, save
from tests.support.storm import config, feed, stream

if TYPE_CHECKING:
    from pathlib import Path

    from streams.records import Window

STATES = TESTDATA / "state"
FILES = sorted(STATES.glob("brand-v*.json"), key=lambda file: int(file.stem.removeprefix("brand-v")))
STOPPED_AFTER = 330


def counts(windows: list[Window]) -> list[tuple[Any, ...]]:
    parts = ("brand", "start_ms", "count", "late", "negative", "positive", "authors", "reposts", "engagement")
    return sorted(tuple(getattr(window, part) for part in parts) for window in windows)


def main() -> None:
    monitor = PartitionMonitor(config(), 0)
    feed(monitor, stream()[:STOPPED_AFTER])
    saved: dict[bytes, bytes] = {}
    save(saved, monitor.dirty())
    state = {b64encode(key).decode(): b64encode(value).decode() for key, value in saved.items()}
    (STATES / f"brand-v{STATE_VERSION}.json").write_bytes(orjson.dumps(state, option=orjson.OPT_INDENT_2) + b"\n")


def test_every_version_that_can_be_read_is_tried() -> None:
    assert [file.stem for file in FILES] == [
        f"brand-v{version}" for version in [*sorted(state_versions.BRAND), STATE_VERSION]
    ]


@pytest.mark.parametrize(
    ("table", "version"), [(state_versions.BRAND, STATE_VERSION), (state_versions.PROGRESS, PROGRESS_STATE_VERSION)]
)
def test_no_step_is_missing(table: state_versions.Upgrades, version: int) -> None:
    assert sorted(table) == list(range(min(table, default=version), version))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_older_state_is_gone_on_from(file: Path) -> None:
    minutes = stream()
    through = PartitionMonitor(config(), 0)
    feed(through, minutes[:STOPPED_AFTER])
    _, expected = feed(through, minutes[STOPPED_AFTER:])

    state = orjson.loads(file.read_bytes()).items()
    monitor = restored(config(), {b64decode(key): b64decode(value) for key, value in state})
    incident = monitor.incidents()["nordtel"]
    repeated = minutes[STOPPED_AFTER - 20 :]
    alerts, windows = feed(monitor, repeated)
    assert counts(windows) == counts(expected)
    assert ("resolve", incident.fingerprint) in [(alert.kind, alert.fingerprint) for alert in alerts]


def test_an_incident_of_before_version_7_has_the_mentions_of_its_latest_step_but_not_that_step() -> None:
    state = {
        b64decode(key): b64decode(value) for key, value in orjson.loads((STATES / "brand-v6.json").read_bytes()).items()
    }
    incident = restored(config(), state).incidents()["nordtel"]
    assert incident.reported is not None
    assert (incident.reported.step, incident.reported.state) == (None, incident.state)
    assert incident.reported.mentions > 0


def tally_of_version_7(by_author: dict[int, int], unknown: int) -> list[Any]:
    """Return a tally as it was: the 128 most active authors, and the 64 smallest hashes of known ones."""
    count = sum(by_author.values()) + unknown
    authors = most_frequent(by_author | ({0: unknown} if unknown else {}))
    smallest = sorted(by_author)[:64]
    return [count, 0, 0, 0, 0, [*authors.items()], [], [], [["forum", count]], [["de", count]], smallest, [], 0]


def upgraded_tally(tally: list[Any]) -> Tally:
    state = state_versions.BRAND[7]({"windows": [0, 0, [-1, []], [[0, tally]]], "incidents": [None, None, []]})
    return Tally.load(state["windows"][3][0][1])


@pytest.mark.parametrize("number", [0, 1, 63, 64, 100, 127])
def test_up_to_127_authors_of_version_7_are_exact(number: int) -> None:
    by_author = {author: 1 + place % 3 for place, author in enumerate(hashes(number))}
    authors = upgraded_tally(tally_of_version_7(by_author, 5)).authors
    assert not authors.is_estimated
    assert (authors.by_author, authors.unknown) == (by_author, 5)


@pytest.mark.parametrize("unknown", [0, 200])
@pytest.mark.parametrize("number", [140, 1_000, 20_000])
def test_more_authors_of_version_7_are_as_many_as_its_smallest_hashes_let_expect(number: int, unknown: int) -> None:
    """Four standard errors of an estimate from 64 smallest hashes: 13 % each."""
    tally = tally_of_version_7(once_each(number), unknown)
    authors = upgraded_tally(tally).authors
    assert authors.is_estimated
    assert (authors.unknown, authors.known) == (unknown, number)
    assert number / 1.5 < authors.distinct <= number
    assert (authors.effective or 0) <= authors.distinct


def test_steps_follow_one_another() -> None:
    table: state_versions.Upgrades = {
        3: lambda state: {**state, "path": [*state["path"], 3]},
        4: lambda state: {**state, "path": [*state["path"], 4]},
    }
    assert state_versions.upgraded({"v": 3, "path": []}, "it", 5, table) == {"v": 5, "path": [3, 4]}
    assert state_versions.upgraded({"v": 5, "path": []}, "it", 5, table) == {"v": 5, "path": []}
    with pytest.raises(OutdatedState, match="it has version 2, this firewatch reads none before 3"):
        state_versions.upgraded({"v": 2}, "it", 5, table)
    for version in (6, 0, -1, True, "3", None, 3.0):
        with pytest.raises(UnknownVersion, match="upgrade before you continue"):
            state_versions.upgraded({"v": version}, "it", 5, table)


if __name__ == "__main__":
    main()
