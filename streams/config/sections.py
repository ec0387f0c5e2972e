"""Sections of the config with every setting's default, unit and limits.

Secrets never stand in the file: they come from environment variables, or from files that the config names.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, SecretStr, StringConstraints, model_validator

from streams.config.base import Language, QualityName, Settings
from streams.errors import ConfigError

PASSWORD_VARIABLE: Final = "FIREWATCH_KAFKA_PASSWORD"  # noqa: S105  a name, not a secret
AUTHOR_KEY_VARIABLE: Final = "FIREWATCH_AUTHOR_KEY"


class KafkaSettings(Settings):
    """How to reach Kafka."""

    bootstrap_servers: str = "127.0.0.1:9092"
    client_id: str = "firewatch"
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_SSL", "SASL_PLAINTEXT"] = "PLAINTEXT"
    allow_sasl_plaintext: bool = Field(
        default=False, description="Let SASL_PLAINTEXT log in over a connection that anybody on the way can read"
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: str | None = None
    password_file: Path | None = Field(
        default=None, description=f"File with the SASL password; or set {PASSWORD_VARIABLE}"
    )
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    request_timeout_seconds: float = Field(default=20, gt=0, le=300)

    @model_validator(mode="after")
    def _credentials_fit_the_protocol(self) -> Self:
        if self.sasl and not self.sasl_username:
            raise ValueError(f"security_protocol {self.security_protocol} needs sasl_username")
        if self.security_protocol == "SASL_PLAINTEXT" and not self.allow_sasl_plaintext:
            raise ValueError(
                "security_protocol SASL_PLAINTEXT logs in without encryption: set SASL_SSL, or "
                "allow_sasl_plaintext: true where nobody else is on the network"
            )
        if self.security_protocol == "SASL_PLAINTEXT" and (self.ca_file or self.certificate_file):
            raise ValueError("certificates are set, but security_protocol SASL_PLAINTEXT uses none: set SASL_SSL")
        if bool(self.certificate_file) != bool(self.key_file):
            raise ValueError("certificate_file and key_file belong together: set both or none")
        if self.security_protocol == "PLAINTEXT" and (self.sasl_username or self.ca_file or self.certificate_file):
            raise ValueError(
                "credentials are set, but security_protocol PLAINTEXT would send everything in the clear: "
                "set SSL or SASL_SSL"
            )
        return self

    @property
    def sasl(self) -> bool:
        """Whether clients log in by name and password."""
        return self.security_protocol.startswith("SASL")

    @property
    def tls(self) -> bool:
        """Whether connections are encrypted and the broker proves who it is."""
        return self.security_protocol.endswith("SSL")

    @property
    def user(self) -> str:
        """Who this client is to Kafka, for messages."""
        return f"user {self.sasl_username!r}" if self.sasl else f"client {self.client_id!r}"

    def password(self) -> SecretStr | None:
        """The SASL password from the environment or from its file."""
        return secret(PASSWORD_VARIABLE, self.password_file, "kafka.password_file")


class TopicSettings(Settings):
    """Names and sizes of the topics."""

    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{0,100}$")] = ""
    partitions: int = Field(default=4, ge=1, le=1000, description="Of posts, mentions and alerts; fixed once created")
    replication_factor: int = Field(default=1, ge=1, le=10)
    posts_retention_hours: int = Field(default=72, ge=1)
    dlq_retention_hours: int = Field(default=168, ge=1)
    mentions_retention_hours: int = Field(default=72, ge=1)
    windows_retention_hours: int = Field(default=720, ge=1)
    alerts_retention_hours: int = Field(default=720, ge=1)
    labels_retention_hours: int = Field(default=8_760, ge=1)


class IngestSettings(Settings):
    """What a source may send."""

    max_record_bytes: int = Field(
        default=65_536, ge=1_000, le=900_000, description="Longer lines are refused before they are parsed"
    )
    max_text_chars: int = Field(default=10_000, ge=100, le=100_000, description="Longer texts are cut")
    max_bad_share: float = Field(
        default=0.05, ge=0, le=1, description="Stop when more than this share of the records is bad"
    )
    bad_share_after: int = Field(
        default=200, ge=1, description="Records to see before max_bad_share applies (it always applies at the end)"
    )
    oldest_year: int = Field(
        default=2004, ge=1970, le=2100, description="Posts dated before it are refused: such dates are defects"
    )
    max_future_seconds: float = Field(
        default=86_400,
        ge=0,
        description="Posts dated further ahead are refused; nearer ones are taken for a fast clock and set to now",
    )
    recent_ids: int = Field(
        default=50_000, ge=0, description="Records per partition within which a repeated post is dropped"
    )


class ScoreSettings(Settings):
    """The batch path from posts to mentions."""

    batch_records: int = Field(default=2_000, ge=1, le=50_000)
    batch_wait_ms: int = Field(default=200, ge=1, le=10_000)
    max_posts_per_source_per_minute: int | None = Field(
        default=60_000,
        ge=1,
        description="Of event time, over all partitions; posts of a source beyond it are not scored but named by dead "
        "letters. null is no limit",
    )


class LearnSettings(Settings):
    """What is believed of the labels in social.labels, and when a new model is published."""

    publish_labels: int = Field(default=50, ge=1, le=10_000, description="Labels after which a model is published")
    publish_seconds: float = Field(default=60, ge=1, le=86_400, description="Or time after which, with fewer labels")
    max_labels_per_hour: int = Field(default=500, ge=1, description="Of one annotator; more are refused")
    recent_labels: int = Field(
        default=10_000, ge=100, le=1_000_000, description="Labels within which a repeat or contradiction is noticed"
    )
    judge_every: int = Field(
        default=5, ge=2, le=100, description="One text in so many is not learned but judges new models"
    )
    judges: int = Field(default=400, ge=40, le=5_000, description="Latest labels by which new models are judged")
    min_judges: int = Field(default=10, ge=1, description="Nothing is published before there are so many of them")
    max_loss: float = Field(
        default=0.01, ge=0, le=1, description="A model whose F1 on them is lower by more is not published"
    )
    keep_versions: int = Field(default=10, ge=2, le=100, description="Published models that can be gone back to")

    @model_validator(mode="after")
    def _enough_judges_fit(self) -> Self:
        if self.min_judges > self.judges:
            raise ValueError("min_judges must not be more than judges")
        return self


class SentimentSettings(Settings):
    """Which sentiment model scores, and how it learns."""

    quality: QualityName = Field(
        default="fast",
        description="fast or best (a few hundred posts/s, needs firewatch[best]); brands[].quality overrides it",
    )
    weights: Path | None = Field(
        default=None, description="File of `firewatch sentiment train` to start from; null is the weights that ship"
    )
    best_weights: Path | None = Field(
        default=None, description="The same for quality best: a file of `firewatch sentiment train --quality best`"
    )
    pin: int | None = Field(
        default=None, ge=0, description="Published version to keep to; 0 is the weights, null the newest version"
    )
    best_pin: int | None = Field(
        default=None, ge=0, description="The same for quality best, which has its own versions"
    )
    learn: LearnSettings = LearnSettings()

    def weights_of(self, quality: QualityName) -> Path | None:
        """Weights that a quality starts from, None for those that ship."""
        return self.best_weights if quality == "best" else self.weights

    def pin_of(self, quality: QualityName) -> int | None:
        """Version that a quality is kept to, None for the newest."""
        return self.best_pin if quality == "best" else self.pin


class WindowSettings(Settings):
    """Event time."""

    bucket_seconds: int = Field(
        default=300, description="Length of a bucket: what detectors learn from", ge=60, le=3600
    )
    check_seconds: int = Field(
        default=10, ge=1, le=3600, description="How often, in event time, an open bucket is scored"
    )
    lateness_seconds: int = Field(
        default=120, ge=0, le=86_400, description="How long a bucket stays open for posts out of order"
    )
    max_gap_hours: int = Field(
        default=24 * 14, ge=1, description="A silence of the whole stream is taken for zero posts no longer than this"
    )
    end_of_stream_seconds: int = Field(
        default=30,
        ge=10,
        description="Wall-clock time without any post after which the last bucket of an archive is closed",
    )

    @model_validator(mode="after")
    def _checks_divide_buckets(self) -> Self:
        if 86_400 % self.bucket_seconds:
            raise ValueError("bucket_seconds must divide a day (60, 120, 300, 600, 900, 1800, 3600, ...)")
        if self.bucket_seconds % self.check_seconds:
            raise ValueError("check_seconds must divide bucket_seconds")
        return self


class IncidentSettings(Settings):
    """From detections to incidents."""

    resolve_after_seconds: int = Field(default=3_600, ge=60, description="Quiet time after which an incident is over")
    quiet_below: float = Field(default=0.7, gt=0, le=1, description="Score below which a bucket counts as quiet")
    subsided_share: float = Field(
        default=0.25,
        ge=0,
        le=1,
        description="A bucket whose excess over the expected is below this share of the largest is quiet at any score",
    )
    negative_share: float = Field(
        default=0.45,
        ge=0,
        le=1,
        description="Negative share of the incident from which unusual attention is a warning",
    )
    cool_down_seconds: int = Field(
        default=43_200,
        ge=0,
        le=2_592_000,
        description="Time after the end of an incident within which what begins again is the same incident",
    )
    update_factor: float = Field(
        default=3.0,
        ge=1.1,
        description="An incident is told of again when it has so many times the mentions that it had the last time",
    )
    correct_share: float = Field(
        default=0.1,
        gt=0,
        description="And when posts that came late are this share of the mentions it had the last time",
    )


class DetectSettings(Settings):
    """The worker from mentions to alerts."""

    quarantine_after: int = Field(
        default=3,
        ge=1,
        le=100,
        description="Restarts by the same error of a detector before the brand goes on without it",
    )


class AlertSettings(Settings):
    """What an alert carries."""

    language: Language = Field(default="en", description="Of the sentence that says what happened")
    include_texts: bool = Field(default=False, description="Put excerpts of posts into alerts")
    samples: int = Field(default=5, ge=0, le=20)
    top_terms: int = Field(default=10, ge=0, le=50)
    generator_url: str | None = Field(
        default=None,
        description="Link put into alerts; {brand}, {from_ms} and {to_ms} are filled in",
        examples=["http://127.0.0.1:3000/d/firewatch-brand?var-brand={brand}&from={from_ms}&to={to_ms}"],
    )


class MetricsSettings(Settings):
    """Where `/metrics` listens; 0 picks a free port."""

    host: str = "127.0.0.1"
    ingest_port: int = Field(default=9401, ge=0, le=65_535)
    score_port: int = Field(default=9402, ge=0, le=65_535)
    detect_port: int = Field(default=9403, ge=0, le=65_535)
    train_port: int = Field(default=9404, ge=0, le=65_535)
    bridge_port: int = Field(default=9405, ge=0, le=65_535)


class LivenessSettings(Settings):
    """When a worker counts as stuck."""

    stall_seconds: float = Field(
        default=120,
        ge=10,
        le=3_600,
        description="A worker that gets on with nothing for so long while records wait ends with an error",
    )


def secret(variable: str, file: Path | None, setting: str) -> SecretStr | None:
    """What an environment variable holds, or else a file that a setting names.

    Raises
    ------
    ConfigError
        If the file can't be read.
    """
    if variable in os.environ:
        return SecretStr(os.environ[variable])
    if file is None:
        return None
    try:
        return SecretStr(file.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{setting}: {file} can't be read ({type(error).__name__})"]) from error
