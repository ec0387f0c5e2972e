"""Pipeline health, continued: what goes on inside the workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from deploy.grafana.panels import ALL_IS_GOOD, bars, facts, lines, query, states
from deploy.grafana.queries import aggregate, delay, events, newest, quantile, rate, restarts, select, starts, used

if TYPE_CHECKING:
    from deploy.grafana.frame import Row

WORKERS: Final = "worker, instance"


def event_time() -> Row:
    """Whether event time gets on, and what is kept."""
    return "Event time and state", [
        lines(
            "Watermark delay by partition",
            "Clock minus the event time up to which everything has arrived. One that rises holds its brands back.",
            "s",
            query(
                delay(newest("firewatch_watermark_timestamp_seconds", "instance", by="partition")),
                "partition {{partition}}",
            ),
        ),
        lines(
            "Bucket lateness",
            "How far behind the newest post of its partition a mention arrived, in event time. What lies above "
            "windows.lateness_seconds counts as late and no longer changes its bucket.",
            "s",
            query(quantile(0.5, "firewatch_bucket_lateness_seconds", "instance"), "median"),
            query(quantile(0.99, "firewatch_bucket_lateness_seconds", "instance"), "99 %"),
        ),
        bars(
            "Late mentions",
            "Mentions whose bucket had closed, of the ten brands with the most.",
            "short",
            query(f"topk(10, {events('firewatch_mentions_late_total', 'instance', by='brand')})", "{{brand}}"),
        ),
        lines(
            "Buckets closed",
            "Buckets a second that detectors learned from, or that were skipped, by outcome.",
            "cps",
            query(rate("firewatch_buckets_closed_total", "instance", by="outcome"), "{{outcome}}"),
        ),
        lines(
            "State of a brand",
            "Bytes of all that is known of a brand but its pending mentions, the ten largest, and the size at which it "
            "no longer fits into one record of Kafka. Bounded: a line that only rises is a defect.",
            "bytes",
            query(f"topk(10, {newest('firewatch_state_bytes', 'instance', by='brand')})", "{{brand}}"),
            query(newest("firewatch_state_limit_bytes", "instance"), "limit"),
        ),
        lines(
            "State of all brands",
            "Bytes of the state of all brands of each worker: it reads them when it is assigned the partitions.",
            "bytes",
            query(aggregate("sum", select("firewatch_state_bytes", "instance"), "instance"), "{{instance}}"),
        ),
        lines(
            "Mentions dropped",
            "Mentions a second of brands that did not come into the config in time; they are not counted.",
            "cps",
            query(rate("firewatch_mentions_unwatched_total", "instance"), "dropped"),
        ),
        bars(
            "Quarantined detectors",
            "Detectors that a brand continues without, because they kept raising; the log of the detect worker has the "
            "errors.",
            "short",
            query(newest("firewatch_brand_quarantined", "instance", by="brand, detector"), "{{brand}}: {{detector}}"),
        ),
        bars(
            "Learned states dropped",
            "Detectors that started without what they had learned, after an upgrade that learns differently or a "
            "change of their kind.",
            "short",
            query(
                events("firewatch_detector_state_dropped_total", "instance", by="detector, reason"),
                "{{detector}}: {{reason}}",
            ),
        ),
    ]


def config() -> Row:
    """Return the panels about the config in use."""
    in_use = select("firewatch_config_last_reload_successful", "instance")
    applied = select("firewatch_config_last_reload_success_timestamp_seconds", "instance")
    return "Config", [
        states(
            "State of the config",
            "Whether each worker that reloads the config uses the file as it is, or keeps the config before.",
            query(
                aggregate("min", f"{in_use} and {applied} > 0", WORKERS),
                "{{worker}} {{instance}}",
            ),
            steps=ALL_IS_GOOD,
            names=("refused", "in use"),
        ),
        bars(
            "Reloads",
            "Reloads of the config file by outcome: success, invalid (it can't be used) or refused (it needs a "
            "restart).",
            "short",
            query(
                events("firewatch_config_reloads_total", "instance", by="worker, outcome"), "{{worker}}: {{outcome}}"
            ),
        ),
        lines(
            "Age of the config",
            "Time since each worker last applied the config file.",
            "s",
            query(
                delay(f"({aggregate('max', applied, WORKERS)} > 0)"),
                "{{worker}} {{instance}}",
            ),
        ),
    ]


def processes() -> Row:
    """Return the panels about the processes."""
    return "Workers", [
        bars(
            "Restarts",
            "Restarts by the supervisor with their reasons, and new processes, whatever started them. An outage of "
            "Kafka ends workers until it is over.",
            "short",
            query(
                restarts("$__rate_interval", "instance", by="worker, reason"),
                "{{worker}}, by the supervisor: {{reason}}",
            ),
            query(
                starts("worker", "instance"),
                "{{worker}}, new process",
            ),
        ),
        lines(
            "Memory",
            "Resident memory of each worker.",
            "bytes",
            query(newest("process_resident_memory_bytes", "instance", by=WORKERS), "{{worker}} {{instance}}"),
        ),
        lines(
            "Processor",
            "Share of one core that each worker uses; near 1 it is at its limit.",
            "percentunit",
            query(used("process_cpu_seconds_total", "instance", by=WORKERS), "{{worker}} {{instance}}"),
        ),
        states(
            "Connection to Kafka",
            "Whether Kafka answers each worker. During an outage workers end and start again, except for the bridge.",
            query(
                aggregate("min", select("firewatch_kafka_connected", "instance"), WORKERS), "{{worker}} {{instance}}"
            ),
            steps=ALL_IS_GOOD,
            names=("no answer", "connected"),
            width=24,
        ),
        facts(
            "Versions",
            "Version of firewatch, of the config and of the sentiment model in each worker; they should agree.",
            [select(f"firewatch_{what}_info", "instance") for what in ("build", "config", "sentiment_model")],
        ),
    ]
