"""An outside client reads the local server, which is thereby held to Reddit's protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.reddit_reading import START_MS
from tests.support.reddit_server import AGENT, CLIENT_ID, CLIENT_SECRET

if TYPE_CHECKING:
    from tests.support.reddit_server import RedditServer


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of asyncprawcore
async def test_asyncpraw_reads_what_was_published(server: RedditServer) -> None:
    asyncpraw = pytest.importorskip("asyncpraw", reason="asyncpraw is not installed: pip install asyncpraw")
    names = [server.post(START_MS + number * 1000, f"post {number}") for number in range(220)]
    for number in range(130):
        server.comment(START_MS + number * 1000, f"comment {number} & more")
    client = asyncpraw.Reddit(
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        user_agent=AGENT,
        oauth_url=server.url(""),
        reddit_url=server.url(""),
        check_for_updates=False,
    )
    async with client as reddit:
        subreddit = await reddit.subreddit("nordtel")
        assert [post.title async for post in subreddit.new(limit=None)] == [f"post {n}" for n in reversed(range(220))]
        comments = [comment.body async for comment in subreddit.comments(limit=None)]
        assert comments == [f"comment {n} & more" for n in reversed(range(130))]
        found = [thing.name async for thing in reddit.info(fullnames=[names[3], "t3_zzzzz"])]
        assert found == [names[3]]
        assert reddit.auth.limits["remaining"] is not None
