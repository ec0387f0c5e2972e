"""The board of one brand: volume, tone, scores, origin and incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.grafana import frame
from deploy.grafana.panels import (
    ANY_IS_BAD,
    HEAT,
    band,
    bars,
    facts,
    lines,
    number,
    query,
    ranking,
    with_band,
    with_threshold,
)
from deploy.grafana.queries import aggregate, events, heat, newest, rate, select, within_range

if TYPE_CHECKING:
    from grafana_foundation_sdk.models.dashboard import Dashboard

    from deploy.grafana.frame import Row


def board() -> Dashboard:
    """Return the board that alerts link to."""
    return frame.board(
        "firewatch-brand",
        "Brand",
        "One brand in detail: its mentions and their origin, expected values, scores and incidents.",
        [*frame.datasource_and_job(), frame.brand(several=False), frame.detector(), *frame.bands()],
        [now(), mentions(), scores(), origin(), outcome()],
        incidents_of="brand",
    )


def now() -> Row:
    """Return the panels with the newest figures."""
    return "Now", [
        number(
            "Open incident",
            "Severity of the brand's open incident that may page: 1 is open, 0 is not.",
            "none",
            newest("firewatch_incidents_open", "brand", by="severity"),
            "{{severity}}",
            ANY_IS_BAD,
        ),
        number(
            "Highest score",
            "Newest score of the detector that is nearest to its threshold; at 1 a bucket is anomalous.",
            "none",
            heat("", "brand", "detector"),
            steps=HEAT,
        ).decimals(2),
        number(
            "Mentions",
            "Mentions in the last closed bucket.",
            "short",
            newest("firewatch_brand_mentions", "brand"),
        ),
        number(
            "Negative share",
            "Share of negative mentions over the last hour of event time, by the probabilities of the sentiment model.",
            "percentunit",
            newest("firewatch_brand_negative_ratio", "brand"),
        ),
        number(
            "Mentions a second",
            "Mentions counted, each once.",
            "cps",
            rate("firewatch_mentions_counted_total", "brand"),
        ),
        number(
            "Late mentions in the shown time",
            "Mentions whose bucket had closed when they arrived: they are counted, but not evaluated any more.",
            "short",
            f"{within_range('firewatch_mentions_late_total', 'brand')} or vector(0)",
        ),
    ]


def mentions() -> Row:
    """Return the panels that compare volume and tone with the expected values."""
    return "Mentions against expected values", [
        with_band(
            lines(
                "Volume",
                "Mentions in the last closed bucket; the band is the normal range of the chosen detector.",
                "short",
                query(newest("firewatch_brand_mentions", "brand"), "mentions"),
                *band("max", "$volume_detector"),
                width=12,
            )
        ),
        with_band(
            lines(
                "Negative share",
                "Share of negative mentions over the last hour; the band is the normal range of the chosen detector.",
                "percentunit",
                query(newest("firewatch_brand_negative_ratio", "brand"), "negative share"),
                *band("max", "$tone_detector"),
                width=12,
            ).max(1)
        ),
    ]


def scores() -> Row:
    """Return the panels about the detectors' scores."""
    newest_scores = newest("firewatch_anomaly_score", "brand", "detector", by="detector, mode")
    threshold = newest("firewatch_anomaly_threshold", "brand", "detector")
    return "Scores of the detectors", [
        with_threshold(
            lines(
                "Scores and threshold",
                "Newest score of each detector on their common scale; from the dashed line on it is anomalous. "
                "Detectors in shadow mode do not page.",
                "none",
                query(newest_scores, "{{detector}} {{mode}}"),
                query(threshold, "threshold"),
                width=12,
            )
        ),
        ranking(
            "Score in units of the threshold",
            "Newest score of each live detector, divided by its threshold.",
            "none",
            heat("detector", "brand", "detector"),
            "{{detector}}",
            HEAT,
        )
        .max(2)
        .decimals(2)
        .height(8),
        lines(
            "Bounds of each detector",
            "Expected value and normal range of each detector, in its own unit: mentions, a share, or a score.",
            "none",
            query(newest("firewatch_expected", "brand", "detector", by="detector, bound"), "{{detector}} {{bound}}"),
            width=24,
        ),
    ]


def origin() -> Row:
    """Return the panels about sources and languages."""
    return "Origin of mentions", [
        bars(
            "Mentions by source",
            "Mentions a second by source of the post; the first eight sources are named, the rest is other.",
            "cps",
            query(rate("firewatch_mentions_by_source_total", "brand", by="source"), "{{source}}"),
            width=12,
        ),
        bars(
            "Mentions by language",
            "Mentions a second by language; und is unknown. The first eight languages are named, the rest is other.",
            "cps",
            query(rate("firewatch_mentions_by_language_total", "brand", by="language"), "{{language}}"),
            width=12,
        ),
    ]


def outcome() -> Row:
    """Return the panels about detections, state and versions."""
    return "Detections, state and versions", [
        bars(
            "Detections",
            "Buckets whose score reached 1, by detector and, if there is one, the reason of suppression.",
            "short",
            query(
                events("firewatch_detections_total", "brand", "detector", by="detector, mode, suppressed"),
                "{{detector}} {{mode}} {{suppressed}}",
            ),
        ),
        lines(
            "State",
            "Size of the brand's state, and the size at which it no longer fits into one record of Kafka.",
            "bytes",
            query(newest("firewatch_state_bytes", "brand"), "state"),
            query(newest("firewatch_state_limit_bytes"), "limit"),
        ),
        facts(
            "Sentiment model and config",
            "Versions of the sentiment model and of the config in use, by worker.",
            [
                aggregate("max", select(f"firewatch_{what}_info"), "worker, version")
                for what in ("sentiment_model", "config")
            ],
            width=8,
        ).height(8),
    ]
