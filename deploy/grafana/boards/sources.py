"""The row of live sources on the board of the pipeline's health."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.grafana.panels import GREEN, ORANGE, RED, bars, lines, query, states
from deploy.grafana.queries import aggregate, delay, events, newest, select

if TYPE_CHECKING:
    from deploy.grafana.frame import Row


def live() -> Row:
    """Return the panels about live sources: who reads them, how fresh they are, and what was missed."""
    connected, partial, limited, refused = (
        newest(f"firewatch_live_source_{name}", "instance", by="source")
        for name in ("connected", "partial", "limited", "refused")
    )
    condition = f"clamp_max({refused} * 4, 4) > 0 or ({limited} * 3 > 0 or ({partial} * 2 > 0 or {connected}))"
    return "Live sources", [
        states(
            "Condition",
            "Whether each live source is read. Refused: somebody has to change a token, a permission or a setting. "
            "Limited: a limit of the config or of the platform holds it back. In part: one of its instances, feeds, "
            "subreddits or paths can't be read. Down: it can't be reached, and is tried again.",
            query(condition, "{{source}}"),
            steps=((None, RED), (1, GREEN), (2, ORANGE), (4, RED)),
            names=("down", "connected", "in part", "limited", "refused"),
        ),
        states(
            "Readers",
            "Number of processes that own each live source: one. At zero nobody reads it; two last for some seconds "
            "at most, when a stand-by takes over.",
            query(aggregate("sum", select("firewatch_live_source_owned", "instance"), "source"), "{{source}}"),
            steps=((None, RED), (1, GREEN), (2, ORANGE)),
        ),
        lines(
            "Silence against what is expected",
            "Time since the latest post as a multiple of the source's expected_silence_seconds. Above 1 it counts as "
            "silent.",
            "none",
            query(
                f"({delay(newest('firewatch_live_source_last_post_timestamp_seconds', 'instance', by='source'))}) / "
                + newest("firewatch_live_source_expected_silence_seconds", "instance", by="source"),
                "{{source}}",
            ),
        ),
        lines(
            "Signs of life",
            "Time since anything was received, heartbeats included. It tells a quiet source from a dead connection.",
            "s",
            query(
                delay(newest("firewatch_live_source_last_heard_timestamp_seconds", "instance", by="source")),
                "{{source}}",
            ),
        ),
        lines(
            "Behind the present",
            "By how much the posts that are read lie behind the present. It falls while a source catches up; if it "
            "rises, the source publishes faster than it is read.",
            "s",
            query(newest("firewatch_live_source_behind_seconds", "instance", by="source"), "{{source}}"),
        ),
        lines(
            "Age of the cursor",
            "Time since the position was last saved. After a crash the posts of this time are read again.",
            "s",
            query(
                delay(newest("firewatch_live_source_cursor_timestamp_seconds", "instance", by="source")), "{{source}}"
            ),
        ),
        bars(
            "Gaps",
            "Spans in which posts may be missing. Buckets that overlap one are incomplete: nothing is learned of them "
            "as zero. `firewatch status --json` has bounds and causes.",
            "short",
            query(events("firewatch_live_source_gaps_total", "instance", by="source"), "{{source}}"),
        ),
        bars(
            "Length of gaps",
            "Event time that the gaps cover.",
            "s",
            query(events("firewatch_live_source_gap_seconds_total", "instance", by="source"), "{{source}}"),
        ),
        bars(
            "Failures",
            "Connections that failed or ended, and unexpected exceptions, which are defects of firewatch.",
            "short",
            query(events("firewatch_live_source_failures_total", "instance", by="source"), "{{source}}: failed"),
            query(events("firewatch_live_source_errors_total", "instance", by="source"), "{{source}}: defect"),
        ),
    ]
