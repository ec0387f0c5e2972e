"""The source against a server that behaves as Reddit does; times are those of a clock of the test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from streams.config.sources.reddit import REDDIT_SECRET_VARIABLE
from streams.errors import ConfigError, SourceRefused, SourceUnavailable
from streams.records import Gap
from streams.sources.live.base import Bad, Found
from tests.support.http_faults import Answer, busy, gzip_bomb
from tests.support.reddit_reading import START_MS, RedditReader, deleted_of, give_secret, kinds_of, texts_of
from tests.support.reddit_server import CLIENT_SECRET, TOKEN_PATH

if TYPE_CHECKING:
    from tests.support.reddit_server import RedditServer

NEW = "/r/nordtel/new"
COMMENTS = "/r/nordtel/comments"
MINUTE_MS = 60_000


def publish(server: RedditServer, count: int, begin_ms: int = START_MS, name: str = "post") -> list[str]:
    """Publish posts, one a second."""
    return [server.post(begin_ms + number * 1000, f"{name} {number}") for number in range(count)]


async def test_posts_and_comments_arrive_once_in_order_of_time(server: RedditServer) -> None:
    server.post(START_MS, "Nordtel A")
    server.comment(START_MS + 1000, "Nordtel B & C")
    server.post(START_MS + 2000, "Nordtel D", selftext="und mehr")
    reader = RedditReader(server)
    await reader.poll(times=3)
    assert reader.texts == ["Nordtel A", "Nordtel B &amp; C", "Nordtel D\nund mehr"]
    first = next(item for item in reader.items if isinstance(item, Found))
    assert first.fields["created_at"] == START_MS / 1000
    assert first.fields["url"].startswith("https://www.reddit.com/r/nordtel/comments/")
    assert "source" not in first.fields
    assert reader.source.health.state == "live"
    assert reader.source.health.facts["requests left"].endswith("of 1000")


async def test_all_subreddits_are_one_listing_and_comments_can_be_left_out(server: RedditServer) -> None:
    server.post(START_MS, "A", "nordtel")
    server.post(START_MS, "B", "acme")
    server.comment(START_MS, "C", "acme")
    reader = RedditReader(server, subreddits=["nordtel", "r/acme"], comments=False)
    await reader.poll()
    assert set(reader.texts) == {"A", "B"}
    assert len(server.seen("/r/nordtel+acme/new")) == 1
    assert not server.seen("/r/nordtel+acme/comments")


async def test_more_than_a_page_between_two_polls_is_read_back_in_order(server: RedditServer) -> None:
    publish(server, 10)
    reader = RedditReader(server)
    await reader.poll()
    publish(server, 730, START_MS + 20_000, "later")
    await reader.poll()
    assert reader.texts == [f"post {number}" for number in range(10)] + [f"later {number}" for number in range(730)]
    assert reader.gaps == []


@pytest.mark.parametrize(("new", "is_gap"), [(998, False), (999, False), (1_000, True), (1_400, True)])
async def test_a_listing_that_ends_before_the_last_post_read_is_a_gap_with_exact_bounds(
    server: RedditServer, new: int, is_gap: bool
) -> None:
    publish(server, 200)
    reader = RedditReader(server)
    await reader.poll()
    reader.restart()
    publish(server, new, START_MS + 600_000, "later")
    received = await reader.poll()
    newest_before_ms, oldest_now_ms = START_MS + 199_000, START_MS + 600_000 + (new - 1_000) * 1000
    assert len(texts_of(received)) == min(new, 1_000)
    bounds = [(gap.from_ms, gap.to_ms, gap.cause, gap.part) for gap in reader.gaps]
    assert bounds == ([(newest_before_ms, oldest_now_ms, "no_overlap", "new")] if is_gap else [])
    assert await reader.poll() == []


async def test_a_gap_of_the_comments_is_apart_from_the_posts(server: RedditServer) -> None:
    server.depth = 300
    server.post(START_MS, "A")
    server.comment(START_MS + 5000, "B")
    reader = RedditReader(server)
    await reader.poll()
    for number in range(301):
        server.comment(START_MS + 60_000 + number * 1000, f"comment {number}")
    await reader.poll()
    assert [(gap.part, gap.from_ms, gap.to_ms) for gap in reader.gaps] == [
        ("comments", START_MS + 5000, START_MS + 61_000)
    ]


async def test_hours_offline_are_read_back_by_another_process(server: RedditServer) -> None:
    publish(server, 150)
    reader = RedditReader(server)
    await reader.poll()
    publish(server, 600, START_MS + 3_600_000, "missed")
    reader.restart()
    reader.ms += 8 * 3_600_000
    assert texts_of(await reader.poll()) == [f"missed {number}" for number in range(600)]
    assert reader.gaps == []


@pytest.mark.parametrize("gone", [1, 30, 100])
async def test_deleted_posts_at_the_place_of_the_last_reading_do_not_matter(server: RedditServer, gone: int) -> None:
    names = publish(server, 150)
    reader = RedditReader(server, reread_hours=0)
    await reader.poll()
    server.erase(*names[-gone:])
    publish(server, 130, START_MS + 600_000, "later")
    await reader.poll()
    assert texts_of(reader.items[-130:]) == [f"later {number}" for number in range(130)]
    assert len(reader.texts) == 100 + 130
    assert reader.gaps == []


async def test_a_post_that_is_deleted_while_the_listing_is_read_back_does_not_end_it(server: RedditServer) -> None:
    publish(server, 20)
    publish(server, 450, START_MS + 600_000, "later")
    erased: set[str] = set()

    def delete(request: Any) -> None:
        after = request.query.get("after", "")
        if after in server.things and len(erased) < 2:
            erased.add(after)
            server.erase(after)

    server.on_listing = delete
    reader = RedditReader(server)
    reader.position = {"new": {"newest": "t3_x", "newest_ms": START_MS + 19_000, "seen": ""}}
    received = await reader.poll()
    assert {f"later {number}" for number in range(450)} <= set(texts_of(received))
    assert (len(erased), reader.gaps) == (2, [])


async def test_old_posts_that_are_shown_again_among_new_ones_count_once_and_hide_nothing(server: RedditServer) -> None:
    names = publish(server, 150)
    reader = RedditReader(server)
    await reader.poll()
    publish(server, 350, START_MS + 600_000, "later")
    for number, name in enumerate(names[60:63]):  # at the ends of the first three pages
        server.things[name]["listed_utc"] = START_MS // 1000 + 600 + 349 - 99 * (number + 1) - 0.5
    received = await reader.poll(times=2)
    assert sorted(texts_of(received)) == sorted(f"later {number}" for number in range(350))
    assert reader.gaps == []


async def test_a_post_that_is_approved_late_arrives(server: RedditServer) -> None:
    names = publish(server, 20)
    server.vanished.add(names[7])
    reader = RedditReader(server)
    await reader.poll()
    server.vanished.clear()
    assert texts_of(await reader.poll()) == ["post 7"]


async def test_all_posts_of_a_small_subreddit_deleted_are_no_gap(server: RedditServer) -> None:
    names = publish(server, 5)
    reader = RedditReader(server)
    await reader.poll()
    server.erase(*names)
    server.post(START_MS + MINUTE_MS, "Nordtel danach")
    assert texts_of(await reader.poll()) == ["Nordtel danach"]
    assert reader.gaps == []


async def test_an_empty_subreddit_is_live_and_later_posts_are_not_lost(server: RedditServer) -> None:
    reader = RedditReader(server)
    await reader.poll()
    assert reader.source.health.state == "live"
    publish(server, 250, reader.ms)
    await reader.poll()
    assert len(reader.texts) == 250


# edits and deletions


async def test_removed_texts_are_skipped_or_deletions_of_what_was_read(server: RedditServer) -> None:
    server.remove(server.post(START_MS, "A"), vanishes=False)
    kept, comment = server.post(START_MS + 1000, "B", selftext="Text"), server.comment(START_MS, "C")
    reader = RedditReader(server, reread_hours=0)
    assert kinds_of(await reader.poll()) == {"Found", "Skipped no_text"}
    assert set(reader.texts) == {"B\nText", "C"}
    server.remove(kept, vanishes=False)
    server.remove(comment, by="deleted", vanishes=False)
    assert sorted(deleted_of(await reader.poll(times=3))) == sorted([kept, comment])


async def test_posts_that_left_the_listings_are_looked_at_again(server: RedditServer) -> None:
    names = publish(server, 80)
    comments = [server.comment(START_MS + number, f"comment {number}") for number in range(40)]
    reader = RedditReader(server, reread_hours=24)
    await reader.poll()
    reader.restart()
    server.remove(names[3], comments[2])
    server.remove(names[4], by="deleted")
    server.erase(names[5])
    server.edit(names[6], START_MS + MINUTE_MS, "Nordtel, korrigiert")
    server.vanished.add(names[6])
    received = await reader.poll(times=6)
    assert sorted(deleted_of(received)) == sorted([names[3], names[4], names[5], comments[2]])
    edits = [item for item in received if isinstance(item, Found)]
    assert [(item.fields["id"], item.fields["text"], item.edited) for item in edits] == [
        (names[6], "Nordtel, korrigiert", True)
    ]
    assert max(len(request.query["id"].split(",")) for request in server.seen("/api/info")) == 100
    assert await reader.poll(times=4) == []


async def test_an_edit_in_the_listing_is_another_version_reported_once(server: RedditServer) -> None:
    name = server.comment(START_MS, "Nordtel")
    reader = RedditReader(server, reread_hours=0)
    await reader.poll()
    server.edit(name, START_MS + MINUTE_MS, "Nordtel, korrigiert")
    [edit] = await reader.poll(times=3)
    assert isinstance(edit, Found)
    assert (edit.fields["id"], edit.edited) == (name, True)


async def test_posts_older_than_the_hours_are_not_looked_at_and_0_switches_it_off(server: RedditServer) -> None:
    publish(server, 10)
    for hours, looks in ((0, 0), (1, 1)):
        server.requests.clear()
        reader = RedditReader(server, reread_hours=hours)
        reader.ms = START_MS + 3_500_000
        await reader.poll()
        assert len(server.seen("/api/info")) == looks
        reader.ms += 1_000_000
        await reader.poll(times=3)
        assert len(server.seen("/api/info")) == looks


async def test_an_incomplete_answer_deletes_nothing(server: RedditServer) -> None:
    publish(server, 10)
    reader = RedditReader(server)
    await reader.poll()
    server.script("/api/info", Answer(body=b'{"kind": "Listing", "data": {"children": []}}'))
    assert await reader.poll(times=4) == []


async def test_an_author_who_deletes_the_account_takes_the_posts_along(server: RedditServer) -> None:
    anonymous, named = server.post(START_MS, "A", author="[deleted]"), server.post(START_MS, "B")
    reader = RedditReader(server)
    await reader.poll()
    found = {item.fields["id"]: item.fields for item in reader.items if isinstance(item, Found)}
    assert "author" not in found[anonymous]
    server.things[named]["author"] = "[deleted]"
    assert deleted_of(await reader.poll(times=2)) == [named]


async def test_a_crosspost_is_a_repost_or_has_the_text_of_its_original(server: RedditServer) -> None:
    original = {"selftext": "Nordtel ist weg", "name": "t3_zz"}
    server.post(START_MS, "Seht mal", crosspost_parent="t3_zz", crosspost_parent_list=[original])
    reader = RedditReader(server)
    assert kinds_of(await reader.poll(times=2)) == {"Skipped repost"}
    assert len(reader.items) == 1
    [item] = await RedditReader(server, include_reposts=True).poll()
    assert isinstance(item, Found)
    assert (item.fields["text"], item.fields["repost_of"]) == ("Seht mal\nNordtel ist weg", "t3_zz")


# access


async def test_one_token_serves_until_shortly_before_its_end_and_over_failures(server: RedditServer) -> None:
    server.token_seconds = 3_600
    reader = RedditReader(server)
    await reader.poll(times=3)
    server.script(NEW, Answer(503))
    for _ in range(3):
        with pytest.raises(SourceUnavailable):
            await reader.poll()
    assert server.grants == 1
    server.rescript(NEW)
    reader.ms += 3_301_000
    await reader.poll()
    assert server.grants == 2


async def test_a_token_that_is_revoked_is_replaced(server: RedditServer) -> None:
    reader = RedditReader(server)
    await reader.poll()
    server.tokens.clear()
    server.post(START_MS, "Nordtel danach")
    await reader.poll()
    assert (server.grants, reader.texts) == (2, ["Nordtel danach"])


async def test_withdrawn_access_is_a_refusal_with_its_remedy(server: RedditServer) -> None:
    reader = RedditReader(server)
    await reader.poll()
    server.withdrawn = True
    for _ in range(2):  # with a token that was granted before, and without
        with pytest.raises(SourceRefused, match="ask Reddit for access again") as refused:
            await reader.poll()
        assert refused.value.reason == "no_access"
        server.tokens.clear()
    assert len(server.seen(TOKEN_PATH)) <= 3


async def test_wrong_credentials_are_refused_without_being_shown(
    server: RedditServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_secret(monkeypatch, "wr0ng-secret")
    with pytest.raises(SourceRefused, match="401") as refused:
        await RedditReader(server).poll()
    assert "wr0ng" not in str(refused.value)
    assert len(server.seen(TOKEN_PATH)) == 1


@pytest.mark.parametrize("body", [b'{"error": "invalid_grant"}', b'{"access_token": 5}', b'{"access_token": "a\\nb"}'])
async def test_an_answer_without_a_token_is_refused(server: RedditServer, body: bytes) -> None:
    server.script(TOKEN_PATH, Answer(body=body))
    with pytest.raises(SourceRefused, match="grants no token"):
        await RedditReader(server).poll()


async def test_missing_credentials_are_all_named(server: RedditServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(REDDIT_SECRET_VARIABLE)
    with pytest.raises(ConfigError) as refused:
        RedditReader(server, client_id=None, user_agent=None)
    assert [problem.split(": ")[0] for problem in map(str, refused.value.problems)] == [
        "client_id", "user_agent", "client_secret_file",
    ]  # fmt: skip


@pytest.mark.parametrize("hides_closed", [True, False])
@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("private", "is private"), ("banned", "was banned"), ("quarantined", "is quarantined"),
        ("absent", "does not exist"), ("denied", "can't be read by this app"),
    ],
)  # fmt: skip
async def test_a_subreddit_that_is_closed_is_named_and_the_others_go_on(
    server: RedditServer, reason: str, shown: str, hides_closed: bool
) -> None:
    server.hides_closed = hides_closed
    server.closed["acme"] = reason
    server.post(START_MS, "Nordtel")
    reader = RedditReader(server, subreddits=["nordtel", "acme"])
    await reader.poll()
    assert reader.texts == ["Nordtel"]
    assert reader.source.health.state == "live"
    assert f"r/acme {shown}" in reader.source.health.why
    assert "1 of 2" in (await reader.source.probe())["subreddits"]


async def test_a_subreddit_that_closes_and_opens_again_is_read_from_where_it_closed(server: RedditServer) -> None:
    reader = RedditReader(server, subreddits=["nordtel", "acme"])
    publish(server, 5)
    await reader.poll()
    server.closed["acme"] = "private"
    reader.ms += 3_700_000
    await reader.poll()
    for number in range(40):
        server.post(reader.ms + number * 1000, f"closed {number}", "acme")
    publish(server, 150, reader.ms + 60_000, "open")
    await reader.poll(times=2)
    assert "closed 0" not in reader.texts
    reader.restart()
    server.closed.clear()
    reader.ms += 3_700_000
    received = await reader.poll(times=2)
    assert texts_of(received) == [f"closed {number}" for number in range(40)]
    assert "unreadable" not in (reader.position or {})
    assert reader.gaps == []


async def test_without_any_subreddit_to_read_the_source_is_refused(server: RedditServer) -> None:
    server.closed = {"nordtel": "private", "acme": "banned"}
    with pytest.raises(SourceRefused, match=r"r/nordtel is private; r/acme was banned.*correct `subreddits`"):
        await RedditReader(server, subreddits=["nordtel", "acme"]).poll()


# limits and faults


async def test_a_limit_that_is_used_up_is_waited_for_without_a_refusal(server: RedditServer) -> None:
    server.left, server.reset_seconds = 4.0, 200
    reader = RedditReader(server)
    server.on_listing = lambda _: None
    publish(server, 5)
    server.left = 3.0  # the look at the subreddit, and both listings
    await reader.poll()
    assert len(reader.texts) == 5
    assert not server.seen("/api/info")  # it is left to the reading of what is new
    assert max(reader.slept) >= 200


async def test_a_refusal_for_too_many_requests_asks_for_patience(server: RedditServer) -> None:
    for answer, seconds in (
        (Answer(429, {"x-ratelimit-remaining": "0.0", "x-ratelimit-used": "1000", "x-ratelimit-reset": "77"}), 77),
        (busy(429, 33), 33),
        (Answer(429), 60),
    ):
        reader = RedditReader(server)
        server.rescript(NEW, answer)
        with pytest.raises(SourceUnavailable) as asked:
            await reader.poll()
        assert asked.value.retry_after_seconds == seconds


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 522])
async def test_a_failing_server_is_unavailable_and_what_was_published_meanwhile_arrives_once(
    server: RedditServer, status: int
) -> None:
    publish(server, 3)
    reader = RedditReader(server)
    server.script(COMMENTS, Answer(status), server_answer())
    for _ in range(1):
        with pytest.raises(SourceUnavailable):
            await reader.poll()
    server.rescript(COMMENTS)
    await reader.poll(times=2)
    assert reader.texts == ["post 0", "post 1", "post 2"]


def server_answer() -> Answer:
    """Return an answer that is no listing."""
    return Answer(body=b'{"kind": "wikipage", "data": {}}')


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=b"<html>blocked</html>"), Answer(body=b""), Answer(body=b"[]"), Answer(body=b"[" * 200_000),
        Answer(body=b'{"data": {"children": 7}}'), Answer(body=b'{"kind": "Listing", "data": []}'),
        Answer(body=b"x" * 20_000_000), gzip_bomb(200_000_000), Answer(cut_after=150, body=b" " * 900),
        Answer(headers={"Content-Encoding": "gzip"}, body=b"no gzip"), Answer(raw=b"SSH-2.0\r\n\r\n"),
    ],
    ids=["html", "empty", "array", "deep", "no list", "no data", "20 MB", "bomb", "cut", "no gzip", "no http"],
)  # fmt: skip
async def test_an_answer_that_is_no_listing_is_unavailable_and_nothing_is_lost(
    server: RedditServer, answer: Answer
) -> None:
    publish(server, 3)
    reader = RedditReader(server)
    await reader.poll()
    position = reader.position
    server.script(NEW, answer)
    with pytest.raises(SourceUnavailable):
        await reader.poll()
    assert reader.position == position
    server.rescript(NEW)
    server.post(START_MS + MINUTE_MS, "danach")
    assert texts_of(await reader.poll()) == ["danach"]


@pytest.mark.parametrize("spoilt", [b"[" * 100_000, b"{", b"y" * 20_000_000])
async def test_an_entry_that_spoils_its_page_is_passed_by_and_reported_as_a_gap(
    server: RedditServer, spoilt: bytes
) -> None:
    publish(server, 5)
    reader = RedditReader(server, reread_hours=0)
    await reader.poll()
    spoils = server.post(START_MS + MINUTE_MS, "spoilt")
    server.spoils[spoils] = spoilt
    publish(server, 13, START_MS + 2 * MINUTE_MS, "later")
    received = await reader.poll()
    assert texts_of(received) == [f"later {number}" for number in range(13)]
    [gap] = [item for item in received if isinstance(item, Gap)]
    assert (gap.cause, gap.from_ms, gap.to_ms) == ("oversized", START_MS + 4000, START_MS + 2 * MINUTE_MS)
    publish(server, 4, START_MS + 3 * MINUTE_MS, "after")
    assert texts_of(await reader.poll()) == [f"after {number}" for number in range(4)]


async def test_a_defect_in_the_listing_is_reported_once(server: RedditServer) -> None:
    server.post(START_MS, "A")
    del server.things[server.comment(START_MS, "B")]["body"]
    received = await RedditReader(server).poll(times=3)
    assert [item.error.reason for item in received if isinstance(item, Bad)] == ["missing_field"]
    assert len(received) == 2


async def test_an_entry_without_a_usable_time_is_handed_on_as_a_defect_and_not_as_an_old_post(
    server: RedditServer,
) -> None:
    publish(server, 5)
    reader = RedditReader(server)
    await reader.poll()
    thing = server.things[server.post(START_MS + MINUTE_MS, "Nordtel")]
    thing |= {"listed_utc": thing["created_utc"], "created_utc": "soon"}
    [found] = await reader.poll(times=3)
    assert isinstance(found, Found)
    assert found.fields["created_at"] == "soon"  # which the door rejects


async def test_the_agent_is_sent_and_no_secret_is_in_an_address(server: RedditServer) -> None:
    await RedditReader(server).poll()
    assert {request.headers["user-agent"] for request in server.requests} == {
        "linux:firewatch-tests:1.0 (by /u/acme_it)"
    }
    assert not any(CLIENT_SECRET in f"{request.path}{request.query}" for request in server.requests)
    assert all(request.query["raw_json"] == "1" for request in server.requests if request.method == "GET")


async def test_a_day_of_polls_keeps_no_more_than_its_bounds(server: RedditServer) -> None:
    reader = RedditReader(server, poll_seconds=600, reread_hours=2)
    for poll in range(144):
        for number in range(60):
            server.post(reader.ms - 600_000 + number * 10_000, f"{poll} {number}")
        names = list(server.things)
        for name in names[:-2_000]:
            del server.things[name]
        await reader.poll()
    assert len(reader.texts) == len(set(reader.texts)) == 144 * 60
    position: Any = reader.position
    assert len(position["new"]["seen"].split()) == 1_000
    assert reader.gaps == []
