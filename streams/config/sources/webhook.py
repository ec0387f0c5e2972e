"""Settings of sources of the kind `webhook`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from streams.config.addresses import ListenAddress, host_and_port, is_loopback
from streams.config.base import Misfit, Settings, refuse_misfits
from streams.config.field_maps import LiveMapping
from streams.config.sources.base import KIND, SourceSettings

SUCCESS_STATUS: Final = 202

SenderId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
SuccessStatus = Annotated[int, Field(ge=200, le=299)]


class SenderSettings(Settings):
    """A program that may push posts."""

    id: SenderId = Field(description="Name of the sender in messages; no part of its posts.")
    token_file: Path | None = Field(
        default=None,
        description="File with the bearer token by which the sender is recognised; two on lines of their own while one "
        "replaces the other.",
    )
    signing_key_file: Path | None = Field(
        default=None,
        description="File with the key (whsec_...) by which the sender signs requests as Standard Webhooks describes; "
        "two on lines of their own while one replaces the other.",
    )
    enabled: bool = Field(
        default=True, description="Whether the sender's posts are taken; otherwise it is answered 403."
    )
    map: LiveMapping | None = Field(
        default=None,
        description="Where the fields of posts are in the sender's records: the name of a format, or the path of each "
        "field. By default known formats are recognised.",
    )
    quota_per_minute: int | None = Field(
        default=None,
        ge=1,
        le=100_000_000,
        description="Posts that the sender may push in a minute; more are answered 429 until there is room. No quota "
        "by default.",
    )
    success_status: SuccessStatus | None = Field(
        default=None,
        description="Status of the answer to a request whose posts Kafka has; Meltwater needs exactly 200. By default "
        "the `success_status` of the source.",
    )


class WebhookSourceSettings(SourceSettings):
    """Posts that other programs push over HTTP."""

    kind: Literal["webhook"] = Field(description=KIND)
    expected_silence_seconds: float = Field(
        default=3_600,
        ge=1,
        le=31_536_000,
        description="Seconds without a post after which the source counts as silent: longer than it ever is in the "
        "quietest hour.",
    )
    listen: ListenAddress = Field(
        default="127.0.0.1:8480",
        description="Address to listen on, as host:port. An address that other machines reach needs `senders`.",
    )
    certificate_file: Path | None = Field(
        default=None, description="PEM file with the certificate of the server and those that it follows from, for TLS."
    )
    key_file: Path | None = Field(default=None, description="PEM file with the private key of that certificate.")
    senders: list[SenderSettings] = Field(
        default_factory=list,
        max_length=100,
        description="Programs that may push posts. Without one, every program of this machine may.",
    )
    map: LiveMapping | None = Field(
        default=None,
        description="Where the fields of posts are, for senders that have no `map` of their own. By default known "
        "formats are recognised.",
    )
    success_status: SuccessStatus = Field(
        default=SUCCESS_STATUS, description="Status of the answer to a request whose posts Kafka has."
    )
    max_body_bytes: int = Field(
        default=10_000_000,
        ge=1_000,
        le=1_000_000_000,
        description="Largest body of a request in bytes, as it is sent; larger ones are answered 413.",
    )
    max_decompressed_bytes: int = Field(
        default=32_000_000,
        ge=1_000,
        le=1_000_000_000,
        description="Largest body of a request in bytes after decompression; larger ones are answered 413 once so "
        "much of them is decompressed.",
    )
    max_posts: int = Field(
        default=10_000, ge=1, le=1_000_000, description="Largest number of posts in a request; more are answered 413."
    )
    body_seconds: float = Field(
        default=30,
        ge=0.1,
        le=3_600,
        description="Seconds within which the body of a request must arrive; slower ones are answered 408.",
    )
    answer_seconds: float = Field(
        default=30,
        ge=1,
        le=600,
        description="Seconds within which Kafka must have acknowledged the posts of a request; otherwise the answer is "
        "503, and the sender has to send it again.",
    )
    queue_posts: int = Field(
        default=20_000,
        ge=1,
        le=10_000_000,
        description="Posts that may wait for Kafka; if there are more, the answer is 503 with a Retry-After. One of "
        "several senders may have half of them.",
    )
    queue_bytes: int = Field(
        default=100_000_000,
        ge=1_000,
        le=10_000_000_000,
        description="Bytes of bodies and of posts that may wait in memory; one of several senders may have half of "
        "them, in which the largest request must fit: `max_body_bytes` and `max_decompressed_bytes`.",
    )
    remember_hours: float = Field(
        default=24,
        ge=0,
        le=168,
        description="Hours for which the answer to a request with a `webhook-id` or an `Idempotency-Key` is "
        "remembered and given again to a repeat.",
    )
    max_connections: int = Field(
        default=500,
        ge=1,
        le=100_000,
        description="Connections at once; of more, the one that has been idle for longest is closed.",
    )

    @model_validator(mode="after")
    def _is_protected(self) -> Self:
        refuse_misfits(type(self).__name__, self._misfits())
        return self

    def _misfits(self) -> list[Misfit]:
        found = []
        host, _ = host_and_port(self.listen)
        if not self.senders and not is_loopback(host):
            found.append(
                Misfit(
                    ("listen",),
                    f"other machines reach {host}, so `senders` with a token_file or a signing_key_file are required; "
                    "or listen on 127.0.0.1",
                )
            )
        if (self.certificate_file is None) != (self.key_file is None):
            lacking = "key_file" if self.key_file is None else "certificate_file"
            found.append(
                Misfit((lacking,), "is required beside the other one: TLS needs certificate_file and key_file")
            )
        found += self._too_little_room()
        ids = [sender.id for sender in self.senders]
        for place, sender in enumerate(self.senders):
            if sender.token_file is None and sender.signing_key_file is None:
                found.append(
                    Misfit(("senders", place), "needs a token_file or a signing_key_file, by which it is recognised")
                )
            if sender.id in ids[:place]:
                found.append(
                    Misfit(
                        ("senders", place, "id"),
                        f"must be unique, and senders[{ids.index(sender.id)}].id is {sender.id!r} already",
                    )
                )
        return found

    @property
    def share(self) -> float:
        """Return the part of the queue that one sender may fill."""
        return 0.5 if len(self.senders) > 1 else 1.0

    def _too_little_room(self) -> list[Misfit]:
        needed = round((self.max_body_bytes + self.max_decompressed_bytes) / self.share)
        if self.queue_bytes >= needed:
            return []
        each = "for each of several senders " if self.share < 1 else ""
        return [
            Misfit(
                ("queue_bytes",),
                f"must be at least {needed:,}, so that {each}a request of max_body_bytes and max_decompressed_bytes "
                "fits",
            )
        ]
