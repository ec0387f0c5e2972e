"""Compare a feed with what it was before: which entries are new or edited, and whether some may have been missed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from streams.records import Gap
from streams.sources.live.base import Bad, Found, Skipped
from streams.sources.live.feeds.dates import EntryTime
from streams.sources.live.feeds.entry import BadEntry, FeedEntry, post_of, text_of
from streams.sources.live.feeds.identity import EntryMarks, ids_of, marks_of
from streams.sources.live.feeds.memory import SeenEntries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.sources.live.base import Item
    from streams.sources.live.feeds.dates import EntryTimes
    from streams.sources.live.feeds.entry import FeedDocument
    from streams.sources.live.feeds.state import FeedState


@dataclass(frozen=True, slots=True)
class FeedNames:
    """What a feed is called.

    Parameters
    ----------
    source
        Id of its source.
    name
        Host and path, without a query; the name of the feed as a part of the source.
    host
        Host, which stands for its publisher.
    links
        Its addresses.
    """

    source: str
    name: str
    host: str
    links: frozenset[str]


class Compared(NamedTuple):
    """The outcome of a comparison.

    Parameters
    ----------
    items
        Posts in order of time, and what is no post; a gap comes first.
    state
        The feed with its entries remembered.
    entries, fresh
        How many entries there are, and how many of them are new.
    has_gap
        Whether no entry of the last document is in this one.
    """

    items: list[Item]
    state: FeedState
    entries: int
    fresh: int
    has_gap: bool


class _Known(NamedTuple):
    """An entry with all that is found out about it."""

    place: str
    entry: FeedEntry
    text: str
    id: str
    time: EntryTime | None
    marks: EntryMarks


def compare(
    document: FeedDocument,
    state: FeedState,
    names: FeedNames,
    times: EntryTimes,
    *,
    now_ms: int,
    first_fetch_ms: int,
    limit: int,
) -> Compared:
    """Return what is new in a document.

    Parameters
    ----------
    document
        The document.
    state
        The feed before it.
    names
        What the feed is called.
    times
        Reads dates.
    now_ms
        The present, milliseconds since the epoch; entries without a credible date are dated so.
    first_fetch_ms
        At the first request to a feed, entries count that are not dated before it; milliseconds since the epoch.
    limit
        Largest number of entries that is remembered.
    """
    seen = SeenEntries.from_text(state.seen, state.last)
    is_first = not state.answered_ms
    known = _known(document, names, times, now_ms)
    bad = [entry for entry in document.entries if isinstance(entry, BadEntry)]
    kept, floor_ms = _within(known, limit)
    items: list[Item] = []
    posts: list[tuple[int, Item]] = []
    skipped_empty = skipped_old = fresh = 0
    met: set[bytes] = set()
    for each in kept:
        novelty = "same" if each.marks.id in met else seen.novelty(each.marks)
        met.add(each.marks.id)
        if novelty == "new" and each.time is not None and each.time.ms <= state.floor_ms:
            novelty = "same"  # it was among the entries that did not fit into the memory
        if novelty == "same":
            continue
        fresh += novelty == "new"
        is_old = is_first and (each.time is None or each.time.ms < first_fetch_ms)
        if not each.text:
            skipped_empty += 1
        elif is_old:
            skipped_old += 1
        else:
            time = each.time or EntryTime(now_ms, is_day=False)
            fields = post_of(each.entry, each.id, each.text, time, feed_host=names.host, language=document.language)
            posts.append((time.ms, Found(fields, each.entry.raw(), edited=novelty == "edited", place=each.place)))
    bad_marks = [marks_of(entry.raw.decode("utf-8", "replace"), "", "", "") for entry in bad]
    items += [
        Bad(entry.error, entry.raw, names.name)
        for entry, marks in zip(bad, bad_marks, strict=True)
        if seen.novelty(marks) == "new"
    ]
    items += [Skipped("no_text", skipped_empty)] if skipped_empty else []
    items += [Skipped("backdated", skipped_old)] if skipped_old else []
    items += [item for _, item in sorted(posts, key=lambda post: post[0])]
    has_gap = bool(not is_first and seen.last and known and not any(seen.was_in_last(each.marks) for each in known))
    if has_gap:
        items.insert(0, _gap(state, known, names, now_ms))
    dated = [each.time.ms for each in known if each.time is not None]
    after = seen.after([*(each.marks for each in kept), *bad_marks[: max(0, limit - len(kept))]], limit)
    following = replace(
        state,
        answered_ms=now_ms,
        newest_ms=max([state.newest_ms, *(ms for ms in dated if ms <= now_ms)]),
        floor_ms=floor_ms,
        seen=after.to_text(),
        last=after.last,
    )
    return Compared(items, following, len(known), fresh, has_gap)


def _known(document: FeedDocument, names: FeedNames, times: EntryTimes, now_ms: int) -> list[_Known]:
    entries = [
        (number, entry) for number, entry in enumerate(document.entries, start=1) if isinstance(entry, FeedEntry)
    ]
    texts = [text_of(entry) for _, entry in entries]
    links = names.links | ({document.link} if document.link else frozenset())
    ids = ids_of([entry for _, entry in entries], texts, names.name, links)
    return [
        _Known(
            place=f"{names.name} entry {number}",
            entry=entry,
            text=text,
            id=id,
            time=times.first_credible(entry.dates, names.name, now_ms),
            marks=marks_of(id, text, entry.dates[0].text if entry.dates else "", entry.link),
        )
        for (number, entry), text, id in zip(entries, texts, ids, strict=True)
    ]


def _within(known: Sequence[_Known], limit: int) -> tuple[list[_Known], int]:
    """Return the entries that are looked at, and the newest date of those that will not be remembered.

    All entries with a date are looked at, since their dates decide whether they were there before; of those without a
    date only as many as are remembered.
    """
    if len(known) <= limit:
        return list(known), 0
    dated = sorted(
        (each for each in known if each.time is not None), key=lambda each: -each.time.ms if each.time else 0
    )
    undated = [each for each in known if each.time is None][: max(0, limit - len(dated))]
    dropped = dated[limit:]
    return [*dated[:limit], *undated, *dropped], max((each.time.ms for each in dropped if each.time), default=0)


def _gap(state: FeedState, known: Sequence[_Known], names: FeedNames, now_ms: int) -> Gap:
    """Return the gap from the newest entry before to the oldest one now; if dates say nothing, between requests."""
    dated = [each.time.ms for each in known if each.time is not None]
    from_ms = min(state.newest_ms or state.answered_ms, now_ms)
    to_ms = min(dated, default=now_ms)
    if to_ms <= from_ms:
        from_ms, to_ms = min(state.answered_ms, now_ms), now_ms
    minutes = max(0, now_ms - state.answered_ms) / 60_000
    detail = (
        f"none of the {len(known)} entries of {names.name} was there at the request before, {minutes:.0f} minutes "
        "earlier; entries in between may have been dropped from the feed"
    )
    return Gap(names.source, from_ms, to_ms, "no_overlap", detail, names.name)
