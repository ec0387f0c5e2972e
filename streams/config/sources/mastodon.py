"""Settings of sources of the kind `mastodon`."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from streams.config.addresses import http_url
from streams.config.base import Misfit, Settings, refuse_misfits
from streams.config.sources.base import KIND, UNENCRYPTED, SourceSettings

StreamName = Literal["public:local", "public", "public:remote"]
"""Posts of the instance's own users, of all users that it knows, or of the users of other instances that it knows."""

MAX_HASHTAG_CHARS: Final = 100

MAX_STREAMS: Final = 500
"""Each is a connection, and an entry of the position."""

_ACCESS_NEEDED: Final = (
    "is required: name a file with an access token, since from version 4.2 on Mastodon streams to users alone "
    "(docs/sources/mastodon.md shows how to get one), or set anonymous: true for a server that streams to anyone"
)


def _instance(entry: Any) -> Any:
    """Refuse a name alone, which lacks the token."""
    if isinstance(entry, str):
        raise ValueError(  # noqa: TRY004  pydantic wants one
            f"must be a mapping such as {{host: {entry[:100]}, token_file: FILE}}"
        )
    return entry


def _address(text: str) -> str:
    """Return the address of an instance, with its scheme and without a path."""
    scheme, separator, rest = text.strip().rpartition("://")
    scheme, rest = scheme.lower() if separator else "https", rest.rstrip("/").lower()
    if any(character in rest for character in "/@?#") or rest.endswith(":"):
        raise ValueError("must be the name of a host such as example.social, without a path, a user or credentials")
    return http_url(f"{scheme}://{rest}")


def _hashtag(text: str) -> str:
    """Return a hashtag as Mastodon compares it: without its sign, in NFKC, in lower case."""
    tag = unicodedata.normalize("NFKC", text.strip().removeprefix("#")).lower()
    if not tag or not all(character.isalnum() or character in "_·・" or _is_mark(character) for character in tag):
        raise ValueError("must be a hashtag of letters, digits and _, such as nordtel")
    if tag.isdecimal():
        raise ValueError("must hold a letter: Mastodon takes digits alone for no hashtag")
    if len(tag) > MAX_HASHTAG_CHARS:
        raise ValueError(f"must have at most {MAX_HASHTAG_CHARS} characters")
    return tag


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


def _contact(text: str) -> str:
    """Return an address that can stand in a header."""
    if not text.isascii() or any(character.isspace() or not character.isprintable() for character in text):
        raise ValueError("must be a web or mail address without white space")
    return text


def _distinct(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))


class MastodonInstance(Settings):
    """An instance, and what of it is read."""

    host: Annotated[str, AfterValidator(_address)] = Field(
        description="Host of the instance, such as example.social; if people and the API are at different hosts, that "
        "of the API. Another port is written as example.social:8443."
    )
    token_file: Path | None = Field(
        default=None,
        description="File with an access token of a user of the instance, with the scope read:statuses. It is read "
        "again with each connection, so that it can be replaced.",
    )
    anonymous: bool = Field(
        default=False,
        description="Whether the instance is read without a token, which Mastodon before 4.2 and some other servers "
        "allow.",
    )
    streams: Annotated[list[StreamName], AfterValidator(_distinct)] = Field(
        default=["public:local"],
        max_length=3,
        description="Streams that are read: public:local (posts of the instance's own users), public (of all users "
        "that the instance knows), public:remote (of those of other instances). Empty for hashtags alone.",
    )
    hashtags: Annotated[list[Annotated[str, AfterValidator(_hashtag)]], AfterValidator(_distinct)] = Field(
        default_factory=list,
        max_length=50,
        description="Hashtags whose posts are read too, each by a connection of its own.",
    )
    hashtags_local: bool = Field(
        default=False, description="Whether hashtags are read in posts of the instance's own users alone."
    )

    @property
    def name(self) -> str:
        """Return the host with its port, without the scheme.

        >>> MastodonInstance(host="https://Example.social/").name
        'example.social'
        """
        return self.host.partition("://")[2]

    @property
    def is_local(self) -> bool:
        """Return whether only posts of the instance's own users are read."""
        return set(self.streams) <= {"public:local"} and (self.hashtags_local or not self.hashtags)


class MastodonSettings(SourceSettings):
    """Posts of Mastodon instances, and of other servers that speak Mastodon's API."""

    kind: Literal["mastodon"] = Field(description=KIND)
    instances: list[Annotated[MastodonInstance, BeforeValidator(_instance)]] = Field(
        min_length=1,
        max_length=100,
        description="Instances that are read. Each is an entry of its own with its host and token; one that fails does "
        "not stop the others.",
    )
    expected_silence_seconds: float = Field(
        default=3_600,
        ge=1,
        le=31_536_000,
        description="Seconds without a post after which the source counts as silent: longer than it ever is in the "
        "quietest hour. The users of a small instance may post nothing for an hour at night.",
    )
    backfill_pages: int = Field(
        default=200,
        ge=0,
        le=10_000,
        description="Pages of 40 posts, at most, that are asked for after an interruption, a stream. What is beyond "
        "them is reported as a gap; 0 asks for nothing. An instance allows 300 requests in 5 minutes.",
    )
    overlap_seconds: float = Field(
        default=120,
        ge=0,
        le=86_400,
        description="Seconds before the newest post from which posts are asked for again after an interruption, up to "
        "200 of them, because some reach an instance late. Posts that were received before do not count again.",
    )
    stall_seconds: float = Field(
        default=45,
        ge=1,
        le=3_600,
        description="Seconds without a sign of life after which the connection is made again; Mastodon sends one every "
        "15 seconds.",
    )
    bots: bool = Field(default=True, description="Whether posts of accounts that say they are automated are taken.")
    bridged: bool = Field(
        default=False,
        description="Whether posts are taken that Bridgy Fed copies from Bluesky and from websites (accounts at "
        "brid.gy); with a source of the kind jetstream they would count twice.",
    )
    allow_private: bool = Field(
        default=False,
        description="Whether instances at addresses inside of a private network, and without TLS, are read.",
    )
    contact: Annotated[str, AfterValidator(_contact)] = Field(
        default="",
        max_length=200,
        description="Web or mail address for the operators of the instances, in the header User-Agent of requests.",
    )

    @property
    def shares_posts(self) -> bool:
        """Return whether the same post can come from several instances, which give it different ids."""
        return len(self.instances) > 1 and not all(instance.is_local for instance in self.instances)

    @model_validator(mode="after")
    def _instances_can_be_read(self) -> Self:
        misfits = []
        hosts: set[str] = set()
        for index, instance in enumerate(self.instances):
            place: tuple[str | int, ...] = ("instances", index)
            if instance.name in hosts:
                misfits.append(Misfit((*place, "host"), "is named twice: list its streams and hashtags in one entry"))
            hosts.add(instance.name)
            if instance.token_file is None and not instance.anonymous:
                misfits.append(Misfit((*place, "token_file"), _ACCESS_NEEDED))
            if instance.token_file is not None and instance.anonymous:
                misfits.append(Misfit((*place, "anonymous"), "must not be true together with token_file"))
            if instance.host.startswith("http://") and not self.allow_private:
                misfits.append(Misfit((*place, "host"), UNENCRYPTED))
            if not instance.streams and not instance.hashtags:
                misfits.append(Misfit((*place, "streams"), "must have an entry if there are no hashtags"))
        if sum(len(instance.streams) + len(instance.hashtags) for instance in self.instances) > MAX_STREAMS:
            misfits.append(Misfit(("instances",), f"must have at most {MAX_STREAMS} streams and hashtags in all"))
        refuse_misfits(type(self).__name__, misfits)
        return self
