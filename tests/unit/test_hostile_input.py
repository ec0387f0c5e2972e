"""Hostile posts, from raw bytes to every output: no exception, bounded time, and no markup or escape of a post.

The bound: a post costs at most `POST_SECONDS` of processor time from its line of JSON to its mention, whatever is in
it. That is far above what the costliest takes, so that a busy machine is no failure and work that grows faster than the
length of the post is one.
"""

from __future__ import annotations

import io
import json
import random
import re
from functools import partial
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from streams.config import Config, IngestSettings
from streams.core.deliver.alert_state import PostableAlert, identity
from streams.core.deliver.step import DeliveryStep
from streams.core.ingest.parsing import Normaliser
from streams.core.score.position import Position
from streams.core.score.scorer import Scorer
from streams.errors import RecordError
from streams.offline.replay import Replay
from streams.operate.alert_lines import print_alert
from streams.records import Post, alert_from_bytes
from streams.render.chart_page import IncidentSection, Section, page
from streams.render.live_view import LiveView
from streams.sources.base import Line, Source
from streams.sources.weights import load_model
from streams.workers.receivers.slack.message import MessageFormat
from tests.support.block_kit import block_problems
from tests.support.processor_time import thread_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.records import Alert, Deletion

NOW_MS: Final = 1_800_000_000_000
DAY_S: Final = 1_772_409_600  # Monday 2026-03-02 00:00 UTC
POST_SECONDS: Final = 0.1

# What an attacker would like to see in an output as it is: escapes and markup of terminals, Slack, HTML, rich and logs.
CANARIES: Final = (
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x9b31m", "\x9d0;title\x9c", "\u202ereversed", "\u2066isolated\u2069",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><b>bold</b>', "<!channel>", "<!here|here>",
    "<https://evil.example|your bank>", "<@U012345>", "[bold red]markup[/]", "[link=https://evil.example]here[/link]",
    "{brand.__class__}", "{0}", "%s%n", "line\nfirewatch: all well", "\r\nSet-Cookie: a=b", "\x00", "\ufeff" * 50,
    "javascript:alert(1)", "http://[", "https://known.example@evil.example/", "https://e.example/\x1b[2J\u202e",
    "&lt;script&gt;alert(1)&lt;/script&gt;", "&amp;lt;b&amp;gt;", "\ud83d", "\U000e0041\U000e007f", "A\u0301" * 20,
)  # fmt: skip
ESCAPES: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

COSTLY: Final = (
    "\u01c5" * 10_000, "\ufdfa" * 10_000, "\ufb2c" * 10_000, "a" + "\u0301" * 9_999, "\u1100\u1161\u11a8" * 3_333,
    "#aB" * 3_333, "#" * 10_000, "@" * 10_000, "<" * 10_000, "<a " * 3_333, "<!--" * 2_500, "<script>" * 1_250,
    "&" * 10_000, "&amp;" * 2_000, "&amp;" + "amp;" * 2_400, "http://" * 1_428, "nordtel" * 1_428, "nordtel " * 1_250,
    "\U0001f621" * 10_000, "\u200da" * 5_000, "not " * 2_500, "a-" * 5_000, "a_" * 5_000, "!?" * 5_000, ":)" * 5_000,
    "1" * 10_000, "lol" * 3_333, "".join(chr(0x4E00 + number) for number in range(10_000)),
    " ".join(f"#Nordtel{number}" for number in range(800)), "\ufeff" * 10_000, "\n" * 9_000 + "nordtel",
)  # fmt: skip

hostile_texts = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from(CANARIES), min_size=1, max_size=4).map("".join),
    st.text(alphabet=st.characters(categories=["Cc", "Cf", "Mn", "Me", "So", "Co", "Lm"]), max_size=50),
)
odd_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False), hostile_texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)
FIELDS: Final = (
    "id", "created_at", "text", "source", "author", "lang", "url", "brand", "repost_of", "reply_to", "likes",
    "reposts", "replies", "delete",
)  # fmt: skip
odd_posts = st.builds(
    lambda good, odd: json.dumps(good | odd).encode(),
    st.just({"id": "1", "created_at": DAY_S, "text": "Nordtel ist kaputt"}),
    st.dictionaries(st.sampled_from(FIELDS), odd_values, max_size=6),
)
lines = st.one_of(st.binary(max_size=300), odd_posts, odd_posts.map(lambda line: line[: len(line) // 2]))


def _config() -> Config:
    brand = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}, "usual_posts_per_day": 300}
    return Config.model_validate(
        {
            "brands": [brand],
            "topics": {"partitions": 1},
            "alerts": {"include_texts": True},
            "ingest": {"max_bad_share": 1},
        }
    )


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    made = Scorer(_config(), load_model())
    made.assign(0, Position("topic-1"))
    return made


_offsets = iter(range(10**9))


def _parsed(line: bytes) -> tuple[Post | Deletion | None, RecordError | None]:
    try:
        return Normaliser(IngestSettings(), "forum").record(line, NOW_MS), None
    except RecordError as refusal:
        return None, refusal


def _score(scorer: Scorer, line: bytes) -> None:
    """Parse a line and score it; a record that can't be used raises nothing but `RecordError`."""
    record, refusal = _parsed(line)
    if refusal is not None:
        assert refusal.reason.isidentifier()
        assert not ESCAPES.search(str(refusal)), ascii(str(refusal))
    if record is None:
        return
    if isinstance(record, Post):
        for value in (record.id, record.source, record.author, record.url, record.tag):
            assert not value or not ESCAPES.search(value), ascii(value)
    batch = scorer.score(0, [(next(_offsets), NOW_MS, record.to_bytes())])
    for envelope in batch.envelopes:
        envelope.to_bytes()
    assert not batch.rejects


@settings(max_examples=400, deadline=None)
@given(line=lines)
def test_any_bytes_are_a_record_or_a_rejection(scorer: Scorer, line: bytes) -> None:
    _score(scorer, line)


@pytest.mark.parametrize("text", COSTLY, ids=lambda text: ascii(text[:6]))
def test_no_post_costs_more_than_the_bound(scorer: Scorer, text: str) -> None:
    posts = [
        orjson.dumps({"id": f"{random.random()}", "created_at": DAY_S, "text": f"{text} {number}"})
        for number in range(3)
    ]
    assert min(thread_seconds(partial(_score, scorer, post)) for post in posts) < POST_SECONDS


class _Posts(Source):
    """A calm day, then half an hour of hostile posts by many authors."""

    name = "posts"
    source_name = "forum"

    def chunks(self) -> Iterator[list[Line]]:
        chance = random.Random(3)
        posts = [
            {
                "id": f"calm-{number}",
                "created_at": DAY_S + number * 288,
                "text": f"Nordtel im Laden {number}",
                "author": f"a{number}",
            }
            for number in range(300)
        ]
        for number in range(400):
            one, two, three = (chance.choice(CANARIES) for _ in range(3))
            posts.append(
                {
                    "id": f"{one}{number}", "created_at": DAY_S + 86_400 + number * 4.5, "author": f"{two}{number}",
                    "text": f"Nordtel ist der letzte Mist {one} kaputt {two} Betrug #Nordtel{three} {three}wort",
                    "source": three[:20], "url": f"https://forum.example/{one}" if number % 2 else two, "brand": two,
                }
            )  # fmt: skip
        yield [Line(_dumped(post), number, number) for number, post in enumerate(posts, 1)]


def _dumped(post: dict[str, Any]) -> bytes:
    """Return a post as JSON in which half an emoji is an escape, as JavaScript writes it."""
    return json.dumps(post).encode()


@pytest.fixture(scope="module")
def hostile_alerts() -> list[Alert]:
    alerts: list[Alert] = []
    summary = Replay(_config(), load_model(), alerts.append).run(_Posts())
    assert summary.posts > 600
    assert any(alert.samples for alert in alerts)
    return [alert_from_bytes(alert.to_bytes()) for alert in alerts]


class _Elements(HTMLParser):
    """Records elements, attributes and addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes.update(name for name, _ in attrs)


def test_nothing_of_a_post_is_markup_in_slack(hostile_alerts: list[Alert]) -> None:
    form = MessageFormat({"nordtel": "Nordtel"}, "UTC", include_texts=True)
    for message in [build(alert) for alert in hostile_alerts for build in (form.incident, form.step)]:
        assert block_problems(message.blocks) == []
        texts = [
            element for block in message.blocks for element in block.get("elements", [block.get("text")]) if element
        ]
        for text in [message.body()["text"], message.plain_body()["text"], *(each["text"] for each in texts)]:
            assert not ESCAPES.search(text), ascii(text)
        for text in [message.body()["text"], *(each["text"] for each in texts if each["type"] == "mrkdwn")]:
            assert not re.search(r"<[!@#]", text)
            for address in re.findall(r"<([^|>]*)", text):
                assert re.match(r"https?://forum\.example/", address), address


def test_nothing_of_a_post_is_markup_in_html(hostile_alerts: list[Alert]) -> None:
    empty = _Elements()
    empty.feed(page([Section("Nordtel", "nordtel.png", 1, 1, [], [])]))
    full = _Elements()
    incidents = list(enumerate(hostile_alerts, 1))
    zoomed = [IncidentSection(number, f"nordtel-incident-{number}.png", alert) for number, alert in incidents]
    full.feed(page([Section("Nordtel", "nordtel.png", 1, 1, incidents, zoomed)]))
    assert full.elements <= empty.elements | {"table", "tr", "td", "th", "br", "span", "h3"}
    assert full.attributes <= empty.attributes


def test_nothing_of_a_post_is_an_escape_in_a_terminal(hostile_alerts: list[Alert]) -> None:
    out = io.StringIO()
    console = Console(file=out, width=160, force_terminal=False, color_system=None)
    for alert in hostile_alerts:
        print_alert(console, alert, {"nordtel": "Nordtel"}, is_first=True)
    assert not ESCAPES.search(out.getvalue().replace("\n", " ")), ascii(out.getvalue())


def test_nothing_of_a_post_is_an_escape_on_the_live_view(hostile_alerts: list[Alert]) -> None:
    out = io.StringIO()
    console = Console(file=out, width=200, force_terminal=False, color_system=None)
    with LiveView(console, {"nordtel": "Nordtel"}, every_seconds=0) as view:
        for alert in hostile_alerts:
            view.alert(alert)
            console.print(view.screen())
    assert not ESCAPES.search(out.getvalue().replace("\n", " "))


def test_alertmanager_is_sent_text_and_its_own_links(hostile_alerts: list[Alert]) -> None:
    for number, alert in enumerate(hostile_alerts):
        step = DeliveryStep(alert, 0, number, NOW_MS, alert.to_bytes())
        body = orjson.loads(orjson.dumps(PostableAlert(identity(step), step, firing=True).body(NOW_MS, 60_000)))
        assert not ESCAPES.search("".join(body["labels"].values()))
        assert not ESCAPES.search("".join(body["annotations"].values()).replace("\n", " "))
