"""Envelopes whose brand is not known yet, and deletions that are not due yet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from streams.core.detect import pending
from streams.core.detect.pending import PendingDeletions, PendingEnvelopes
from streams.core.rollup.tally import Tally
from streams.records import AuthorDeletions, Envelope, Mention

if TYPE_CHECKING:
    import pytest


def mention(offset: int, text: str | None = None) -> Mention:
    return Mention(
        offset, 1_000 * offset, 0, 2_000, 1_000, 17, offset, 0, 0, "de", "forum", f"p{offset}", [], None, text
    )


def envelope(brand: str, *offsets: int, text: str | None = None) -> Envelope:
    return Envelope(brand, 0, "t", "m", 0, [mention(offset, text) for offset in offsets])


def test_envelopes_are_released_in_order_when_their_brand_is_known() -> None:
    envelopes = PendingEnvelopes()
    for each in (envelope("b", 1), envelope("a", 2), envelope("b", 3)):
        assert envelopes.add(each) == []
    assert [each.mentions[0].offset for each in envelopes.release({"b"})] == [1, 3]
    assert envelopes.release({"b"}) == []
    assert [each.brand for each in envelopes.release({"a", "b"})] == ["a"]


def test_the_oldest_are_dropped_when_there_are_too_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "MAX_BYTES", 400_000)
    envelopes = PendingEnvelopes()
    dropped = [
        each.mentions[0].offset
        for offset in range(60)
        for each in envelopes.add(envelope("a", offset, text="x" * 10_000))
    ]
    assert dropped == list(range(len(dropped)))
    assert 0 < len(dropped) < 60
    assert sum(len(each or b"") for each in envelopes.changed().values()) <= 400_000


def test_envelopes_expire_by_the_arrival_of_their_latest_mention() -> None:
    envelopes = PendingEnvelopes()
    envelopes.add(envelope("a", 1, 5))
    envelopes.add(envelope("a", 2))
    assert envelopes.expire(2_000) == []
    assert [each.mentions[-1].offset for each in envelopes.expire(5_000)] == [2]


def test_a_deleted_author_s_posts_can_be_shown_no_more_but_for_those_that_came_later_or_are_elsewhere() -> None:
    envelopes = PendingEnvelopes()
    envelopes.add(envelope("a", 1, 2, 5, text="geheim"))
    envelopes.add(replace(envelope("a", 1, text="geheim"), partition=1))
    envelopes.add(replace(envelope("a", 1, text="geheim"), incarnation="other"))
    envelopes.changed()
    envelopes.forget_authors(AuthorDeletions(0, "t", [(3, 3_000, 4), (4, 4_000, 17)]))
    assert list(envelopes.changed()) == [0]
    here, *elsewhere = envelopes.release({"a"})
    assert [(each.id, each.text) for each in here.mentions] == [("", None), ("", None), ("p5", "geheim")]
    assert {each.text for other in elsewhere for each in other.mentions} == {"geheim"}


def test_nothing_by_which_a_post_could_be_shown_stays_pending() -> None:
    envelopes = PendingEnvelopes()
    envelopes.add(envelope("a", 1, 2, text="geheim"))
    assert len(envelopes.changed()) == 1
    envelopes.forget({("forum", "p9")})
    assert envelopes.changed() == {}
    envelopes.forget({("forum", "p1")})
    (saved,) = envelopes.changed().values()
    assert b"p1" not in (saved or b"")
    first, second = envelopes.release({"a"})[0].mentions
    assert (first.id, first.text, second.id, second.text) == ("", None, "p2", "geheim")


def test_each_envelope_is_saved_once_and_deleted_when_it_is_released() -> None:
    envelopes, copy = PendingEnvelopes(), PendingEnvelopes()
    envelopes.add(envelope("a", 1, 2))
    saved = envelopes.changed()
    envelopes.add(envelope("b", 3))
    newer = envelopes.changed()
    assert saved.keys().isdisjoint(newer)
    for number, value in (saved | newer).items():
        copy.load(number, value or b"")
    copy.add(envelope("a", 4))
    assert len(copy.changed()) == 1
    assert [each.mentions[0].offset for each in copy.release({"a"})] == [1, 4]
    assert list(copy.changed().values()) == [None, None]


def test_envelopes_that_an_earlier_version_saved_in_one_entry_are_read() -> None:
    envelopes = PendingEnvelopes()
    envelopes.load_all([envelope("a", offset).to_bytes().decode() for offset in (1, 2)])
    assert [len(value or b"") > 0 for value in envelopes.changed().values()] == [True, True]
    assert [each.mentions[0].offset for each in envelopes.release({"a"})] == [1, 2]


def test_a_deletion_removes_samples_and_keeps_counts_once_it_is_due() -> None:
    tally, deletions = Tally(), PendingDeletions()
    tally.add([mention(1), mention(2)])
    deletions.add(10, ("forum", "p1"))
    deletions.add(10, ("forum", "p1"))
    assert deletions.apply(9, [tally]) == 0
    assert deletions.apply(10, [tally]) == 1
    assert (tally.count, {sample.id for sample in tally.samples.values()}) == (2, {"p2"})
    copy = PendingDeletions()
    copy.load(deletions.dump())
    assert copy.due(10)
    copy.settle(10)
    assert not copy.due(10)
    assert copy.dump() == []
