"""A feed that publishes as time passes, as a site in the middle of an event does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.support.feeds import item, rss
from tests.support.http_faults import Answer

if TYPE_CHECKING:
    from tests.support.http_faults import SeenRequest


class MovingFeed:
    """Publishes entries at a rate, and shows the newest.

    Parameters
    ----------
    per_second
        Entries a second.
    shown
        Entries in a document.
    """

    def __init__(self, per_second: float, shown: int) -> None:
        self._per_second = per_second
        self._shown = shown
        self._started = time.time()
        self._stopped: float | None = None
        self.delivered: set[str] = set()

    def stop(self) -> None:
        """Publish nothing more."""
        self._stopped = time.time()

    @property
    def newest(self) -> int:
        """Return the number of the newest entry."""
        return int(((self._stopped or time.time()) - self._started) * self._per_second)

    @property
    def published(self) -> set[str]:
        """Return the ids of all entries so far."""
        return {self.id(number) for number in range(self.newest + 1)}

    def published_ms(self, number: int) -> int:
        """Return when an entry was published, in whole seconds as feeds state it."""
        return int(self._started + number / self._per_second) * 1000

    @staticmethod
    def id(number: int) -> str:
        """Return the id of an entry."""
        return item(number).guid

    def answer(self, request: SeenRequest) -> Answer:
        """Return the document, or 304 if it is as it was."""
        newest = self.newest
        tag = f'"{newest}"'
        if request.headers.get("if-none-match") == tag:
            return Answer(304, {"ETag": tag})
        numbers = range(newest, max(newest - self._shown, -1), -1)
        self.delivered |= {self.id(number) for number in numbers}
        entries = [item(number, hours_ago=0, at_ms=self.published_ms(number)) for number in numbers]
        return Answer(headers={"ETag": tag}, body=rss(entries))
