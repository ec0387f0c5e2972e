"""A program that pushes posts as real ones do: each request again, with its id, until it is answered by success."""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.support.patience import PATIENCE_SECONDS
from tests.support.pushing import lines, post

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass
class PersistentSender:
    """Pushes batches of posts.

    Attributes
    ----------
    url
        Address of the source without a path.
    name
        Prefix of the ids.
    acknowledged
        Ids of the posts of all requests that were answered by success.
    repeats
        How often a request was sent again.
    statuses
        How often each status was answered; 0 for no answer.
    """

    url: str
    name: str = "p"
    headers: dict[str, str] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    repeats: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(17))

    async def push(self, batches: int, size: int, first: int = 0, pause_seconds: float = 0.0) -> None:
        """Push some batches of fresh posts, one after the other."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
            for number in range(first, first + batches):
                created_at = round(time.time() * 1000)
                ids = [f"{self.name}-{number}-{place}" for place in range(size)]
                await self.deliver(session, f"{self.name}-{number}", [post(id, created_at=created_at) for id in ids])
                self.acknowledged.update(ids)
                await asyncio.sleep(pause_seconds)

    async def deliver(self, session: aiohttp.ClientSession, id: str, posts: Sequence[Any]) -> Any:
        """Send a request until it is answered by success, and return the body of the answer."""
        body = lines(posts)
        headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": id, **self.headers}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            status, content = 0, b""
            try:
                async with session.post(f"{self.url}/v1/posts", data=body, headers=headers) as answer:
                    content = await answer.read()
                    status = answer.status
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass
            self.statuses[status] = self.statuses.get(status, 0) + 1
            if 200 <= status < 300:
                return json.loads(content)
            if status not in {0, 429, 500, 503}:
                raise AssertionError(f"{status}: {content.decode()}")
            if time.monotonic() > deadline:
                raise AssertionError(f"not answered by success in {PATIENCE_SECONDS} s: {self.statuses}")
            self.repeats += 1
            await asyncio.sleep(0.1 + 0.2 * self.chance.random())
