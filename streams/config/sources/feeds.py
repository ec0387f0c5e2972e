"""Settings of sources of the kind `feeds`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from streams.config.addresses import HttpUrl
from streams.config.base import Misfit, refuse_misfits
from streams.config.sources.base import KIND, SourceSettings

LEAST_POLL_SECONDS: Final = 900.0
"""Time between two requests to a feed of others, at least: operators block readers that come more often."""

MAX_FEEDS: Final = 1_000
"""Feeds of one source; the memory of more would not fit into its cursor."""

Contact = Annotated[str, StringConstraints(pattern=re.compile(r"^[\x21-\x27\x2a-\x7e]{0,200}$"))]


class FeedsSettings(SourceSettings):
    """Entries of RSS, Atom and JSON feeds."""

    kind: Literal["feeds"] = Field(description=KIND)
    expected_silence_seconds: float = Field(
        default=86_400,
        ge=1,
        le=31_536_000,
        description="Seconds without a new entry after which the source counts as silent.",
    )
    urls: list[HttpUrl] = Field(default_factory=list, max_length=MAX_FEEDS, description="Addresses of the feeds.")
    urls_file: Path | None = Field(
        default=None,
        description="File with further addresses of feeds: OPML, as readers of feeds export it, or one address a line.",
    )
    poll_seconds: float = Field(
        default=3_600,
        ge=1,
        le=86_400,
        description="Seconds between two requests to a feed. A feed that drops entries in less time is asked more "
        "often, down to every 900 seconds. Below 900 only feeds of the own network are asked so often, and only with "
        "allow_private.",
    )
    first_fetch_hours: float = Field(
        default=24,
        ge=0,
        le=87_600,
        description="Hours before the first request to a feed from which its entries count; older ones, and those "
        "without a date, are skipped.",
    )
    contact: Contact = Field(
        default="",
        description="Address of a page or mailbox of yours, by which operators of feeds can reach you; it is sent with "
        "each request in the header User-Agent.",
    )
    allow_private: bool = Field(
        default=False,
        description="Whether feeds and redirects may lead to addresses inside of private networks, such as "
        "http://wiki.internal/feed.",
    )
    environment_proxy: bool = Field(
        default=False,
        description="Whether requests go through the proxy that the environment variables HTTPS_PROXY, HTTP_PROXY and "
        "NO_PROXY name.",
    )
    requests_at_once: int = Field(
        default=8, ge=1, le=64, description="Feeds that are fetched at the same time, each of another host."
    )
    max_feed_bytes: int = Field(
        default=5_000_000,
        ge=10_000,
        le=50_000_000,
        description="Largest feed in bytes, after decompression; a larger one is not read.",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        misfits = []
        if not self.urls and self.urls_file is None:
            misfits.append(Misfit(("urls",), "names no feed: list addresses in urls, or name a file in urls_file"))
        if self.poll_seconds < LEAST_POLL_SECONDS and not self.allow_private:
            message = (
                f"must be {LEAST_POLL_SECONDS:g} or more, since operators block readers that come more often; less is "
                "possible for feeds of your own network, with allow_private: true"
            )
            misfits.append(Misfit(("poll_seconds",), message))
        refuse_misfits("FeedsSettings", misfits)
        return self
