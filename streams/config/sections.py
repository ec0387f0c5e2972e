"""Define sections of the config: the default, unit and limits of every setting.

The file never holds a secret; secrets come from environment variables, or from files that the config names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Field, model_validator

from streams.config.addresses import Host
from streams.config.base import Language, Misfit, QualityName, Settings, refuse_misfits
from streams.config.link_template import LinkText, none_if_blank
from streams.config.moments import ZoneName

AUTHOR_KEY_VARIABLE: Final = "FIREWATCH_AUTHOR_KEY"


class ScoreSettings(Settings):
    """Batches in which posts are matched and scored."""

    batch_records: int = Field(
        default=2_000,
        ge=1,
        le=50_000,
        description="Largest number of posts in one batch; more is faster and takes more memory.",
    )
    batch_wait_ms: int = Field(
        default=200,
        ge=1,
        le=10_000,
        description="Milliseconds to wait for a batch to fill, which add to the delay of an alert.",
    )
    max_posts_per_source_per_minute: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000_000,
        description="Posts of one source that are scored within a minute of event time, over all partitions; the rest "
        "is listed in dead letters instead. By default (null) there is no limit, as it would cut a firestorm.",
    )


class LearnSettings(Settings):
    """Rules by which labels in social.labels are accepted and new models are published."""

    publish_labels: int = Field(
        default=50, ge=1, le=10_000, description="Number of new labels after which a model is published."
    )
    publish_seconds: float = Field(
        default=60,
        ge=1,
        le=86_400,
        description="Seconds after which a model is published even if there are fewer than `publish_labels` new "
        "labels.",
    )
    max_labels_per_hour: int = Field(
        default=500,
        ge=1,
        le=1_000_000_000,
        description="Labels accepted from one annotator within an hour of the broker's clock; more are refused.",
    )
    recent_labels: int = Field(
        default=10_000,
        ge=100,
        le=1_000_000,
        description="Number of latest labels within which repetitions and contradictions are noticed.",
    )
    judge_every: int = Field(
        default=5,
        ge=2,
        le=100,
        description="One text in this many is never learned; its labels evaluate new models instead.",
    )
    judges: int = Field(
        default=400,
        ge=40,
        le=5_000,
        description="Number of latest holdout labels that evaluate new models; one annotator gives at most a quarter "
        "of them.",
    )
    min_judges: int = Field(
        default=10, ge=1, description="Number of holdout labels that must exist before a model is published."
    )
    max_loss: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="Largest loss of F1 on the holdout labels, against the model in use, with which a new model is "
        "still published.",
    )
    keep_versions: int = Field(
        default=10, ge=2, le=100, description="Number of published versions that are kept and can be pinned."
    )

    @model_validator(mode="after")
    def _enough_judges_fit(self) -> Self:
        if self.min_judges > self.judges:
            raise ValueError("min_judges must not be more than judges")
        return self


class SentimentSettings(Settings):
    """Choice of the sentiment model, and how it learns."""

    quality: QualityName = Field(
        default="fast",
        description="Quality of the model for all brands: fast, or best (a few hundred posts/s, needs "
        "firewatch[best]); `brands[].quality` overrides it.",
    )
    weights: Path | None = Field(
        default=None,
        description="File written by `firewatch sentiment train` that the fast model starts from; null uses the "
        "weights that ship with firewatch.",
    )
    best_weights: Path | None = Field(
        default=None,
        description="File written by `firewatch sentiment train --quality best` that the best model starts from; null "
        "uses the weights that ship with firewatch.",
    )
    pin: int | None = Field(
        default=None,
        ge=0,
        description="Published version of the fast model that workers use; 0 is the weights, null the newest version.",
    )
    best_pin: int | None = Field(
        default=None,
        ge=0,
        description="Published version of the best model that workers use; 0 is the weights, null the newest version. "
        "Each quality counts its own versions.",
    )
    learn: LearnSettings = LearnSettings()

    def weights_of(self, quality: QualityName) -> Path | None:
        """Return the weights that a quality starts from, None for those that ship."""
        return self.best_weights if quality == "best" else self.weights

    def pin_of(self, quality: QualityName) -> int | None:
        """Return the version that a quality is pinned to, None for the newest."""
        return self.best_pin if quality == "best" else self.pin


class WindowSettings(Settings):
    """Buckets of event time: when a post was written, not when it arrived."""

    bucket_seconds: int = Field(
        default=300,
        description="Length of a bucket in seconds of event time, which must divide a day; a change makes every brand "
        "start without history.",
        ge=60,
        le=3600,
    )
    check_seconds: int = Field(
        default=10,
        ge=1,
        le=3600,
        description="Seconds of event time between two scores of an open bucket; must divide `bucket_seconds`.",
    )
    lateness_seconds: int = Field(
        default=120,
        ge=0,
        le=86_400,
        description="Seconds of event time for which a bucket stays open for posts that arrive out of order.",
    )
    max_gap_hours: int = Field(
        default=24 * 14,
        ge=1,
        le=87_600,
        description="Longest gap of the whole stream, in hours, that counts as hours without posts; a longer one is "
        "skipped.",
    )
    end_of_stream_seconds: int = Field(
        default=30,
        ge=10,
        le=31_536_000,
        description="Seconds without any post, by the wall clock, after which the last bucket of an archive is closed.",
    )

    @model_validator(mode="after")
    def _checks_divide_buckets(self) -> Self:
        wrong = []
        if 86_400 % self.bucket_seconds:
            wrong.append(
                f"bucket_seconds must divide a day (60, 120, 300, 600, 900, 1800, 3600, ...), got {self.bucket_seconds}"
            )
        if self.bucket_seconds % self.check_seconds:
            wrong.append(
                f"check_seconds must divide bucket_seconds, got {self.check_seconds} and {self.bucket_seconds}"
            )
        refuse_misfits(type(self).__name__, [Misfit((), each) for each in wrong])
        return self


class IncidentSettings(Settings):
    """Rules by which detections become an incident, and by which it ends."""

    min_mentions: int = Field(
        default=5,
        ge=1,
        le=1_000_000,
        description="Mentions that an incident takes to open, however rare they are; a fall takes none.",
    )
    min_authors: int = Field(
        default=3,
        ge=1,
        le=1_000_000,
        description="Different people that an incident takes to open; each mention by an unknown author counts as one.",
    )
    resolve_after_seconds: int = Field(
        default=3_600,
        ge=60,
        le=31_536_000,
        description="Seconds for which every bucket must be quiet before an incident is resolved.",
    )
    quiet_below: float = Field(
        default=0.7, gt=0, le=1, description="Score below which a bucket counts as quiet; 1 and more is anomalous."
    )
    subsided_share: float = Field(
        default=0.25,
        ge=0,
        le=1,
        description="Share of the largest excess over the expected value below which a bucket counts as quiet at any "
        "score.",
    )
    negative_share: float = Field(
        default=0.45,
        ge=0,
        le=1,
        description="Share of negative mentions in an incident from which unusual attention is a warning instead of a "
        "watch.",
    )
    cool_down_seconds: int = Field(
        default=43_200,
        ge=0,
        le=2_592_000,
        description="Seconds after the end of an incident within which a new detection reopens it; half a day by "
        "default, so that a quiet night does not split a firestorm in two.",
    )
    update_factor: float = Field(
        default=3.0,
        ge=1.1,
        le=1_000_000,
        description="Growth of the mentions since the last alert, as a factor, after which an open incident is "
        "updated.",
    )
    correct_share: float = Field(
        default=0.1,
        gt=0,
        le=1_000_000,
        description="Late mentions since the last alert, as a share of the mentions in it, after which a correction "
        "is sent.",
    )


class DetectSettings(Settings):
    """Settings of the detect worker."""

    quarantine_after: int = Field(
        default=3,
        ge=1,
        le=100,
        description="Number of restarts by the same error of a detector after which it is quarantined and the brand "
        "continues without it.",
    )


class AlertSettings(Settings):
    """Content of an alert."""

    language: Language = Field(
        default="en",
        description="Language of everything that people read in an alert; `brands[].language` overrides it.",
    )
    timezone: ZoneName = Field(
        default="UTC", description="Time zone of the times in alerts that people read, such as Europe/Berlin."
    )
    include_texts: bool = Field(
        default=False, description="Include excerpts of posts in alerts; ids and links are included in any case."
    )
    samples: int = Field(default=5, ge=0, le=20, description="Number of sample posts in an alert.")
    top_terms: int = Field(
        default=10,
        ge=0,
        le=50,
        description="Number of words in an alert that stand out against the usual ones.",
    )
    generator_url: Annotated[LinkText | None, BeforeValidator(none_if_blank)] = Field(
        default=None,
        description="Link in every alert; {brand}, {from_ms} and {to_ms} are filled in, and doubled braces stand for "
        "single ones.",
        examples=["http://127.0.0.1:3000/d/firewatch-brand?var-brand={brand}&from={from_ms}&to={to_ms}"],
    )


class MetricsSettings(Settings):
    """Addresses on which workers serve their metrics and health checks, without authentication."""

    host: Host = Field(
        default="127.0.0.1",
        description="Address on which workers serve /metrics, /healthz and /readyz; 0.0.0.0 is every network of the "
        "machine.",
    )
    ingest_port: int = Field(
        default=9401, ge=0, le=65_535, description="Port of the ingest worker's metrics; 0 picks a free one."
    )
    score_port: int = Field(
        default=9402, ge=0, le=65_535, description="Port of the score worker's metrics; 0 picks a free one."
    )
    detect_port: int = Field(
        default=9403, ge=0, le=65_535, description="Port of the detect worker's metrics; 0 picks a free one."
    )
    train_port: int = Field(
        default=9404, ge=0, le=65_535, description="Port of the train worker's metrics; 0 picks a free one."
    )
    sources_port: int = Field(
        default=9406,
        ge=0,
        le=65_535,
        description="Port of the metrics of the worker that reads `sources`; 0 picks a free one.",
    )
    bridge_port: int = Field(
        default=9405,
        ge=0,
        le=65_535,
        description="Port of the bridge worker's metrics; 0 picks a free one, and several bridges need one each.",
    )


class LivenessSettings(Settings):
    """Condition under which a worker counts as stalled."""

    stall_seconds: float = Field(
        default=120,
        ge=10,
        le=3_600,
        description="Seconds without progress, while records wait, after which a worker counts as stalled and ends "
        "with an error.",
    )
    unresponsive_seconds: float = Field(
        default=60,
        ge=5,
        le=3_600,
        description="Seconds without a sign of life, as of a process that was stopped by SIGSTOP, after which "
        "`firewatch run` kills a worker and restarts it. It logs a warning after a third of them.",
    )
