"""Settings of sources of the kind `jetstream`."""

from __future__ import annotations

from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from streams.config.addresses import is_host
from streams.config.sources.base import KIND, SourceSettings
from streams.config.sources.networks import is_own

V2_PATH: Final = "/xrpc/network.bsky.jetstream.subscribeEvents"
V1_PATH: Final = "/subscribe"


def _host_url(value: str) -> str:
    """Return the address of a server, with the scheme ``wss`` where it has none."""
    url = value if "://" in value else f"wss://{value}"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ValueError("must be an address such as wss://jetstream.example.org") from error
    if parts.scheme in {"http", "https"}:
        raise ValueError(f"must begin with {'wss' if parts.scheme == 'https' else 'ws'}://, as a websocket does")
    host = parts.hostname or ""
    if parts.scheme not in {"ws", "wss"} or not is_host(host):
        raise ValueError("must be an address such as wss://jetstream.example.org")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("must be an address without a user, a query or a fragment; firewatch adds what it asks for")
    if parts.path.rstrip("/") not in {"", V1_PATH, V2_PATH}:
        raise ValueError(f"must be an address without a path, or with {V2_PATH} or {V1_PATH}")
    if parts.scheme == "ws" and not is_own(host):
        raise ValueError("must begin with wss://, since the host is not on this machine or in this network")
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


HostUrl = Annotated[
    str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True), AfterValidator(_host_url)
]
LanguageTag = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}$", to_lower=True)]


class JetstreamSettings(SourceSettings):
    """Posts of Bluesky, by a Jetstream server."""

    kind: Literal["jetstream"] = Field(description=KIND)
    hosts: list[HostUrl] = Field(
        default=["wss://jetstream.us-east.bsky.network", "wss://jetstream.us-west.bsky.network"],
        min_length=1,
        max_length=20,
        description="Jetstream servers, of which one at a time is read; another one takes over where it fails. ws:// "
        "without encryption is for servers in this network.",
    )
    languages: list[LanguageTag] = Field(
        default_factory=list,
        max_length=50,
        description="Languages, such as de, of which one must be among those that the author's program claims; empty "
        "for all. Claims are often wrong, and posts without a claim are kept.",
    )
    skip_bridged: bool = Field(
        default=False,
        description="Whether posts are skipped that a bridge (Bridgy Fed) has brought from the fediverse or the web, "
        "which another source may have too.",
    )
    backfill_seconds: float = Field(
        default=0,
        ge=0,
        le=604_800,
        description="Seconds of the past that are read when the source is started for the first time, as far as the "
        "server keeps them (36 hours as a rule); 0 begins with the present.",
    )
    overlap_seconds: float = Field(
        default=60,
        ge=1,
        le=3_600,
        description="Seconds that are read again when another server takes over, since the clocks and the order of "
        "servers differ; posts that come twice are counted once.",
    )
    stall_seconds: float = Field(
        default=60,
        ge=5,
        le=86_400,
        description="Seconds without any event after which the connection is given up and made again; with the whole "
        "network, events never pause so long.",
    )
