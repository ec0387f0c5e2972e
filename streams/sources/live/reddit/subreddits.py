"""Which of the configured subreddits can be read: a private or banned one must not take the others with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from detectors.units import HOUR_MS
from streams.errors import SourceRefused
from streams.sources.live.reddit.api import no_access

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.sources.live.reddit.api import RedditApi

CHECK_MS: Final = HOUR_MS
"""Time between two looks at all subreddits."""

_REASONS: Final = {
    "private": "is private",
    "quarantine": "is quarantined",
    "banned": "was banned",
    "gold_only": "is for subscribers of Reddit Premium",
    "employees_only": "is for employees of Reddit",
}
_DENIED: Final = "can't be read by this app"
_ABSENT: Final = "does not exist, or was banned"


class SubredditAccess:
    """The subreddits of one source, and why some can't be read.

    Parameters
    ----------
    source
        Id of the source.
    names
        Names of the subreddits.

    Attributes
    ----------
    closed
        Subreddits that can't be read, with the reason.
    checked_ms
        When they were last looked at; 0 for never.
    """

    def __init__(self, source: str, names: Sequence[str]) -> None:
        self._source = source
        self._names = list(names)
        self.closed: dict[str, str] = {}
        self.checked_ms = 0

    @property
    def open(self) -> list[str]:
        """Return the subreddits that can be read."""
        return [name for name in self._names if name not in self.closed]

    @property
    def shown(self) -> str:
        """Return a sentence for each subreddit that can't be read; empty if there is none."""
        return "; ".join(f"r/{name} {why}" for name, why in self.closed.items())

    def is_due(self, now_ms: int) -> bool:
        """Return whether it is time to look again."""
        return not self.checked_ms or now_ms - self.checked_ms >= CHECK_MS

    async def check(self, api: RedditApi, now_ms: int) -> None:
        """Look at each subreddit.

        Raises
        ------
        SourceRefused
            If none can be read, or the app has no access at all.
        SourceUnavailable
            If Reddit can't be reached or asks for patience.
        """
        closed = {}
        for name in self._names:
            try:
                about = await api.get(f"/r/{name}/about")
            except SourceRefused as error:
                if error.reason not in {"http_403", "http_404"}:
                    raise
                closed[name] = _reason(error)
            else:
                if about.get("kind") != "t5":
                    closed[name] = _ABSENT
        self.closed, self.checked_ms = closed, now_ms
        if not self.open:
            self.checked_ms = 0
            if set(closed.values()) == {_DENIED}:
                raise no_access(self._source, "it denies access to every subreddit")
            detail = f"no subreddit can be read: {self.shown}; correct `subreddits`, or have the app let in"
            raise SourceRefused(self._source, "no_subreddit", detail)


def _reason(error: SourceRefused) -> str:
    """Return why Reddit refuses a subreddit, which it says in the field `reason` of its answer."""
    words = error.detail.lower()
    known = next((why for word, why in _REASONS.items() if f'"{word}' in words), None)
    return known or (_ABSENT if error.reason == "http_404" else _DENIED)
