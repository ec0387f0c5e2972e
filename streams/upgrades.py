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


BRAND: Final[Upgrades] = {
    2: lambda state: {**state, "out": []},  # detectors that are out of use for the brand (`streams.quarantine`)
}
PROGRESS: Final[Upgrades] = {}
WAITING: Final[Upgrades] = {}
