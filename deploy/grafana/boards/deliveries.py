"""The row of panels about deliveries: whether alerts reach their receivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.grafana.panels import bars, lines, query
from deploy.grafana.queries import delay, events, newest

if TYPE_CHECKING:
    from deploy.grafana.frame import Row


def bridges() -> Row:
    """Return the panels about delivered, failed and waiting alerts."""
    return "Bridges", [
        bars(
            "Alerts delivered",
            "Alerts that each receiver has accepted, including repeats of firing ones.",
            "short",
            query(events("firewatch_bridge_sent_total", "instance", by="target"), "{{target}}"),
        ),
        bars(
            "Failed attempts and suppressed steps",
            "Failed attempts to deliver, which are retried, and steps that are not delivered because they are "
            "suppressed or silenced.",
            "short",
            query(events("firewatch_bridge_failures_total", "instance", by="target, reason"), "{{target}}: {{reason}}"),
            query(
                events("firewatch_bridge_held_back_total", "instance", by="target, reason"),
                "{{target}}: suppressed, {{reason}}",
            ),
        ),
        lines(
            "Waiting and firing",
            "Alerts that wait for each receiver to accept them, incidents it has been notified of that are firing, and "
            "whether it denies access (1) until a setting or a permission is repaired.",
            "short",
            query(newest("firewatch_bridge_waiting", "instance", by="target"), "{{target}}: waiting"),
            query(newest("firewatch_bridge_firing", "instance", by="target"), "{{target}}: firing"),
            query(newest("firewatch_bridge_denied", "instance", by="target"), "{{target}}: denied"),
        ),
        lines(
            "Time since the last delivery",
            "Time since each receiver last accepted an alert. It also rises while nothing is to be sent; compare it "
            "with the waiting alerts.",
            "s",
            query(
                delay(newest("firewatch_bridge_last_success_timestamp_seconds", "instance", by="target")), "{{target}}"
            ),
        ),
    ]
