"""The board for tuning: detectors at other thresholds, suppression, verdicts, quality of the sentiment model."""

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
"""Bounds of the histogram of scores, as in its label ``le``."""

NOT_SUPPRESSED: Final = 'suppressed=""'
SUPPRESSED: Final = 'suppressed!=""'


def board() -> Dashboard:
    """Return the board for setting thresholds and labelling posts."""
    return frame.board(
        "firewatch-tuning",
        "Tuning",
        "Distribution of the scores, how often each detector would fire at other thresholds, what was suppressed and "
        "why, and the quality of the sentiment model.",
        [*frame.datasource_and_job(), frame.brand(several=True), frame.detector()],
        [thresholds(), fired(), verdicts(), sentiment(), models()],
        incidents_of="brand",
    )


def above(threshold: str) -> str:
    """Return the query for closed buckets a day whose score was above a threshold, by detector, over the shown time."""
    every = within_range(f"{SCORES}_count", "detector", by="detector")
    up_to = within_range(f"{SCORES}_bucket", "detector", f'le="{threshold}"', by="detector")
    return f"({every} - {up_to}) / ($__range_s / 86400)"


def thresholds() -> Row:
    """Return the panels about the effect of other thresholds."""
    newest_scores = newest("firewatch_anomaly_score", "brand", "detector", by="brand, detector")
    return "Thresholds", [
        distribution(
            "Distribution of scores",
            "Number of closed buckets by their score, over all brands. At 1 a bucket is anomalous.",
            "short",
            events(f"{SCORES}_bucket", "detector", by="le"),
        ),
        columns(
            "Firing at other thresholds",
            "Buckets a day over all brands whose score at their close was above each threshold, by detector, in the "
            "shown time. Detectors fire above 1 today; suppressed ones are counted. Open buckets are scored too, so a "
            "detector may fire on some whose score is lower when they close.",
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
    """Return the panels about detections and suppression."""
    return "Detections and suppression", [
        ranking(
            "Shadow against live",
            "Buckets of the chosen brands whose score reached 1 in the shown time, without suppressed ones: detectors "
            "in shadow mode and live ones.",
            "short",
            within_range("firewatch_detections_total", "brand", "detector", NOT_SUPPRESSED, by="detector, mode"),
            "{{detector}} {{mode}}",
        ),
        ranking(
            "Suppressed by reason",
            "Buckets of the chosen brands whose score reached 1 in the shown time but that do not page, by the reason.",
            "short",
            within_range("firewatch_detections_total", "brand", "detector", SUPPRESSED, by="suppressed"),
            "{{suppressed}}",
        ),
        bars(
            "Detections over time",
            "Buckets of the chosen brands whose score reached 1, by detector, mode and, if there is one, "
            "reason of suppression.",
            "short",
            query(
                events("firewatch_detections_total", "brand", "detector", by="detector, mode, suppressed"),
                "{{detector}} {{mode}} {{suppressed}}",
            ),
            width=12,
        ),
        bars(
            "Incidents by label",
            "Incidents opened, over all brands, by label and, if there is one, reason of suppression.",
            "short",
            query(
                events("firewatch_incidents_total", 'kind="open"', by="severity, label, suppressed"),
                "{{severity}} {{label}} {{suppressed}}",
            ),
            width=12,
        ),
    ]


def verdicts() -> Row:
    """Return the panels about the operators' verdicts."""
    reviewed = within_range("firewatch_incident_verdicts_total", "detector", 'verdict!="ack"', by="detector")
    confirmed = within_range("firewatch_incident_verdicts_total", "detector", 'verdict="confirmed"', by="detector")
    return "Verdicts", [
        columns(
            "Precision by detector",
            "Share of confirmed incidents among those that operators have confirmed or marked as a false alarm in the "
            "shown time, by detector that raised them; and the number of those incidents.",
            "short",
            {"precision": f"({confirmed} or 0 * {reviewed}) / {reviewed}", "reviewed": reviewed},
        ),
        bars(
            "Verdicts",
            "Verdicts on incidents, counted once for each detector that raised them.",
            "short",
            query(
                events("firewatch_incident_verdicts_total", "detector", by="detector, verdict"),
                "{{detector}}: {{verdict}}",
            ),
            width=12,
        ),
    ]


def sentiment() -> Row:
    """Return the panels about the quality of the model that is being trained."""
    return "Sentiment: quality", [
        lines(
            "Running quality",
            "F1 of the model in training on the latest labels, each tested before it is learned. It falls when the "
            "language changes, and when labels are wrong.",
            "percentunit",
            query(newest("firewatch_sentiment_macro_f1", by="quality"), "{{quality}}: macro"),
            query(newest("firewatch_sentiment_negative_f1", by="quality"), "{{quality}}: negative against the rest"),
        ).max(1),
        lines(
            "Quality on holdout labels",
            "Macro-F1 on labels that no model has learned: of the latest candidate, and of the model in use.",
            "percentunit",
            query(newest("firewatch_sentiment_judged_f1", by="quality, model"), "{{quality}}: {{model}}"),
        ).max(1),
        bars(
            "Labels",
            "Labels read, by source of the post and outcome. Holdout labels are never learned.",
            "short",
            query(events("firewatch_labels_total", by="source, outcome"), "{{source}}: {{outcome}}"),
        ),
    ]


def models() -> Row:
    """Return the panels about the models in use."""
    created = aggregate("min", select("firewatch_sentiment_created_timestamp_seconds"), "worker, instance")
    return "Sentiment: models", [
        lines(
            "Model version",
            "Number of the published model in each worker; 0 is the weights of the config. Scorers with an older "
            "version are pinned or refuse the newest one.",
            "none",
            query(
                aggregate("min", select("firewatch_sentiment_version"), "worker, instance"), "{{worker}} {{instance}}"
            ),
            width=6,
        ),
        lines(
            "Age of the model",
            "Time since the model in use was created. It rises while no one labels posts.",
            "s",
            query(delay(created), "{{worker}} {{instance}}"),
            width=6,
        ),
        bars(
            "Models published and refused",
            "Models published, and models refused: damaged, of another version, or worse than the one in use.",
            "short",
            query(events("firewatch_sentiment_published_total", by="quality"), "{{quality}}: published"),
            query(events("firewatch_sentiment_refused_total", by="worker, reason"), "{{worker}}: {{reason}}"),
            width=6,
        ),
        bars(
            "Drift",
            "Changes of the error that ADWIN has detected, for the worse or for the better.",
            "short",
            query(events("firewatch_sentiment_drifts_total", by="quality, direction"), "{{quality}}: {{direction}}"),
            width=6,
        ),
    ]
