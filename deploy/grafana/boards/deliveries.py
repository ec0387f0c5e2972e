"""Whether alerts reach those who are to be paged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.grafana.panels import bars, lines, query
from deploy.grafana.queries import delay, events, newest

if TYPE_CHECKING:
    from deploy.grafana.frame import Row


def bridges() -> Row:
    """What the bridges pass on, and what waits."""
    return "Bridges", [
        bars(
            "Alerts passed on",
            "Alerts that each receiver has taken, firing ones sent again included.",
            "short",
            query(events("firewatch_bridge_sent_total", "instance", by="target"), "{{target}}"),
        ),
        bars(
            "Failed attempts and steps held back",
            "Attempts to send that failed, which are tried again, and steps that are not passed on: suppressed or "
            "silenced.",
            "short",
            query(events("firewatch_bridge_failures_total", "instance", by="target, reason"), "{{target}}: {{reason}}"),
            query(
                events("firewatch_bridge_held_back_total", "instance", by="target, reason"),
                "{{target}}: held back, {{reason}}",
            ),
        ),
        lines(
            "Waiting and firing",
            "Alerts that each receiver has still to take, and incidents it was told of that are not over.",
            "short",
            query(newest("firewatch_bridge_waiting", "instance", by="target"), "{{target}}: waiting"),
            query(newest("firewatch_bridge_firing", "instance", by="target"), "{{target}}: firing"),
        ),
        lines(
            "Time since the last delivery",
            "Time since each receiver last took an alert. It rises while nothing happens; look at what is waiting.",
            "s",
            query(
                delay(newest("firewatch_bridge_last_success_timestamp_seconds", "instance", by="target")), "{{target}}"
            ),
        ),
    ]
