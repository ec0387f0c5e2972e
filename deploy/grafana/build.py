"""The first Grafana dashboard: what it shows and why.

``python -m deploy.grafana.build`` writes ``firewatch.json``; a test fails while the file is not as written.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from deploy.grafana.panels import (
    BLUE,
    DATASOURCE,
    GREEN,
    ORANGE,
    RED,
    Json,
    bars,
    events,
    lines,
    number,
    panel,
    placed,
    quantile,
    query,
    rate,
    states,
    styled,
)

OUTPUT: Final = Path(__file__).parent / "firewatch.json"

BRAND: Final = '{brand=~"$brand"}'
BRAND_DETECTOR: Final = '{brand=~"$brand", detector=~"$detector"}'

HEAT: Final = ((None, GREEN), (0.7, ORANGE), (1, RED))
ANY_IS_BAD: Final = ((None, GREEN), (1, RED))
ALL_IS_GOOD: Final = ((None, RED), (1, GREEN))

THRESHOLD_LINE: Final = [styled("threshold", RED, lineStyle={"fill": "dash", "dash": [8, 4]})]
BAND: Final = [
    styled("lower", BLUE, lineWidth=0, hideFrom={"legend": True, "tooltip": False, "viz": False}),
    styled("upper", BLUE, lineWidth=0, fillBelowTo="lower", fillOpacity=15),
    styled("expected", BLUE, lineStyle={"fill": "dash", "dash": [6, 6]}),
]


def expected(detector: str) -> list[Json]:
    """Queries for the band that `detector` takes for normal."""
    series = f'firewatch_expected{{brand=~"$brand", detector="{detector}"'
    return [query(f'max({series}, bound="{bound}"}})', bound) for bound in ("lower", "upper", "expected")]


def now() -> list[Json]:
    """What to look at first."""
    heat = " / ".join(
        f"max by (brand, detector) ({gauge}{BRAND_DETECTOR})"
        for gauge in ("firewatch_anomaly_score", "firewatch_anomaly_threshold")
    )
    return [
        number(
            "Open incidents",
            "Incidents that are open and may page, by severity: watch, warning, critical. Suppressed ones don't count.",
            "none",
            f"sum by (severity) (firewatch_incidents_open{BRAND})",
            "{{severity}}",
            thresholds=ANY_IS_BAD,
            noValue="0",
        ),
        number(
            "Records waiting",
            "Records in Kafka that no worker has consumed yet, over all topics. It should return to near zero.",
            "short",
            "sum(firewatch_consumer_lag_records)",
            thresholds=((None, GREEN), (10_000, ORANGE), (100_000, RED)),
        ),
        number(
            "Posts scored",
            "Posts a second that were read from the posts topic, matched to brands and scored for sentiment.",
            "cps",
            rate("firewatch_posts_scored_total"),
        ),
        number(
            "Post to alert, 95 %",
            "95 % of the alerts were acknowledged within this time of the broker taking the newest post they rest on. "
            "No value means no alert in the interval.",
            "s",
            quantile(0.95, "firewatch_post_to_alert_seconds"),
            thresholds=((None, GREEN), (5, ORANGE), (30, RED)),
            noValue="no alert",
        ),
        number(
            "Watermark delay",
            "How far the slowest partition's event time lies behind the clock. For live posts that is the allowed "
            "lateness and some seconds; for a replayed archive it is the archive's age, which is right.",
            "s",
            "time() - min(firewatch_watermark_timestamp_seconds)",
            thresholds=((None, GREEN), (900, ORANGE), (3600, RED)),
        ),
        number(
            "Workers up",
            "Metrics endpoints that answered the last scrape. An ingest that finished its file is down, and rightly.",
            "none",
            'sum(up{job=~"firewatch.*"})',
        ),
        panel(
            "bargauge",
            "Brands heating up",
            "The ten brands whose highest score is nearest to its threshold: at 1 a bucket is anomalous. Brands that "
            "are suppressed, say for their cold start, show here too.",
            "none",
            [query(f"sort_desc(topk(10, max by (brand) ({heat})))", "{{brand}}", instant=True)],
            size=(12, 8),
            thresholds=HEAT,
            options={
                "displayMode": "basic",
                "orientation": "horizontal",
                "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
                "showUnfilled": True,
            },
            min=0,
            max=2,
            decimals=2,
        ),
        states(
            "Open incidents by brand",
            "When which brand had an incident open that may page, by severity. Empty is good.",
            query(f"max by (brand, severity) (firewatch_incidents_open{BRAND}) > 0", "{{brand}} {{severity}}"),
            size=(12, 8),
            thresholds=ANY_IS_BAD,
        ),
    ]


def brands() -> list[Json]:
    """How the chosen brands compare."""
    return [
        lines(
            "Volume",
            "Mentions of each brand in its last closed bucket.",
            "short",
            query(f"max by (brand) (firewatch_brand_mentions{BRAND})", "{{brand}}"),
        ),
        lines(
            "Negative share",
            "Share of negative mentions over the last hour of event time, by the probabilities of the sentiment model.",
            "percentunit",
            query(f"max by (brand) (firewatch_brand_negative_ratio{BRAND})", "{{brand}}"),
            max=1,
        ),
        lines(
            "Scores and threshold",
            "Newest score of each brand and detector on their common scale; from the dashed line on it is anomalous.",
            "none",
            query(f"max by (brand, detector) (firewatch_anomaly_score{BRAND_DETECTOR})", "{{brand}} {{detector}}"),
            query(f"max(firewatch_anomaly_threshold{BRAND_DETECTOR})", "threshold"),
            overrides=THRESHOLD_LINE,
        ),
        bars(
            "Steps of incidents",
            "Incidents opened, updated and resolved, and what they were taken for. Suppressed ones page nobody.",
            "short",
            query(
                events("firewatch_incidents_total", "kind, severity, label, suppressed"),
                "{{kind}} {{severity}} {{label}} {{suppressed}}",
            ),
            size=(12, 8),
        ),
        bars(
            "Detections",
            "Buckets whose score reached 1, by detector and, where there is one, reason of suppression.",
            "short",
            query(
                events(f"firewatch_detections_total{BRAND_DETECTOR}", "detector, suppressed"),
                "{{detector}} {{suppressed}}",
            ),
            size=(12, 8),
        ),
    ]


def arrival() -> list[Json]:
    """Whether everything that should arrive does."""
    return [
        lines(
            "Throughput",
            "Records a second at each step. Matched counts a post for each brand it names; counted follows matched.",
            "cps",
            query(rate("firewatch_posts_ingested_total"), "posts ingested"),
            query(rate("firewatch_posts_scored_total"), "posts scored"),
            query(rate("firewatch_posts_matched_total"), "mentions matched"),
            query(rate("firewatch_mentions_counted_total"), "mentions counted"),
        ),
        lines(
            "Ingested by source",
            "Posts a second acknowledged by the broker. A source at zero is an ingestion fault, not a calm brand.",
            "cps",
            query(rate("firewatch_posts_ingested_total", "source"), "{{source}}"),
        ),
        states(
            "Sources",
            "Whether each source delivers as it usually does. A silent source is never taken for a calm brand.",
            query("min by (source) (firewatch_source_up)", "{{source}}"),
            thresholds=ALL_IS_GOOD,
            mappings=[{"type": "value", "options": {"0": {"text": "silent"}, "1": {"text": "delivers"}}}],
        ),
        bars(
            "Rejected input and dead letters",
            "Input that is no usable post, and records diverted to the dead letter queue, by reason.",
            "short",
            query(events("firewatch_posts_rejected_total", "source, reason"), "{{source}}: {{reason}}"),
            query(events("firewatch_dead_letters_total", "topic, reason"), "{{topic}}: {{reason}}"),
        ),
        lines(
            "Repeats dropped",
            "Posts whose id was seen recently, and mentions that were counted before a restart. Both are harmless.",
            "cps",
            query(rate("firewatch_posts_repeated_total", "worker"), "repeated posts, {{worker}}"),
            query(rate("firewatch_mentions_replayed_total"), "replayed mentions"),
        ),
        lines(
            "Late mentions",
            "Mentions a second whose bucket had closed, by brand.",
            "cps",
            query(rate(f"firewatch_mentions_late_total{BRAND}", "brand"), "{{brand}}"),
        ),
    ]


def keeping_up() -> list[Json]:
    """Whether the workers keep up, and what they hold."""
    return [
        lines(
            "Lag",
            "Records not yet consumed, by topic. A line that only rises means too few workers or a stuck one.",
            "short",
            query("sum by (topic) (firewatch_consumer_lag_records)", "{{topic}}"),
        ),
        lines(
            "Post to alert",
            "From the broker taking the newest post to the alert being acknowledged. Gaps: no alert.",
            "s",
            query(quantile(0.5, "firewatch_post_to_alert_seconds"), "median"),
            query(quantile(0.95, "firewatch_post_to_alert_seconds"), "95 %"),
        ),
        lines(
            "Watermark delay by partition",
            "Clock minus the event time up to which everything has arrived. One that rises holds its brands back.",
            "s",
            query("time() - max by (partition) (firewatch_watermark_timestamp_seconds)", "partition {{partition}}"),
        ),
        lines(
            "Batch sizes",
            "Records in one batch, median and 95 %. Batches at their configured maximum: the worker is catching up.",
            "short",
            query(quantile(0.5, "firewatch_batch_records", "worker"), "{{worker}} median"),
            query(quantile(0.95, "firewatch_batch_records", "worker"), "{{worker}} 95 %"),
        ),
        lines(
            "Time to score a batch",
            "Matching and sentiment of one batch, without waiting for Kafka.",
            "s",
            query(quantile(0.5, "firewatch_score_batch_seconds"), "median"),
            query(quantile(0.95, "firewatch_score_batch_seconds"), "95 %"),
        ),
        lines(
            "Bucket lateness",
            "How far behind the newest post of its partition a mention arrived, in event time. What lies above "
            "windows.lateness_seconds counts as late and no longer changes its bucket.",
            "s",
            query(quantile(0.5, "firewatch_bucket_lateness_seconds"), "median"),
            query(quantile(0.99, "firewatch_bucket_lateness_seconds"), "99 %"),
        ),
        lines(
            "Buckets closed",
            "Buckets a second that detectors learned from, or that were skipped, by outcome.",
            "cps",
            query(rate("firewatch_buckets_closed_total", "outcome"), "{{outcome}}"),
        ),
        lines(
            "State of a brand",
            "Bytes of all that is known of a brand, the ten largest. Bounded: a line that only rises is a defect.",
            "bytes",
            query(f"topk(10, max by (brand) (firewatch_state_bytes{BRAND}))", "{{brand}}"),
        ),
        bars(
            "Rebalances",
            "Partition assignments received. More than a few an hour mean workers that come and go.",
            "short",
            query(events("firewatch_rebalances_total", "worker"), "{{worker}}"),
        ),
        bars(
            "Detectors out of use",
            "Detectors a brand goes on without, because they kept raising; the log of the detect worker says what.",
            "short",
            query(f"max by (brand, detector) (firewatch_brand_quarantined{BRAND})", "{{brand}}: {{detector}}"),
        ),
        panel(
            "table",
            "Versions",
            "Version of firewatch, of the config and of the sentiment model in each worker; they should agree.",
            "none",
            [
                query(f"firewatch_{what}_info", "", instant=True, table=True)
                for what in ("build", "config", "sentiment_model")
            ],
            size=(24, 6),
            options={"showHeader": True, "cellHeight": "sm"},
            transformations=[
                {"id": "merge", "options": {}},
                {
                    "id": "organize",
                    "options": {"excludeByName": dict.fromkeys(["Time", "Value #A", "Value #B", "Value #C"], True)},
                },
            ],
        ),
    ]


def sentiment() -> list[Json]:
    """What the sentiment model learns, and whether all scorers use it."""
    return [
        lines(
            "Running quality",
            "F1 of the learning model on the latest 1,000 labels, each tested before it was learned. It falls when the "
            "talk changes, and when labels are wrong.",
            "percentunit",
            query("max(firewatch_sentiment_macro_f1)", "macro"),
            query("max(firewatch_sentiment_negative_f1)", "negative against the rest"),
            max=1,
        ),
        lines(
            "Judged quality",
            "Macro-F1 on labels that no model has learned: of the latest model judged, and of the one in use.",
            "percentunit",
            query("max by (model) (firewatch_sentiment_judged_f1)", "{{model}}"),
            max=1,
        ),
        bars(
            "Labels",
            "Labels read, by source of the post and what became of them. Those that judge are never learned.",
            "short",
            query(events("firewatch_labels_total", "source, outcome"), "{{source}}: {{outcome}}"),
        ),
        lines(
            "Model version",
            "Number of the published model in each worker; 0 is the weights of the config. Scorers that stay behind "
            "are pinned or refuse it.",
            "none",
            query("min by (worker, instance) (firewatch_sentiment_version)", "{{worker}} {{instance}}"),
        ),
        lines(
            "Age of the model",
            "Time since the model in use was made. It rises while nobody labels.",
            "s",
            query(
                "time() - min by (worker, instance) (firewatch_sentiment_created_timestamp_seconds)",
                "{{worker}} {{instance}}",
            ),
        ),
        bars(
            "Models published and refused",
            "Refused are those that are damaged, of another version, or worse than the one in use.",
            "short",
            query(events("firewatch_sentiment_published_total", "worker"), "published"),
            query(events("firewatch_sentiment_refused_total", "worker, reason"), "{{worker}}: {{reason}}"),
        ),
        bars(
            "Drift",
            "Changes of the error that ADWIN has detected, to the worse or to the better.",
            "short",
            query(events("firewatch_sentiment_drifts_total", "direction"), "{{direction}}"),
        ),
        lines(
            "Texts from memory",
            "Share of texts that were answered from memory, because they had been judged before.",
            "percentunit",
            query(
                'sum(rate(firewatch_sentiment_texts_total{judged="from memory"}[$__rate_interval]))'
                " / sum(rate(firewatch_sentiment_texts_total[$__rate_interval]))",
                "from memory",
            ),
            max=1,
        ),
    ]


def one_brand() -> list[Json]:
    """A brand against what its detectors expect; repeated for each chosen brand."""
    return [
        lines(
            "$brand: volume",
            "Mentions in the last closed bucket; the band is what the volume detector takes for normal.",
            "short",
            query(f"max(firewatch_brand_mentions{BRAND})", "mentions"),
            *expected("$volume_detector"),
            overrides=BAND,
        ),
        lines(
            "$brand: negative share",
            "Share of negative mentions over the last hour; the band is what the tone detector takes for normal.",
            "percentunit",
            query(f"max(firewatch_brand_negative_ratio{BRAND})", "negative share"),
            *expected("$tone_detector"),
            overrides=BAND,
            max=1,
        ),
        lines(
            "$brand: scores",
            "Newest score of each detector; from the dashed line on it is anomalous.",
            "none",
            query(f"max by (detector) (firewatch_anomaly_score{BRAND_DETECTOR})", "{{detector}}"),
            query(f"max(firewatch_anomaly_threshold{BRAND_DETECTOR})", "threshold"),
            overrides=THRESHOLD_LINE,
        ),
    ]


def choice(name: str, label: str, selector: str, default: str | None = None) -> Json:
    """A variable over the values of label `name` of `selector`; several may be chosen unless there is a `default`."""
    definition = f"label_values({selector})"
    several = default is None
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "definition": definition,
        "query": {"query": definition, "refId": f"variable-{name}"},
        "refresh": 2,
        "sort": 1,
        "multi": several,
        "includeAll": several,
        "current": {"text": ["All"], "value": ["$__all"]} if several else {"text": default, "value": default},
    }


def variables() -> list[Json]:
    """What can be chosen at the top of the dashboard."""
    return [
        {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "current": {}},
        choice("brand", "Brand", "firewatch_brand_mentions, brand"),
        choice("detector", "Detector", "firewatch_anomaly_score, detector"),
        choice("volume_detector", "Band of the volume", "firewatch_expected, detector", "volume"),
        choice("tone_detector", "Band of the negative share", "firewatch_expected, detector", "tone"),
    ]


def dashboard() -> Json:
    """The whole dashboard as Grafana imports it."""
    incidents = {
        "name": "Incidents",
        "datasource": DATASOURCE,
        "enable": True,
        "iconColor": RED,
        "expr": f"max by (brand, severity) (firewatch_incidents_open{BRAND}) > 0",
        "titleFormat": "{{brand}} {{severity}}",
        "step": "30s",
    }
    return {
        "uid": "firewatch",
        "title": "firewatch",
        "description": "Which brand is heating up, what fired, and whether the pipeline keeps up.",
        "tags": ["firewatch"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "10s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": variables()},
        "annotations": {"list": [incidents]},
        "links": [],
        "panels": placed(
            [
                ({"title": "Now"}, now()),
                ({"title": "Brands"}, brands()),
                ({"title": "Does everything arrive?"}, arrival()),
                ({"title": "Do the workers keep up?"}, keeping_up()),
                ({"title": "Sentiment model"}, sentiment()),
                ({"title": "$brand", "repeat": "brand"}, one_brand()),
            ]
        ),
    }


def rendered() -> str:
    """Text of the JSON file."""
    return json.dumps(dashboard(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    OUTPUT.write_text(rendered(), encoding="utf-8")
