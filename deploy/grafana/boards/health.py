"""The board of the pipeline's health: arrival of posts, speed of the workers, deliveries, config and processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from deploy.grafana import frame
from deploy.grafana.boards import deliveries, inside, sources
from deploy.grafana.panels import (
    ALL_IS_GOOD,
    BEHIND,
    GREEN,
    ORANGE,
    RED,
    WAITING,
    bars,
    lines,
    number,
    query,
    states,
)
from deploy.grafana.queries import aggregate, delay, events, newest, quantile, rate, restarts, select

if TYPE_CHECKING:
    from grafana_foundation_sdk.models.dashboard import Dashboard

    from deploy.grafana.frame import Row

FROM_MEMORY: Final = 'judged="from memory"'


def board() -> Dashboard:
    """Return the board for operators of the service."""
    instance = frame.choice("instance", "Instance", 'firewatch_build_info{job=~"$job"}, instance')
    return frame.board(
        "firewatch-health",
        "Pipeline health",
        "Freshness, throughput, rejects, lag, latency, delay of the watermark, size of the state, restarts.",
        [*frame.datasource_and_job(), instance],
        [
            now(),
            arrival(),
            sources.live(),
            keeping_up(),
            inside.event_time(),
            deliveries.bridges(),
            inside.config(),
            inside.processes(),
        ],
    )


def now() -> Row:
    """Return the panels to look at first."""
    return "Now", [
        number(
            "Workers up",
            "Metrics endpoints that answered the last scrape. An ingest that finished its file is down, as expected.",
            "none",
            aggregate("sum", select("up", "instance")),
        ),
        number(
            "Records waiting",
            "Records in Kafka that no worker has consumed yet, over all topics. It should return to near zero.",
            "short",
            aggregate("sum", select("firewatch_consumer_lag_records", "instance")),
            steps=WAITING,
        ),
        number(
            "Posts scored",
            "Posts a second that were read from the posts topic, matched to brands and scored for sentiment.",
            "cps",
            rate("firewatch_posts_scored_total", "instance"),
        ),
        number(
            "Post to alert, 95 %",
            "95 % of the alerts were acknowledged within this time after the broker received their newest post. "
            "No value means no alert in the interval.",
            "s",
            quantile(0.95, "firewatch_post_to_alert_seconds", "instance"),
            steps=((None, GREEN), (5, ORANGE), (30, RED)),
        ).no_value("no alert"),
        number(
            "Watermark delay",
            "How far the slowest partition's event time lies behind the clock. For live posts that is the allowed "
            "lateness and some seconds; for a replayed archive it is the archive's age, as it should be.",
            "s",
            delay(f"min({newest('firewatch_watermark_timestamp_seconds', 'instance', by='partition')})"),
            steps=BEHIND,
        ),
        number(
            "Restarts in the shown time",
            "Number of times that the supervisor of `firewatch run` has restarted a worker.",
            "none",
            restarts("$__range", "instance"),
            steps=((None, GREEN), (1, ORANGE), (5, RED)),
        ).decimals(0),
    ]


def arrival() -> Row:
    """Return the panels about the arrival of posts."""
    late = events("firewatch_mentions_late_total", "instance")
    return "Does everything arrive?", [
        lines(
            "Throughput",
            "Records a second at each step. Matched counts a post for each brand it mentions; counted follows.",
            "cps",
            query(rate("firewatch_posts_ingested_total", "instance"), "posts ingested"),
            query(rate("firewatch_posts_scored_total", "instance"), "posts scored"),
            query(rate("firewatch_posts_matched_total", "instance"), "mentions matched"),
            query(rate("firewatch_mentions_counted_total", "instance"), "mentions counted"),
        ),
        lines(
            "Ingested by source",
            "Posts a second acknowledged by the broker. A source at zero is an ingestion fault, not a quiet brand.",
            "cps",
            query(rate("firewatch_posts_ingested_total", "instance", by="source"), "{{source}}"),
        ),
        lines(
            "Freshness of sources",
            "Time since each source delivered its latest post, in event time.",
            "s",
            query(delay(newest("firewatch_source_last_post_timestamp_seconds", "instance", by="source")), "{{source}}"),
        ),
        states(
            "Sources",
            "Whether each source delivers as usual. A silent source is never interpreted as a quiet brand.",
            query(aggregate("min", select("firewatch_source_up", "instance"), "source"), "{{source}}"),
            steps=ALL_IS_GOOD,
            names=("silent", "delivers"),
        ),
        bars(
            "Rejected input and dead letters",
            "Invalid input, and records diverted to the dead letter queue, by reason.",
            "short",
            query(events("firewatch_posts_rejected_total", "instance", by="source, reason"), "{{source}}: {{reason}}"),
            query(events("firewatch_dead_letters_total", "instance", by="topic, reason"), "{{topic}}: {{reason}}"),
        ),
        bars(
            "Records lost to retention",
            "Records that were deleted before their worker had processed them. Any is a loss.",
            "short",
            query(events("firewatch_records_lost_total", "instance", by="topic"), "{{topic}}"),
        ),
        lines(
            "Late mentions",
            "Share of the mentions that arrived after their window had closed. Above 1 % a crisis may be missed.",
            "percentunit",
            query(f"{late} / ({late} + {events('firewatch_mentions_counted_total', 'instance')})", "late"),
        ),
        bars(
            "Skipped posts and altered fields",
            "Posts without text, and optional fields of posts that were converted or left out because of their shape.",
            "short",
            query(events("firewatch_posts_skipped_total", "instance", by="source"), "{{source}}: no text"),
            query(
                events("firewatch_post_fields_altered_total", "instance", by="field, outcome"), "{{field}}: {{outcome}}"
            ),
        ),
        bars(
            "Over quota, badly dated and deleted",
            "Posts that were not scored because their source exceeded its quota, that were dated back too far "
            "for the present or in whole minutes, hours or days, deletions, and deleted posts that alerts can't show.",
            "short",
            query(events("firewatch_posts_over_quota_total", "instance", by="source"), "over quota, {{source}}"),
            query(events("firewatch_posts_imported_total", "instance", by="source"), "imported, {{source}}"),
            query(events("firewatch_posts_coarse_total", "instance", by="source"), "coarse time, {{source}}"),
            query(events("firewatch_posts_deleted_total", "instance"), "deletions"),
            query(events("firewatch_samples_deleted_total", "instance"), "samples deleted"),
        ),
        lines(
            "Repeats and edits",
            "Posts whose id was seen recently, mentions that were counted before a restart, and edits of posts that "
            "name a further brand. All are harmless.",
            "cps",
            query(rate("firewatch_posts_repeated_total", "instance", by="worker"), "repeated posts, {{worker}}"),
            query(rate("firewatch_mentions_replayed_total", "instance"), "replayed mentions"),
            query(rate("firewatch_posts_edited_total", "instance"), "edited posts"),
        ),
    ]


def keeping_up() -> Row:
    """Return the panels about the speed of the workers."""
    return "Do the workers keep up?", [
        lines(
            "Lag",
            "Records not yet consumed, by topic. A line that only rises means too few workers or a stuck one.",
            "short",
            query(aggregate("sum", select("firewatch_consumer_lag_records", "instance"), "topic"), "{{topic}}"),
        ),
        lines(
            "Post to alert",
            "Time from the broker's receipt of the newest post to the acknowledgement of the alert. Gaps: no alert.",
            "s",
            query(quantile(0.5, "firewatch_post_to_alert_seconds", "instance"), "median"),
            query(quantile(0.95, "firewatch_post_to_alert_seconds", "instance"), "95 %"),
        ),
        lines(
            "Time to score a batch",
            "Time for matching and sentiment of one batch, without waiting for Kafka.",
            "s",
            query(quantile(0.5, "firewatch_score_batch_seconds", "instance"), "median"),
            query(quantile(0.95, "firewatch_score_batch_seconds", "instance"), "95 %"),
        ),
        lines(
            "Batch sizes",
            "Records in one batch, median and 95 %. Batches at their configured maximum: the worker is catching up.",
            "short",
            query(quantile(0.5, "firewatch_batch_records", "instance", by="worker"), "{{worker}} median"),
            query(quantile(0.95, "firewatch_batch_records", "instance", by="worker"), "{{worker}} 95 %"),
        ),
        lines(
            "Texts from the cache",
            "Share of texts whose sentiment came from the cache, because they had been scored before.",
            "percentunit",
            query(
                f"{events('firewatch_sentiment_texts_total', 'instance', FROM_MEMORY)}"
                f" / {events('firewatch_sentiment_texts_total', 'instance')}",
                "from the cache",
            ),
        ).max(1),
        bars(
            "Rebalances",
            "Partition assignments received. More than a few an hour mean that workers start and stop.",
            "short",
            query(events("firewatch_rebalances_total", "instance", by="worker"), "{{worker}}"),
        ),
    ]
