"""The catalogue of all metrics, read by workers, dashboards, docs and tests.

Labels are bounded: brands and detectors come from the config, sources are capped, nothing carries a post, an author or
a text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from prometheus_client import ProcessCollector
from prometheus_client.metrics import MetricWrapperBase

from streams.runtime import instruments, live_metrics
from streams.runtime.instruments import counter, gauge, histogram, info

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.metrics_core import Metric

REGISTRY: Final = instruments.REGISTRY

PROCESS: Final = ProcessCollector(registry=REGISTRY)
"""``process_*``: start, memory, processor time and open files of the worker, as Linux reports them."""

MAX_SOURCES: Final = 64
"""Sources with a time series of their own; more share one."""

MAX_DETECTORS: Final = 40
"""Detectors named by verdicts with a time series of their own; more share one. People may name any detector there."""

MAX_OF_A_BRAND: Final = 8
"""Sources, and languages, of one brand with a time series of their own; more share one."""

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_SCORES: Final = (0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4)
_RECORDS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


# all workers
BUILD: Final = info("firewatch_build", "Version of firewatch and of the worker's Python")
CONFIG: Final = info("firewatch_config", "Version (hash) of the config in use")
CONFIG_RELOADS: Final = counter(
    "firewatch_config_reloads",
    "Reloads of the config file by outcome: success, invalid (not usable), refused (needs a restart)",
    ["outcome"],
)
CONFIG_RELOAD_SUCCESSFUL: Final = gauge(
    "firewatch_config_last_reload_successful", "1 if the config file as last read is in use, 0 if it could not be used"
)
CONFIG_RELOAD_SUCCESS_TIME: Final = gauge(
    "firewatch_config_last_reload_success_timestamp_seconds", "When the config file was last loaded successfully"
)
CONSUMER_LAG: Final = gauge(
    "firewatch_consumer_lag_records",
    "Records of a partition that its worker has not processed yet",
    ["topic", "partition"],
)
DEAD_LETTERS: Final = counter(
    "firewatch_dead_letters", "Records sent to the dead letter queue instead of being processed", ["topic", "reason"]
)
RECORDS_LOST: Final = counter(
    "firewatch_records_lost", "Records that retention deleted before their worker had processed them", ["topic"]
)
REBALANCES: Final = counter(
    "firewatch_rebalances", "Partition assignments that a worker has received from its consumer group", ["worker"]
)
KAFKA_CONNECTED: Final = gauge(
    "firewatch_kafka_connected",
    "1 while Kafka answers the worker, 0 from the start of the process until it first does and during an outage",
)
RESTARTS: Final = counter(
    "firewatch_restarts",
    "Times that `firewatch run` has restarted the worker, by reason: failed (it ended with an error), outage (Kafka "
    "did not answer), unresponsive (it did not run, and was killed)",
    ["worker", "reason"],
)

# ingest
POSTS_INGESTED: Final = counter(
    "firewatch_posts_ingested", "Posts written to Kafka and acknowledged by the broker", ["source"]
)
POSTS_REJECTED: Final = counter(
    "firewatch_posts_rejected", "Records of the input that are not a usable post", ["source", "reason"]
)
POSTS_SKIPPED: Final = counter(
    "firewatch_posts_skipped",
    "Records of the input that are left out and are no defect: without text, repeating or copying another post, or not "
    "asked for by the settings",
    ["source"],
)
FIELDS_ALTERED: Final = counter(
    "firewatch_post_fields_altered",
    "Optional fields of posts in an unusual shape, by outcome: converted, or left_out because they can't be used",
    ["field", "outcome"],
)
POSTS_REPEATED: Final = counter(
    "firewatch_posts_repeated", "Posts dropped because their ID was seen recently", ["worker"]
)

# score
POSTS_EDITED: Final = counter(
    "firewatch_posts_edited", "Posts that were read recently and name a brand now that they did not name before"
)
POSTS_SCORED: Final = counter(
    "firewatch_posts_scored", "Posts read from the posts topic and matched against all brands"
)
POSTS_IMPORTED: Final = counter(
    "firewatch_posts_imported",
    "Posts of a live stream dated back by more than ingest.import_after_seconds: counted as late, not as of now",
    ["source"],
)
POSTS_COARSE: Final = counter(
    "firewatch_posts_coarse",
    "Scored posts whose time is stated no finer than a minute, by the resolution in seconds",
    ["source", "seconds"],
)
POSTS_OVER_QUOTA: Final = counter(
    "firewatch_posts_over_quota",
    "Posts not scored because their source had reached score.max_posts_per_source_per_minute",
    ["source"],
)
POSTS_DELETED: Final = counter(
    "firewatch_posts_deleted", "Deletions of posts and of authors read from the posts topic and forwarded to all brands"
)
POSTS_MATCHED: Final = counter(
    "firewatch_posts_matched", "Mentions found in posts; a post that names two brands counts for both", ["brand"]
)
BATCH_RECORDS: Final = histogram(
    "firewatch_batch_records", "Records that a worker processes in one batch", ["worker"], _RECORDS
)
SCORE_SECONDS: Final = histogram(
    "firewatch_score_batch_seconds", "Time to match and score one batch of posts", [], _SECONDS
)
SOURCE_LAST_POST: Final = gauge(
    "firewatch_source_last_post_timestamp_seconds",
    "Event time that the posts of all sources had reached when this source delivered its latest post",
    ["source"],
)
MODEL: Final = info("firewatch_sentiment_model", "Version of the sentiment model in use", ["quality"])
TEXTS: Final = counter(
    "firewatch_sentiment_texts",
    "Texts given a sentiment, computed or from the memory of repeated texts",
    ["quality", "judged"],
)

# score and train
MODEL_NUMBER: Final = gauge(
    "firewatch_sentiment_version", "Number of the published model in use; 0 is the weights of the config", ["worker"]
)
MODEL_CREATED: Final = gauge(
    "firewatch_sentiment_created_timestamp_seconds",
    "When the published model in use was created; absent while the weights of the config are in use",
    ["worker"],
)
MODELS_REFUSED: Final = counter(
    "firewatch_sentiment_refused",
    "Models rejected because they are damaged, of another version, or worse than the model in use",
    ["worker", "reason"],
)

# train
LABELS: Final = counter("firewatch_labels", "Labels read, by source of the post and outcome", ["source", "outcome"])
MODELS_PUBLISHED: Final = counter(
    "firewatch_sentiment_published", "Sentiment models published by the trainer", ["quality"]
)
MACRO_F1: Final = gauge(
    "firewatch_sentiment_macro_f1",
    "Macro-F1 of the learning model on the latest labels, each tested before it was learned",
    ["quality"],
)
NEGATIVE_F1: Final = gauge(
    "firewatch_sentiment_negative_f1",
    "Mean F1 of negative and not negative on the latest labels, each tested before it was learned",
    ["quality"],
)
JUDGED_F1: Final = gauge(
    "firewatch_sentiment_judged_f1",
    "Macro-F1 on the holdout labels, of the latest candidate model and of the model in use",
    ["quality", "model"],
)
DRIFTS: Final = counter(
    "firewatch_sentiment_drifts",
    "Changes of the error rate of the learning model, detected by ADWIN",
    ["quality", "direction"],
)

INCIDENT_VERDICTS: Final = counter(
    "firewatch_incident_verdicts",
    "Verdicts of people on incidents, counted for each detector that raised the incident",
    ["detector", "verdict"],
)

# bridge
BRIDGE_SENT: Final = counter(
    "firewatch_bridge_sent", "Alerts that the receiver has accepted, including repeats of firing ones", ["target"]
)
BRIDGE_FAILURES: Final = counter("firewatch_bridge_failures", "Failed attempts to deliver alerts", ["target", "reason"])
BRIDGE_HELD_BACK: Final = counter(
    "firewatch_bridge_held_back",
    "Steps of incidents that were not delivered because they are suppressed",
    ["target", "reason"],
)
BRIDGE_FIRING: Final = gauge(
    "firewatch_bridge_firing", "Incidents that the receiver has been notified of and that are firing", ["target"]
)
BRIDGE_WAITING: Final = gauge(
    "firewatch_bridge_waiting", "Alerts that wait for the receiver to accept them", ["target"]
)
BRIDGE_DENIED: Final = gauge(
    "firewatch_bridge_denied",
    "1 while the receiver denies access until a setting or a permission is repaired, otherwise 0",
    ["target"],
)
BRIDGE_LAST_SUCCESS: Final = gauge(
    "firewatch_bridge_last_success_timestamp_seconds",
    "When the receiver last accepted an alert; absent before the first one",
    ["target"],
)

# detect
MENTIONS_COUNTED: Final = counter(
    "firewatch_mentions_counted", "Mentions counted into buckets, each exactly once", ["brand"]
)
MENTIONS_BY_SOURCE: Final = counter(
    "firewatch_mentions_by_source", "Mentions counted into buckets, by source of the post", ["brand", "source"]
)
MENTIONS_BY_LANGUAGE: Final = counter(
    "firewatch_mentions_by_language", "Mentions counted into buckets, by language of the post", ["brand", "language"]
)
MENTIONS_REPLAYED: Final = counter(
    "firewatch_mentions_replayed", "Mentions skipped because the high-water mark shows that they are already counted"
)
MENTIONS_UNWATCHED: Final = counter(
    "firewatch_mentions_unwatched", "Mentions dropped because their brand was not added to the config in time"
)
MENTIONS_LATE: Final = counter(
    "firewatch_mentions_late", "Mentions that arrived after their bucket had closed", ["brand"]
)
SAMPLES_DELETED: Final = counter(
    "firewatch_samples_deleted", "Sample posts of a brand removed because the post was deleted", ["brand"]
)
BUCKETS_CLOSED: Final = counter(
    "firewatch_buckets_closed", "Buckets closed by outcome: learned from, or skipped for lack of data", ["outcome"]
)
WATERMARK: Final = gauge(
    "firewatch_watermark_timestamp_seconds",
    "Event time up to which all mentions of a partition have arrived",
    ["partition"],
)
BUCKET_LATENESS: Final = histogram(
    "firewatch_bucket_lateness_seconds",
    "Event time by which the latest mention of an envelope lies behind the newest post of its partition",
    [],
    (1, 10, 30, 60, 120, 300, 900, 3600, 21600, 86400),
)
BRAND_MENTIONS: Final = gauge("firewatch_brand_mentions", "Mentions of a brand in its last closed bucket", ["brand"])
BRAND_NEGATIVE_SHARE: Final = gauge(
    "firewatch_brand_negative_ratio",
    "Share of negative mentions of a brand over the last hour of event time",
    ["brand"],
)
ANOMALY_SCORE: Final = gauge(
    "firewatch_anomaly_score", "Latest anomaly score; 1 or more is anomalous", ["brand", "detector", "mode"]
)
ANOMALY_THRESHOLD: Final = gauge(
    "firewatch_anomaly_threshold", "Anomaly score at which a bucket is anomalous", ["brand", "detector"]
)
SCORE_DISTRIBUTION: Final = histogram(
    "firewatch_anomaly_score_distribution", "Anomaly scores of closed buckets of all brands", ["detector"], _SCORES
)
EXPECTED: Final = gauge(
    "firewatch_expected", "Value that a detector expected, in its own unit", ["brand", "detector", "bound"]
)
DETECTIONS: Final = counter(
    "firewatch_detections",
    "Buckets whose anomaly score reached 1; mode shadow does not page",
    ["brand", "detector", "mode", "suppressed"],
)
INCIDENTS: Final = counter(
    "firewatch_incidents",
    "Steps of incidents: opened, escalated, resolved and so on",
    ["kind", "severity", "label", "suppressed"],
)
INCIDENTS_OPEN: Final = gauge("firewatch_incidents_open", "Open incidents that may page", ["brand", "severity"])
POST_TO_ALERT_SECONDS: Final = histogram(
    "firewatch_post_to_alert_seconds",
    "Time from the broker appending the newest post of a batch to the alert being acknowledged",
    [],
    _SECONDS,
)
STATE_BYTES: Final = gauge(
    "firewatch_state_bytes", "Size of the state of a brand, without the chunks of its pending mentions", ["brand"]
)
STATE_LIMIT: Final = gauge(
    "firewatch_state_limit_bytes", "Size at which the state of a brand no longer fits into one record"
)
BRAND_QUARANTINED: Final = gauge(
    "firewatch_brand_quarantined",
    "1 for a detector that is quarantined for a brand because it kept raising exceptions; absent otherwise",
    ["brand", "detector"],
)
DETECTOR_STATE_DROPPED: Final = counter(
    "firewatch_detector_state_dropped",
    "Learned states that a detector could not restore, so that it started from nothing: outdated_snapshot (written "
    "by an earlier firewatch, or under settings, that learned differently), other_kind (the kind of the detector has "
    "changed)",
    ["detector", "reason"],
)
SOURCE_UP: Final = gauge(
    "firewatch_source_up", "1 if a source delivers posts as usual, 0 if it has gone silent", ["source"]
)


class Capped:
    """Names that may label a series: the first `limit`, and ``other`` for all that come later.

    A name is never released: its series stay in the process, and a counter must not disappear between two scrapes, so
    another name in its place would add to the series that the limit bounds. A restart begins again without names.

    >>> source = Capped(2)
    >>> [source(name) for name in ("forum", "news", "blog", "forum")]
    ['forum', 'news', 'other', 'forum']

    With `of`, each value of another label has names of its own:

    >>> source("blog", of="nordtel")
    'blog'
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._names: dict[str, set[str]] = {}

    def __call__(self, name: str, of: str = "") -> str:
        """Return the name or ``other``."""
        names = self._names.setdefault(of, set())
        if len(names) < self._limit:
            names.add(name)
        return name if name in names else "other"


def catalogue() -> Iterator[MetricWrapperBase]:
    """Yield every metric, in the order of the modules that define them."""
    for value in (*globals().values(), *vars(live_metrics).values()):
        if isinstance(value, MetricWrapperBase):
            yield value


def series_names() -> set[str]:
    """Return all series names of a scrape, with ``_total``, ``_bucket``, ``_sum``, ``_count`` and ``_info``."""
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "info": ("_info",), "gauge": ("",)}
    return {family.name + suffix for family in _families() for suffix in suffixes[family.type]}


def _families() -> Iterator[Metric]:
    for metric in catalogue():
        yield from metric.describe()
    yield from PROCESS.collect()
