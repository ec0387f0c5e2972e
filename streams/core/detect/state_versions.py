"""A state that an earlier firewatch wrote becomes one of today, a version at a time.

Whoever changes the shape or the meaning of a state raises its version by one, adds to the table how a state of the
version before becomes one of the new, and adds a state of the new version to `tests/unit/testdata/state`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from streams.errors import OutdatedState, UnknownVersion

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    State = dict[str, Any]
    Upgrades = Mapping[int, Callable[[State], State]]


def upgraded(state: State, what: str, known: int, upgrades: Upgrades) -> State:
    """Bring a decoded state to a version.

    Parameters
    ----------
    state
        With its version under ``v``.
    what
        Names it in messages.
    known
        The version of today.
    upgrades
        By version, how a state of it becomes one of the next; without gaps up to `known`.

    Raises
    ------
    OutdatedState
        If nothing is known of the version any more.
    UnknownVersion
        If it is newer than `known`, or no version at all.

    Examples
    --------
    >>> upgraded({"v": 1, "count": 3}, "the tally", 2, {1: lambda state: {**state, "late": 0}})
    {'v': 2, 'count': 3, 'late': 0}
    """
    version = state["v"]
    oldest = min(upgrades, default=known)
    if type(version) is int and 0 < version < oldest:
        raise OutdatedState(what, version, oldest)
    if type(version) is not int or not oldest <= version <= known:
        raise UnknownVersion(what, version, known)
    for step in range(version, known):
        state = {**upgrades[step](state), "v": step + 1}
    return state


def _brand_3(state: State) -> State:
    """Incidents know what came before they were opened again, and the last one that is over is kept; posts to show have
    a time and terms; the calm past is more than its terms; posts can be deleted."""
    current, excesses = state["incidents"]
    if current is not None:
        start_ms, tally = current[1], _tally_3(current[10])
        current = [*current[:7], start_ms, 0, 0, *current[7:10], tally, 0, -1, 0, tally[0], 0, -1]
    reached_ms, late, pending, opened = state["windows"]
    windows = [reached_ms, late, pending, [[start, _tally_3(tally)] for start, tally in opened]]
    no_authors = "A" * 512
    calm = [state["terms"], state["mentions"], [0.0, 0.0, 0.0], [0.0, 0.0], [-1, no_authors, no_authors]]
    calm.append([-1, 0, [-1, 0], []])
    return {**state, "incidents": [current, None, excesses], "windows": windows, "calm": calm, "deletions": []}


def _tally_3(tally: list[Any]) -> list[Any]:
    *rest, samples = tally
    return [*rest, [[*sample, None, []] for sample in samples]]


BRAND: Final[Upgrades] = {
    2: lambda state: {
        **state,
        "out": [],
    },  # detectors that are out of use for the brand (`streams.core.detect.quarantine`)
    3: _brand_3,
}
PROGRESS: Final[Upgrades] = {}
WAITING: Final[Upgrades] = {}
