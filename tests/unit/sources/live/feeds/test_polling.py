"""What a feed asks of those who read it, and what becomes of its address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.sources.live.feeds.polling import PolledFeed
from streams.sources.live.feeds.state import FeedState
from tests.support.feeds import HOUR_MS, NOON_MS, FeedSession, item, rss, texts
from tests.support.http_faults import Answer, HttpFaults, busy, http_date, redirect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.http_faults import SeenRequest


@pytest.fixture
async def server() -> AsyncIterator[HttpFaults]:
    async with HttpFaults() as server:
        yield server


NOON, AFTERNOON = http_date(NOON_MS / 1000), http_date(NOON_MS / 1000 + 9_000)


async def wait_after(server: HttpFaults, answer: Answer) -> float:
    """Return the seconds from the answer until the next request."""
    feeds = FeedSession(server.url("/feed"))
    asked = []

    def answered(_: SeenRequest) -> Answer:
        asked.append(feeds.clock.ms)
        return answer

    server.handle("/feed", answered)
    await feeds.polls(server, "/feed")
    return (feeds.state().due_ms - asked[0]) / 1000


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (Answer(body=rss([item(1)])), (3_239, 3_602)),
        (Answer(headers={"Cache-Control": "max-age=14400"}, body=rss([item(1)])), (14_400, 15_842)),
        (Answer(headers={"Cache-Control": "max-age=60"}, body=rss([item(1)])), (3_239, 3_602)),
        (Answer(headers={"Cache-Control": "max-age=31536000"}, body=rss([item(1)])), (86_400, 95_042)),
        (Answer(body=rss([item(1)], head="<ttl>180</ttl>")), (10_800, 11_882)),
        (Answer(404), (900, 1_802)),
        (busy(503), (900, 1_802)),
        (busy(429, 7_200), (7_200, 7_922)),
        (Answer(503, {"Date": NOON, "Retry-After": AFTERNOON}), (9_000, 9_902)),
        (busy(429, 10**8), (86_400, 95_042)),
    ],
    ids=["usual", "max-age", "short max-age", "a year", "ttl", "404", "503", "seconds", "date", "years"],
)
async def test_a_feed_is_asked_again_when_it_asks_to_be(
    server: HttpFaults, answer: Answer, seconds: tuple[float, float]
) -> None:
    assert seconds[0] <= await wait_after(server, answer) <= seconds[1]


async def test_what_the_document_asks_for_holds_while_it_is_unchanged(server: HttpFaults) -> None:
    server.script("/feed", Answer(headers={"ETag": '"v"'}, body=rss([item(1)], head="<ttl>180</ttl>")), Answer(304))
    feeds = FeedSession(server.url("/feed"))
    await feeds.polls(server, "/feed", 2)
    assert feeds.state().due_ms - feeds.state().answered_ms >= 3 * HOUR_MS


async def test_a_request_says_who_asks_and_for_what(server: HttpFaults) -> None:
    server.script("/feed", Answer(body=rss([])))
    feeds = FeedSession(server.url("/feed?x=1"), contact="https://nordtel.example/bot")
    feeds.settings = feeds.settings.model_copy(update={"contact": "https://nordtel.example/bot"})
    await feeds.polls(server, "/feed")
    headers = server.requests[0].headers
    assert "(+https://nordtel.example/bot)" in headers["user-agent"]
    assert "application/atom+xml" in headers["accept"]
    assert server.requests[0].query == {"x": "1"}


async def test_one_request_adds_a_feed(server: HttpFaults) -> None:
    server.script("/feed", Answer(body=rss([item(1)])))
    await FeedSession(server.url("/feed")).polls(server, "/feed")
    assert len(server.requests) == 1


async def test_the_same_document_again_is_nothing_new(server: HttpFaults) -> None:
    server.script("/feed", Answer(headers={"ETag": '"1"'}, body=rss([item(1)])), Answer(body=rss([item(1)])))
    feeds = FeedSession(server.url("/feed"))
    await feeds.polls(server, "/feed", 3)
    assert len(texts(feeds.items)) == 1
    assert "if-none-match" not in server.requests[2].headers


async def test_a_move_that_is_confirmed_by_304_is_one(server: HttpFaults) -> None:
    server.script("/feed", Answer(headers={"ETag": '"v"'}, body=rss([item(1)])), redirect("/new", 308))
    server.script("/new", Answer(304))
    feeds = FeedSession(server.url("/feed"))
    await feeds.polls(server, "/new", 2)
    assert len(server.seen("/feed")) == 2


async def test_a_private_address_is_refused_unless_allowed() -> None:
    async with HttpFaults() as server:
        feeds = FeedSession(server.url("/feed"), allow_private=False)
        await feeds.until(lambda: feeds.state().failures == 1)
        assert not server.requests
    health = feeds.source.health
    assert health.state == "refused"
    assert "inside of a private network: it is reached only with allow_private: true" in health.why


async def test_a_secret_in_an_address_is_shown_nowhere(server: HttpFaults) -> None:
    feeds = FeedSession(server.url("/feed?token=geheim"))
    server.script("/feed", Answer(404))
    await feeds.until(lambda: feeds.state().failures == 1)
    assert "geheim" not in f"{feeds.source.health} {feeds.source._position()}"


def test_an_address_that_fails_time_and_again_is_asked_in_turn_with_the_one_before() -> None:
    feed = PolledFeed("news", "https://old.example/rss")
    moved = FeedState(moved_to="https://new.example/rss")
    hosts = [feed.host_of_address(FeedState(moved_to=moved.moved_to, failures=failures)) for failures in range(6)]
    assert [host.partition(".")[0] for host in hosts] == ["new", "new", "new", "old", "new", "old"]
    assert feed.address(FeedState(failures=3)) == "https://old.example/rss"
