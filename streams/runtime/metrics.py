"""Every metric there is: the one catalogue that workers, dashboards, docs and tests read.

Labels are bounded: brands and detectors come from the config, sources are capped, nothing carries a post, an author or
a text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.metrics import MetricWrapperBase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric

disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each, and nothing reads them

REGISTRY: Final = CollectorRegistry(auto_describe=True)

PROCESS: Final = ProcessCollector(registry=REGISTRY)
"""``process_*``: start, memory, processor time and open files of the worker, as Linux tells them."""

RESTARTS_VARIABLE: Final = "FIREWATCH_RESTARTS"
"""Environment variable in which a supervisor tells a worker how often it has started it anew."""


MAX_SOURCES: Final = 64
"""Sources with a time series of their own; more share one."""

MAX_DETECTORS: Final = 40
"""Detectors named by verdicts, likewise: what people write there may name any."""

MAX_OF_A_BRAND: Final = 8
"""Sources, and languages, of one brand with a time series of their own; more share one."""

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_SCORES: Final = (0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4)
_RECORDS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)

# all workers
BUILD: Final = Info("firewatch_build", "Version of firewatch and of the worker's Python", registry=REGISTRY)
CONFIG: Final = Info("firewatch_config", "Version (hash) of the config in use", registry=REGISTRY)
CONFIG_RELOADS: Final = Counter(
    "firewatch_config_reloads",
    "Times the config file was read again: success, invalid (not usable), refused (needs a restart)",
    ["outcome"],
    registry=REGISTRY,
)
CONFIG_RELOAD_SUCCESSFUL: Final = Gauge(
    "firewatch_config_last_reload_successful", "Whether the config file as last read is in use", registry=REGISTRY
)
CONFIG_RELOAD_SUCCESS_TIME: Final = Gauge(
    "firewatch_config_last_reload_success_timestamp_seconds",
    "When the config file was last read and taken over",
    registry=REGISTRY,
)
CONSUMER_LAG: Final = Gauge(
    "firewatch_consumer_lag_records", "Records not yet consumed", ["topic", "partition"], registry=REGISTRY
)
DEAD_LETTERS: Final = Counter(
    "firewatch_dead_letters", "Records diverted to the dead letter queue", ["topic", "reason"], registry=REGISTRY
)
REBALANCES: Final = Counter("firewatch_rebalances", "Partition assignments received", ["worker"], registry=REGISTRY)
RESTARTS: Final = Counter(
    "firewatch_restarts", "Times that `firewatch run` has started the worker anew", ["worker"], registry=REGISTRY
)

# ingest
POSTS_INGESTED: Final = Counter(
    "firewatch_posts_ingested", "Posts acknowledged by the broker", ["source"], registry=REGISTRY
)
POSTS_REJECTED: Final = Counter(
    "firewatch_posts_rejected", "Input that is not a usable post", ["source", "reason"], registry=REGISTRY
)
POSTS_REPEATED: Final = Counter(
    "firewatch_posts_repeated", "Posts dropped because their id was seen recently", ["worker"], registry=REGISTRY
)

# score
POSTS_SCORED: Final = Counter(
    "firewatch_posts_scored", "Posts read from the posts topic and looked at", registry=REGISTRY
)
POSTS_OVER_QUOTA: Final = Counter(
    "firewatch_posts_over_quota",
    "Posts not scored, because their source had sent score.max_posts_per_source_per_minute before",
    ["source"],
    registry=REGISTRY,
)
POSTS_DELETED: Final = Counter(
    "firewatch_posts_deleted", "Deletions read from the posts topic and told to the brands", registry=REGISTRY
)
POSTS_MATCHED: Final = Counter(
    "firewatch_posts_matched",
    "Mentions found: a post that names two brands counts for both",
    ["brand"],
    registry=REGISTRY,
)
BATCH_RECORDS: Final = Histogram(
    "firewatch_batch_records", "Records in one batch", ["worker"], buckets=_RECORDS, registry=REGISTRY
)
SCORE_SECONDS: Final = Histogram(
    "firewatch_score_batch_seconds", "Time to match and score one batch", buckets=_SECONDS, registry=REGISTRY
)
SOURCE_LAST_POST: Final = Gauge(
    "firewatch_source_last_post_timestamp_seconds",
    "Event time of the stream when each source delivered its latest post",
    ["source"],
    registry=REGISTRY,
)
MODEL: Final = Info(
    "firewatch_sentiment_model", "Version of the sentiment model in use", ["quality"], registry=REGISTRY
)
TEXTS: Final = Counter(
    "firewatch_sentiment_texts",
    "Texts judged, anew or from the memory of repeated ones",
    ["quality", "judged"],
    registry=REGISTRY,
)

# score and train
MODEL_NUMBER: Final = Gauge(
    "firewatch_sentiment_version",
    "Number of the published model in use; 0 is the weights of the config",
    ["worker"],
    registry=REGISTRY,
)
MODEL_CREATED: Final = Gauge(
    "firewatch_sentiment_created_timestamp_seconds",
    "When the published model in use was made; absent before there is one",
    ["worker"],
    registry=REGISTRY,
)
MODELS_REFUSED: Final = Counter(
    "firewatch_sentiment_refused",
    "Models that were not taken into use: damaged, of another version, or worse than the one in use",
    ["worker", "reason"],
    registry=REGISTRY,
)

# train
LABELS: Final = Counter(
    "firewatch_labels",
    "Labels read, by source of the post and what became of them",
    ["source", "outcome"],
    registry=REGISTRY,
)
MODELS_PUBLISHED: Final = Counter("firewatch_sentiment_published", "Models published", ["quality"], registry=REGISTRY)
MACRO_F1: Final = Gauge(
    "firewatch_sentiment_macro_f1",
    "Macro-F1 of the learning model on the latest labels, each tested before it was learned",
    ["quality"],
    registry=REGISTRY,
)
NEGATIVE_F1: Final = Gauge(
    "firewatch_sentiment_negative_f1",
    "The same for negative against the rest, mean F1 of the two",
    ["quality"],
    registry=REGISTRY,
)
JUDGED_F1: Final = Gauge(
    "firewatch_sentiment_judged_f1",
    "Macro-F1 on labels that no model has learned, of the latest model judged and of the one in use",
    ["quality", "model"],
    registry=REGISTRY,
)
DRIFTS: Final = Counter(
    "firewatch_sentiment_drifts",
    "Changes of the error that ADWIN has detected",
    ["quality", "direction"],
    registry=REGISTRY,
)

INCIDENT_VERDICTS: Final = Counter(
    "firewatch_incident_verdicts",
    "What people judged incidents to be, for each detector that raised them",
    ["detector", "verdict"],
    registry=REGISTRY,
)

# bridge
BRIDGE_SENT: Final = Counter(
    "firewatch_bridge_sent",
    "Alerts that the receiver has accepted, including repeats of firing ones",
    ["target"],
    registry=REGISTRY,
)
BRIDGE_FAILURES: Final = Counter(
    "firewatch_bridge_failures", "Failed attempts to deliver alerts", ["target", "reason"], registry=REGISTRY
)
BRIDGE_HELD_BACK: Final = Counter(
    "firewatch_bridge_held_back",
    "Steps of incidents that were not delivered because they are suppressed",
    ["target", "reason"],
    registry=REGISTRY,
)
BRIDGE_FIRING: Final = Gauge(
    "firewatch_bridge_firing",
    "Incidents that the receiver has been notified of and that are firing",
    ["target"],
    registry=REGISTRY,
)
BRIDGE_WAITING: Final = Gauge(
    "firewatch_bridge_waiting", "Alerts that wait for the receiver to accept them", ["target"], registry=REGISTRY
)
BRIDGE_LAST_SUCCESS: Final = Gauge(
    "firewatch_bridge_last_success_timestamp_seconds",
    "When the receiver last accepted an alert; absent before the first one",
    ["target"],
    registry=REGISTRY,
)

# detect
MENTIONS_COUNTED: Final = Counter(
    "firewatch_mentions_counted", "Mentions counted, each once", ["brand"], registry=REGISTRY
)
MENTIONS_BY_SOURCE: Final = Counter(
    "firewatch_mentions_by_source", "Mentions counted, by source of the post", ["brand", "source"], registry=REGISTRY
)
MENTIONS_BY_LANGUAGE: Final = Counter(
    "firewatch_mentions_by_language", "Mentions counted, by language", ["brand", "language"], registry=REGISTRY
)
MENTIONS_REPLAYED: Final = Counter(
    "firewatch_mentions_replayed", "Mentions skipped by their high-water mark: already counted", registry=REGISTRY
)
MENTIONS_UNWATCHED: Final = Counter(
    "firewatch_mentions_unwatched",
    "Mentions given up because their brand did not come into the config in time",
    registry=REGISTRY,
)
MENTIONS_LATE: Final = Counter(
    "firewatch_mentions_late", "Mentions whose bucket had closed", ["brand"], registry=REGISTRY
)
SAMPLES_DELETED: Final = Counter(
    "firewatch_samples_deleted", "Posts taken out of what may be shown of a brand", ["brand"], registry=REGISTRY
)
BUCKETS_CLOSED: Final = Counter(
    "firewatch_buckets_closed", "Buckets learned from, or skipped for lack of data", ["outcome"], registry=REGISTRY
)
WATERMARK: Final = Gauge(
    "firewatch_watermark_timestamp_seconds",
    "Event time up to which everything has arrived",
    ["partition"],
    registry=REGISTRY,
)
BUCKET_LATENESS: Final = Histogram(
    "firewatch_bucket_lateness_seconds",
    "How far behind the newest post of its partition the latest mention of an envelope arrived, in event time",
    buckets=(1, 10, 30, 60, 120, 300, 900, 3600, 21600, 86400),
    registry=REGISTRY,
)
BRAND_MENTIONS: Final = Gauge(
    "firewatch_brand_mentions", "Mentions in the last closed bucket", ["brand"], registry=REGISTRY
)
BRAND_NEGATIVE_SHARE: Final = Gauge(
    "firewatch_brand_negative_ratio",
    "Share of negative mentions over the last hour of event time",
    ["brand"],
    registry=REGISTRY,
)
ANOMALY_SCORE: Final = Gauge(
    "firewatch_anomaly_score",
    "Newest score; 1 and more is anomalous",
    ["brand", "detector", "mode"],
    registry=REGISTRY,
)
ANOMALY_THRESHOLD: Final = Gauge(
    "firewatch_anomaly_threshold", "Score from which a bucket is anomalous", ["brand", "detector"], registry=REGISTRY
)
SCORE_DISTRIBUTION: Final = Histogram(
    "firewatch_anomaly_score_distribution",
    "Scores of closed buckets over all brands",
    ["detector"],
    buckets=_SCORES,
    registry=REGISTRY,
)
EXPECTED: Final = Gauge(
    "firewatch_expected",
    "What the detector expected, in its own unit",
    ["brand", "detector", "bound"],
    registry=REGISTRY,
)
DETECTIONS: Final = Counter(
    "firewatch_detections",
    "Scores that reached 1 for the first time in their bucket; those of mode shadow page nobody",
    ["brand", "detector", "mode", "suppressed"],
    registry=REGISTRY,
)
INCIDENTS: Final = Counter(
    "firewatch_incidents", "Steps of incidents", ["kind", "severity", "label", "suppressed"], registry=REGISTRY
)
INCIDENTS_OPEN: Final = Gauge(
    "firewatch_incidents_open", "Open incidents that may page", ["brand", "severity"], registry=REGISTRY
)
POST_TO_ALERT_SECONDS: Final = Histogram(
    "firewatch_post_to_alert_seconds",
    "From the broker taking the newest post of a batch to the alert being acknowledged",
    buckets=_SECONDS,
    registry=REGISTRY,
)
STATE_BYTES: Final = Gauge(
    "firewatch_state_bytes", "Size of all that is known of a brand", ["brand"], registry=REGISTRY
)
STATE_LIMIT: Final = Gauge(
    "firewatch_state_limit_bytes", "Size at which a brand's state no longer fits into a record", registry=REGISTRY
)
BRAND_QUARANTINED: Final = Gauge(
    "firewatch_brand_quarantined",
    "1 for a detector that is out of use for a brand because it kept raising; absent otherwise",
    ["brand", "detector"],
    registry=REGISTRY,
)
SOURCE_UP: Final = Gauge(
    "firewatch_source_up", "Whether a source delivers as it usually does", ["source"], registry=REGISTRY
)


class Capped:
    """Names that may label a series: the first `limit`, and ``other`` for all that come later.

    >>> source = Capped(2)
    >>> [source(name) for name in ("forum", "news", "blog", "forum")]
    ['forum', 'news', 'other', 'forum']

    With `of` each value of another label has names of its own:

    >>> source("blog", of="nordtel")
    'blog'
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._names: dict[str, set[str]] = {}

    def __call__(self, name: str, of: str = "") -> str:
        """The name or ``other``."""
        names = self._names.setdefault(of, set())
        if len(names) < self._limit:
            names.add(name)
        return name if name in names else "other"


def catalogue() -> Iterator[MetricWrapperBase]:
    """Every metric of this module, in order."""
    for value in globals().values():
        if isinstance(value, MetricWrapperBase):
            yield value


def series_names() -> set[str]:
    """Every series name a scrape can return, ``_total``, ``_bucket``, ``_sum``, ``_count`` and ``_info`` included."""
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "info": ("_info",), "gauge": ("",)}
    return {family.name + suffix for family in _families() for suffix in suffixes[family.type]}


def _families() -> Iterator[Metric]:
    for metric in catalogue():
        yield from metric.describe()
    yield from PROCESS.collect()
