"""Copies of posts count once among the terms."""

from __future__ import annotations

from streams.core.incidents.copies import Distinct, without_copies
from streams.core.rollup.tally import DRAWN, SAMPLES, Tally
from streams.records import REPOST, Mention

SPAM = ("gewinne", "gutscheine", "Link", "profil", "gewinne gutscheine")


def mention(number: int, *terms: str, text: int | None = None, negative: int = 5_000, flags: int = 0) -> Mention:
    signature = number if text is None else text
    return Mention(
        number, 0, 0, negative, 0, number + 1, signature, flags, 0, "de", "forum", f"p{number}", list(terms)
    )  # fmt: skip


def tally_of(*mentions: Mention) -> Tally:
    tally = Tally()
    tally.add(mentions)
    return tally


def distinct(tally: Tally) -> Distinct:
    terms: dict[str, int] = {}
    for spelling, count in tally.terms.items():
        terms[spelling.lower()] = terms.get(spelling.lower(), 0) + count
    return without_copies(tally, terms)


def said(count: int, first: int = 0) -> list[Mention]:
    return [mention(first + number, "rückruf", "nudeln", f"wort{chr(97 + number)}") for number in range(count)]


def test_a_wave_of_copies_counts_as_one_text_and_one_mention() -> None:
    wave = [mention(100 + number, *SPAM, text=777, negative=0) for number in range(15)]
    counted = distinct(tally_of(*said(20), *wave))
    assert counted.mentions == 21
    assert {term: counted.terms[term] for term in ("rückruf", "gutscheine", "link", "gewinne gutscheine")} == {
        "rückruf": 20, "gutscheine": 1, "link": 1, "gewinne gutscheine": 1,
    }  # fmt: skip


def test_where_most_mentions_are_copies_they_are_what_it_is_about() -> None:
    wave = [mention(100 + number, *SPAM, text=777) for number in range(25)]
    counted = distinct(tally_of(*said(20), *wave))
    assert (counted.mentions, counted.terms["gutscheine"]) == (45, 25)


def test_short_texts_and_reposts_are_no_copies() -> None:
    short = [mention(100 + number, "boykott", text=777) for number in range(9)]
    reposts = [mention(200 + number, *SPAM, text=888, flags=REPOST) for number in range(9)]
    counted = distinct(tally_of(*said(20), *short, *reposts))
    assert (counted.mentions, counted.terms["boykott"], counted.terms["gutscheine"]) == (38, 9, 9)


def test_copies_are_known_among_many_posts_and_after_the_state_was_restored() -> None:
    """Spam is rarely among the most negative posts, so that the most frequent texts are kept as well."""
    posts = [mention(number, "rückruf", "nudeln", negative=9_000) for number in range(1_000, 1_000 + 5 * SAMPLES)]
    wave = [mention(9_000 + number, *SPAM, text=9**9, negative=0) for number in range(20)]
    tally = tally_of(*said(DRAWN), *posts, *wave)
    counted = distinct(tally)
    assert counted.terms["gutscheine"] == 1
    restored = Tally.load(tally.dump())
    assert distinct(restored) == counted
    for number in range(5):
        more = tally_of(*said(DRAWN, 10_000 * (number + 1)), *posts[:40], mention(50_000 + number, *SPAM, text=9**9))
        tally.merge(more)
        restored.merge(more)
    assert distinct(tally).terms["gutscheine"] == 1
    assert distinct(restored) == distinct(tally)
