"""Metrics of live sources, a part of the catalogue of `streams.runtime.metrics`; their label is the id of a source."""

from __future__ import annotations

from typing import Final

from streams.runtime.instruments import counter, gauge

OWNED: Final = gauge(
    "firewatch_live_source_owned", "1 if this process reads a live source, 0 if it stands by for another", ["source"]
)
CONNECTED: Final = gauge(
    "firewatch_live_source_connected", "1 while a live source receives posts, now or what it has missed", ["source"]
)
REFUSED: Final = gauge(
    "firewatch_live_source_refused",
    "1 while a live source can't be read until somebody changes a setting, a token or a permission",
    ["source"],
)
LIMITED: Final = gauge(
    "firewatch_live_source_limited",
    "1 while a limit of the config or of the platform holds a live source back",
    ["source"],
)
PARTIAL: Final = gauge(
    "firewatch_live_source_partial",
    "1 while a part of a live source can't be read, such as one of its instances, feeds, subreddits or paths",
    ["source"],
)
BEHIND: Final = gauge(
    "firewatch_live_source_behind_seconds",
    "By how much the posts read from a live source lie behind the present",
    ["source"],
)
POST_TIME: Final = gauge(
    "firewatch_live_source_last_post_timestamp_seconds", "When a live source last delivered a post", ["source"]
)
HEARD_TIME: Final = gauge(
    "firewatch_live_source_last_heard_timestamp_seconds",
    "When a live source last received anything, signs of life without a post included",
    ["source"],
)
EXPECTED_SILENCE: Final = gauge(
    "firewatch_live_source_expected_silence_seconds",
    "Time without a post after which a live source counts as silent (expected_silence_seconds)",
    ["source"],
)
FAILURES: Final = counter(
    "firewatch_live_source_failures", "Times that the connection of a live source has failed or ended", ["source"]
)
ERRORS: Final = counter(
    "firewatch_live_source_errors",
    "Unexpected exceptions while reading a live source: defects of firewatch",
    ["source"],
)
GAPS: Final = counter(
    "firewatch_live_source_gaps", "Gaps of a live source: spans in which posts may be missing", ["source"]
)
GAP_SECONDS: Final = counter(
    "firewatch_live_source_gap_seconds", "Length of the gaps of a live source, in event time", ["source"]
)
CURSOR_TIME: Final = gauge(
    "firewatch_live_source_cursor_timestamp_seconds", "When the cursor of a live source was last saved", ["source"]
)

CONDITIONS: Final = (CONNECTED, LIMITED, PARTIAL, BEHIND, POST_TIME, HEARD_TIME, CURSOR_TIME)
"""Metrics that only the process has which reads the source."""
