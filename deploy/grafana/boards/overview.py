"""The overview: brands with rising scores, their volume and tone, and incidents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from deploy.grafana import frame
from deploy.grafana.panels import (
    ANY_IS_BAD,
    BEHIND,
    HEAT,
    WAITING,
    band,
    bars,
    columns,
    lines,
    number,
    query,
    ranking,
    states,
    to_brand,
    with_band,
)
from deploy.grafana.queries import LIVE, aggregate, delay, events, heat, newest, rate

if TYPE_CHECKING:
    from grafana_foundation_sdk.models.dashboard import Dashboard

    from deploy.grafana.frame import Row

MENTIONS: Final = newest("firewatch_brand_mentions", "brand", by="brand")
NEGATIVE: Final = newest("firewatch_brand_negative_ratio", "brand", by="brand")
HOTTEST: Final = heat("brand", "brand", "detector")


def board() -> Dashboard:
    """Return the board to open first."""
    return frame.board(
        "firewatch-overview",
        "Overview",
        "Brands with rising scores, the volume and tone of their mentions, and their incidents.",
        [*frame.datasource_and_job(), frame.brand(several=True), frame.detector(), *frame.bands()],
        [now(), brands(), chosen(), incidents()],
        incidents_of="brand",
    )


def now() -> Row:
    """Return the panels to look at first."""
    return "Now", [
        number(
            "Open incidents",
            "Incidents that are open and may page, by severity: watch, warning, critical. Suppressed ones don't count.",
            "none",
            aggregate("sum", newest("firewatch_incidents_open", "brand", by="brand, severity"), "severity"),
            "{{severity}}",
            ANY_IS_BAD,
        ).no_value("0"),
        number(
            "Brands at or above their threshold",
            "Brands with a detector whose newest score is 1 or more, suppressed or not.",
            "none",
            f"count({HOTTEST} >= 1) or vector(0)",
            steps=ANY_IS_BAD,
        ),
        number(
            "Mentions",
            "Mentions a second that were counted, over the chosen brands.",
            "cps",
            rate("firewatch_mentions_counted_total", "brand"),
        ),
        number(
            "Negative share",
            "Share of negative mentions over the last hour of event time: the mean of the chosen brands, weighted by "
            "their mentions.",
            "percentunit",
            f"sum({NEGATIVE} * {MENTIONS}) / sum({MENTIONS})",
        ),
        number(
            "Records waiting",
            "Records in Kafka that no worker has consumed yet, over all topics. It should return to near zero.",
            "short",
            aggregate("sum", newest("firewatch_consumer_lag_records", by="topic, partition")),
            steps=WAITING,
        ),
        number(
            "Watermark delay",
            "How far the slowest partition's event time lies behind the clock. For live posts that is the allowed "
            "lateness and some seconds; for a replayed archive it is the archive's age, as it should be.",
            "s",
            delay(f"min({newest('firewatch_watermark_timestamp_seconds', by='partition')})"),
            steps=BEHIND,
        ),
    ]


def brands() -> Row:
    """Return the panels that rank the brands."""
    return "Brands", [
        ranking(
            "Heating up",
            "The ten brands whose highest score is nearest to its threshold; at 1 a bucket is anomalous. Suppressed "
            "brands, for example during a cold start, are included. A click opens the brand's board.",
            "none",
            f"sort_desc(topk(10, {HOTTEST}))",
            "{{brand}}",
            HEAT,
        )
        .max(2)
        .decimals(2)
        .data_links(to_brand("__field.labels.brand")),
        columns(
            "Every brand",
            "Highest score in units of its threshold, mentions in the last closed bucket, and negative share over the "
            "last hour. A click opens the brand's board.",
            "short",
            {"Score": HOTTEST, "Mentions": MENTIONS, "Negative share": NEGATIVE},
            sort="Score",
        )
        .override_by_name("Score", [DynamicConfigValue("decimals", 2)])
        .override_by_name("Negative share", [DynamicConfigValue("unit", "percentunit")])
        .data_links(to_brand("__data.fields.brand")),
        states(
            "Open incidents by brand",
            "Brands with an open incident that may page, by severity. Empty is good.",
            query(f"{newest('firewatch_incidents_open', 'brand', by='brand, severity')} > 0", "{{brand}} {{severity}}"),
            steps=ANY_IS_BAD,
            width=24,
        ).data_links(to_brand("__field.labels.brand")),
    ]


def chosen() -> Row:
    """Return the panels about volume and tone of the chosen brands."""
    return "Volume and tone of the chosen brands", [
        with_band(
            lines(
                "Volume",
                "Mentions in the last closed bucket, summed over the chosen brands; the band is the sum of their "
                "normal ranges by the chosen detector.",
                "short",
                query(f"sum({MENTIONS})", "mentions"),
                *band("sum", "$volume_detector"),
                width=12,
            )
        ),
        with_band(
            lines(
                "Negative share",
                "Share of negative mentions over the last hour, the mean of the chosen brands; the band is the mean of "
                "their normal ranges by the chosen detector.",
                "percentunit",
                query(f"avg({NEGATIVE})", "negative share"),
                *band("avg", "$tone_detector"),
                width=12,
            ).max(1)
        ),
        lines(
            "Volume by brand",
            "Mentions in the last closed bucket, of the ten largest at each moment.",
            "short",
            query(f"topk(10, {MENTIONS})", "{{brand}}"),
            width=12,
        ).data_links(to_brand("__field.labels.brand")),
        lines(
            "Negative share by brand",
            "Share of negative mentions over the last hour of event time, of the ten highest at each moment.",
            "percentunit",
            query(f"topk(10, {NEGATIVE})", "{{brand}}"),
            width=12,
        )
        .max(1)
        .data_links(to_brand("__field.labels.brand")),
    ]


def incidents() -> Row:
    """Return the panels about incidents and detections."""
    return "Incidents", [
        bars(
            "Steps of incidents",
            "Incidents opened, updated and resolved over all brands, by severity, label and reason of suppression. "
            "Suppressed ones do not page.",
            "short",
            query(
                events("firewatch_incidents_total", by="kind, severity, label, suppressed"),
                "{{kind}} {{severity}} {{label}} {{suppressed}}",
            ),
            width=12,
        ),
        bars(
            "Detections by brand",
            "Buckets whose score reached 1, by brand and detector, without detectors in shadow mode.",
            "short",
            query(
                events("firewatch_detections_total", "brand", "detector", LIVE, by="brand, detector"),
                "{{brand}} {{detector}}",
            ),
            width=12,
        ).data_links(to_brand("__field.labels.brand")),
    ]
