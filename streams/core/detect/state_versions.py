"""Upgrades of states: a state that an earlier firewatch wrote is brought to the present version, one version at a time.

Whoever changes the shape or the meaning of a state raises its version by one, adds to the table how a state of the
previous version becomes one of the new, and adds a state of the new version to `tests/unit/testdata/state`.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from streams.core.rollup.author_counts import AuthorCounts
from streams.errors import OutdatedState, RecordError, UnknownVersion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    State = dict[str, Any]
    Upgrades = Mapping[int, Callable[[State], State]]


@contextmanager
def readable(what: str) -> Iterator[None]:
    """Raise `RecordError` if the body finds that a state is not of the expected shape.

    Parameters
    ----------
    what
        Name of the state in the message.
    """
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # damaged JSON and snapshots are ValueErrors
        raise RecordError("damaged_state", f"{what} can't be read ({error})") from error


def upgraded(state: State, what: str, known: int, upgrades: Upgrades) -> State:
    """Bring a decoded state to a version.

    Parameters
    ----------
    state
        The state, with its version under ``v``.
    what
        Name of the state in messages.
    known
        The present version.
    upgrades
        By version, a function that turns a state of it into one of the next version; without gaps up to `known`.

    Raises
    ------
    OutdatedState
        If the version is older than any that can be upgraded.
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


def _brand_2(state: State) -> State:
    """Add the quarantined detectors (`streams.core.detect.quarantine`)."""
    return {**state, "out": []}


def _brand_3(state: State) -> State:
    """Add to incidents the time before they were reopened, and the last incident that is over; to samples their time
    and terms; to the baseline more than its terms; and pending deletions."""
    current, excesses = state["incidents"]
    if current is not None:
        start_ms, tally = current[1], _tally_3(current[10])
        current = [*current[:7], start_ms, 0, 0, *current[7:10], tally, 0, -1, 0, tally[0], 0, -1]
    reached_ms, late, pending, opened = state["windows"]
    windows = [reached_ms, late, pending, [[start, _tally_3(tally)] for start, tally in opened]]
    no_authors = "A" * 512
    baseline = [state["terms"], state["mentions"], [0.0, 0.0, 0.0], [0.0, 0.0], [-1, no_authors, no_authors]]
    baseline.append([-1, 0, [-1, 0], []])
    return {**state, "incidents": [current, None, excesses], "windows": windows, "calm": baseline, "deletions": []}


def _tally_3(tally: list[Any]) -> list[Any]:
    *rest, samples = tally
    return [*rest, [[*sample, None, []] for sample in samples]]


def _brand_4(state: State) -> State:
    """Add the newest slot taken to the pending mentions, all of which are in the state: there were no chunks."""
    reached_ms, late, pending, opened = state["windows"]
    return {**state, "windows": [reached_ms, late, [-1, pending], opened]}


def _brand_5(state: State) -> State:
    """Add to tallies the mentions whose time is coarse: none."""
    reached_ms, late, pending, opened = state["windows"]
    windows = [reached_ms, late, pending, [[start, [*tally, 0]] for start, tally in opened]]
    *incidents, excesses = state["incidents"]
    incidents = [each and [*each[:13], [*each[13], 0], *each[14:]] for each in incidents]
    return {**state, "windows": windows, "incidents": [*incidents, excesses]}


def _brand_6(state: State) -> State:
    """Add to incidents the state as of their latest step, which is their present one; which step it was, when, and how
    negative, is not known."""
    *incidents, excesses = state["incidents"]
    incidents = [each and [*each[:17], _reported_7(each), *each[18:]] for each in incidents]
    return {**state, "incidents": [*incidents, excesses]}


def _reported_7(incident: list[Any]) -> list[Any]:
    severity, suppressed, label, fired, mentions = (incident[place] for place in (3, 4, 5, 10, 17))
    return [None, severity, suppressed, label, fired, mentions, 0, -1]


def _brand_7(state: State) -> State:
    """Convert the authors of tallies, of whom two samples were kept."""
    reached_ms, late, pending, opened = state["windows"]
    windows = [reached_ms, late, pending, [[start, _tally_8(tally)] for start, tally in opened]]
    *incidents, excesses = state["incidents"]
    incidents = [each and [*each[:13], _tally_8(each[13]), *each[14:]] for each in incidents]
    return {**state, "windows": windows, "incidents": [*incidents, excesses]}


def _tally_8(tally: list[Any]) -> list[Any]:
    authors = _authors_8(tally[0], dict(tally[5]), tally[10])
    return [*tally[:5], authors.dump(), *tally[6:10], *tally[11:]]


def _authors_8(count: int, most_active: dict[int, int], smallest: list[int]) -> AuthorCounts:
    """Return the authors of a tally, of whom the mentions of the 128 most active and the 64 smallest hashes are known.

    If these are not all, made-up authors stand for the others: as many as the smallest hashes let expect, by
    (k - 1) / k-th smallest hash (Bar-Yossef et al. 2002), who wrote equally much.
    """
    counts = AuthorCounts()
    counts.add(most_active, unknown=most_active.pop(0, 0))
    left = count - counts.unknown - counts.known
    if left <= 0 or not smallest:
        return counts
    expected = min(left, round((len(smallest) - 1) * (1 << 48) / smallest[-1]) - counts.distinct)
    others = [author for author in smallest if author not in most_active]
    others += [
        int.from_bytes(hashlib.blake2b(b"%d" % number, digest_size=6).digest())
        for number in range(max(1, expected) - len(others))
    ]
    share, more = divmod(left, len(others))
    counts.sketch().add({author: share + (place < more) for place, author in enumerate(others)})
    return counts


def _brand_8(state: State) -> State:
    """Take the English sentences of earlier reasons out of incidents, as alerts may be in another language now, and add
    the name of the event that suppresses them: none."""
    *incidents, excesses = state["incidents"]
    incidents = [each and [*each[:6], None, *each[7:11], _peaks_9(each[11]), *each[12:], ""] for each in incidents]
    return {**state, "incidents": [*incidents, excesses]}


def _peaks_9(peaks: list[Any]) -> list[Any]:
    return [[*peak[:7], None, *peak[8:], ""] for peak in peaks]


def _brand_9(state: State) -> State:
    """Add to incidents the counts of the quiet time since they were last anomalous, which were not kept apart; and the
    incident that emerges, and the detectors that fired for those that were given up: none."""
    current, past, excesses = state["incidents"]
    return {**state, "incidents": [current and [*current, None], past and [*past, None], excesses, None, []]}


def _brand_10(state: State) -> State:
    """Add to incidents the label before they were last reopened, which was not kept."""
    current, past, excesses, emerging, unreported = state["incidents"]
    current, past, emerging = (each and [*each, None] for each in (current, past, emerging))
    return {**state, "incidents": [current, past, excesses, emerging, unreported]}


def _brand_11(state: State) -> State:
    """Add to the usual terms the hours that do not count yet: none."""
    terms, mentions, *baseline = state["calm"]
    return {**state, "calm": [[terms, mentions, []], *baseline]}


def _brand_12(state: State) -> State:
    """Add to samples their author, who is not known, and when the last bucket closed."""
    reached_ms, late, pending, opened = state["windows"]
    windows = [reached_ms, late, pending, [[start, _tally_13(tally)] for start, tally in opened]]
    current, past, excesses, emerging, unreported = state["incidents"]
    current, past, emerging = (each and _incident_13(each) for each in (current, past, emerging))
    incidents = [current, past, excesses, emerging, unreported]
    return {**state, "windows": windows, "incidents": incidents, "closed": reached_ms}


def _incident_13(incident: list[Any]) -> list[Any]:
    *begin, quiet, label_before = incident
    return [*begin[:13], _tally_13(begin[13]), *begin[14:], quiet and _tally_13(quiet), label_before]


def _tally_13(tally: list[Any]) -> list[Any]:
    *rest, samples, coarse = tally
    return [*rest, [[*sample, 0] for sample in samples], coarse]


def _brand_13(state: State) -> State:
    """Add the late buckets, and to incidents when their latest late evidence arrived: none was evaluated."""
    *incidents, excesses, emerging, unreported = state["incidents"]
    current, past, emerging = (each and [*each, -1] for each in (*incidents, emerging))
    return {
        **state,
        "windows": [*state["windows"], []],
        "incidents": [current, past, excesses, emerging, unreported],
    }


def _progress_2(state: State) -> State:
    """Add to each partition its newest event time, which was its watermark, and the delay of its posts."""
    return {**state, "partitions": [[*partition, partition[2], 0] for partition in state["partitions"]]}


def _progress_3(state: State) -> State:
    """Add the moment that was reached, the gaps, and the deletions of authors: none are known."""
    return {**state, "reached_ms": -1, "gaps": [[], []], "deleted_authors": [[], []]}


BRAND: Final[Upgrades] = {
    2: _brand_2,
    3: _brand_3,
    4: _brand_4,
    5: _brand_5,
    6: _brand_6,
    7: _brand_7,
    8: _brand_8,
    9: _brand_9,
    10: _brand_10,
    11: _brand_11,
    12: _brand_12,
    13: _brand_13,
}
CHUNK: Final[Upgrades] = {}
PROGRESS: Final[Upgrades] = {2: _progress_2, 3: _progress_3}
ENVELOPES: Final[Upgrades] = {}
