"""Tuning: how detectors would behave with other settings, and how good the sentiment model is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from deploy.grafana import frame
from deploy.grafana.panels import bars, columns, distribution, lines, query, ranking, with_threshold
from deploy.grafana.queries import aggregate, delay, events, newest, select, within_range

if TYPE_CHECKING:
    from grafana_foundation_sdk.models.dashboard import Dashboard

    from deploy.grafana.frame import Row

SCORES: Final = "firewatch_anomaly_score_distribution"
THRESHOLDS: Final = ("0.5", "0.75", "1.0", "1.25", "1.5", "2.0", "3.0")
"""Bounds of that histogram, as its label ``le`` writes them."""

NOT_SUPPRESSED: Final = 'suppressed=""'
SUPPRESSED: Final = 'suppressed!=""'


def board() -> Dashboard:
    """The board of those who set thresholds and label posts."""
    return frame.board(
        "firewatch-tuning",
        "Tuning",
        "How scores spread, how often each detector would fire at other thresholds, what was suppressed and why, and "
        "how good the sentiment model is.",
        [*frame.datasource_and_job(), frame.brand(several=True), frame.detector()],
        [thresholds(), fired(), verdicts(), sentiment(), models()],
        incidents_of="brand",
    )


def above(threshold: str) -> str:
    """Closed buckets a day whose score was above a threshold, by detector, over the shown time."""
    every = f"increase({select(f'{SCORES}_count', 'detector')}[$__range])"
    bucket = select(f"{SCORES}_bucket", "detector", f'le="{threshold}"')
    up_to = f"increase({bucket}[$__range])"
    days = "($__range_s / 86400)"
    return f"({aggregate('sum', every, 'detector')} - {aggregate('sum', up_to, 'detector')}) / {days}"


def thresholds() -> Row:
    """What another threshold would do."""
    newest_scores = newest("firewatch_anomaly_score", "brand", "detector", by="brand, detector")
    return "Thresholds", [
        distribution(
            "Spread of the scores",
            "Scores of the buckets that closed, over all brands: how many fell between which bounds. At 1 a bucket is "
            "anomalous.",
            "short",
            aggregate("sum", f"increase({select(f'{SCORES}_bucket', 'detector')}[$__rate_interval])", "le"),
        ),
        columns(
            "Firing at other thresholds",
            "Buckets a day over all brands whose score at their close was above each threshold, by detector, in the "
            "shown time. Above 1 is what fires now; suppressed ones are counted. Open buckets are scored too, so a "
            "detector may fire on some that had calmed down when they closed.",
            "short",
            {f"> {float(threshold):g}": above(threshold) for threshold in THRESHOLDS},
        ),
        with_threshold(
            lines(
                "Newest scores over the brands",
                "Median, 95 % and highest of the newest scores of the chosen brands, by detector.",
                "none",
                *(
                    query(f"quantile by (detector) ({q}, {newest_scores})", f"{{{{detector}}}} {name}")
                    for q, name in ((0.5, "median"), (0.95, "95 %"), (1, "highest"))
                ),
                query(newest("firewatch_anomaly_threshold", "brand", "detector"), "threshold"),
                width=24,
            )
        ),
    ]


def fired() -> Row:
    """What fired, and what was kept from paging."""
    return "What fired", [
        ranking(
            "Shadow against live",
            "Buckets of the chosen brands whose score reached 1 in the shown time, without suppressed ones: detectors "
            "in shadow beside those that are live.",
            "short",
            within_range("firewatch_detections_total", "brand", "detector", NOT_SUPPRESSED, by="detector, mode"),
            "{{detector}} {{mode}}",
        ),
        ranking(
            "Suppressed by reason",
            "Buckets of the chosen brands whose score reached 1 in the shown time but that must page nobody, by the "
            "reason.",
            "short",
            within_range("firewatch_detections_total", "brand", "detector", SUPPRESSED, by="suppressed"),
            "{{suppressed}}",
        ),
        bars(
            "Detections over time",
            "Buckets of the chosen brands whose score reached 1, by detector, live or shadow, and, where there is one, "
            "reason of suppression.",
            "short",
            query(
                events("firewatch_detections_total", "brand", "detector", by="detector, mode, suppressed"),
                "{{detector}} {{mode}} {{suppressed}}",
            ),
            width=12,
        ),
        bars(
            "Incidents by what they were taken for",
            "Incidents opened, over all brands, by label and, where there is one, reason of suppression.",
            "short",
            query(
                events("firewatch_incidents_total", 'kind="open"', by="severity, label, suppressed"),
                "{{severity}} {{label}} {{suppressed}}",
            ),
            width=12,
        ),
    ]


def verdicts() -> Row:
    """What people said of the incidents."""
    judged = within_range("firewatch_incident_verdicts_total", "detector", 'verdict!="ack"', by="detector")
    right = within_range("firewatch_incident_verdicts_total", "detector", 'verdict="confirmed"', by="detector")
    return "Verdicts", [
        columns(
            "Precision by detector",
            "Of the incidents that people have confirmed or called a false alarm in the shown time, the share that was "
            "confirmed, by detector that raised them; and how many were judged.",
            "short",
            {"precision": f"({right} or 0 * {judged}) / {judged}", "judged": judged},
        ),
        bars(
            "Verdicts",
            "What people judged incidents to be, counted once for each detector that raised them.",
            "short",
            query(
                events("firewatch_incident_verdicts_total", "detector", by="detector, verdict"),
                "{{detector}}: {{verdict}}",
            ),
            width=12,
        ),
    ]


def sentiment() -> Row:
    """How good the learning model is."""
    return "Sentiment: quality", [
        lines(
            "Running quality",
            "F1 of the learning model on the latest labels, each tested before it was learned. It falls when the talk "
            "changes, and when labels are wrong.",
            "percentunit",
            query(newest("firewatch_sentiment_macro_f1", by="quality"), "{{quality}}: macro"),
            query(newest("firewatch_sentiment_negative_f1", by="quality"), "{{quality}}: negative against the rest"),
        ).max(1),
        lines(
            "Judged quality",
            "Macro-F1 on labels that no model has learned: of the latest model judged, and of the one in use.",
            "percentunit",
            query(newest("firewatch_sentiment_judged_f1", by="quality, model"), "{{quality}}: {{model}}"),
        ).max(1),
        bars(
            "Labels",
            "Labels read, by source of the post and what became of them. Those that judge are never learned.",
            "short",
            query(events("firewatch_labels_total", by="source, outcome"), "{{source}}: {{outcome}}"),
        ),
    ]


def models() -> Row:
    """Which model is in use where."""
    created = aggregate("min", select("firewatch_sentiment_created_timestamp_seconds"), "worker, instance")
    return "Sentiment: models", [
        lines(
            "Model version",
            "Number of the published model in each worker; 0 is the weights of the config. Scorers that stay behind "
            "are pinned or refuse it.",
            "none",
            query(
                aggregate("min", select("firewatch_sentiment_version"), "worker, instance"), "{{worker}} {{instance}}"
            ),
            width=6,
        ),
        lines(
            "Age of the model",
            "Time since the model in use was made. It rises while nobody labels.",
            "s",
            query(delay(created), "{{worker}} {{instance}}"),
            width=6,
        ),
        bars(
            "Models published and refused",
            "Refused are those that are damaged, of another version, or worse than the one in use.",
            "short",
            query(events("firewatch_sentiment_published_total", by="quality"), "{{quality}}: published"),
            query(events("firewatch_sentiment_refused_total", by="worker, reason"), "{{worker}}: {{reason}}"),
            width=6,
        ),
        bars(
            "Drift",
            "Changes of the error that ADWIN has detected, to the worse or to the better.",
            "short",
            query(events("firewatch_sentiment_drifts_total", by="quality, direction"), "{{quality}}: {{direction}}"),
            width=6,
        ),
    ]
