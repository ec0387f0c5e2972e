"""Writes the recording rules of counters: ``python -m deploy.prometheus.build``; a test fails while the file is not so.

They count each event once, with the expression of the boards (`deploy.grafana.queries.events_in`).
"""

from __future__ import annotations

from pathlib import Path
from textwrap import indent
from typing import Final

from deploy.grafana.queries import STARTED, aggregate, events_in, restarts_in, starts_in

FILE: Final = Path(__file__).parent / "rules" / "counters.yml"

SPAN: Final = "15m"
STARTS_SPAN: Final = "30m"

EVENTS: Final[dict[str, tuple[str, ...]]] = {
    "firewatch_dead_letters": ("topic", "reason"),
    "firewatch_mentions_counted": (),
    "firewatch_mentions_late": (),
    "firewatch_post_fields_altered": ("field", "outcome"),
    "firewatch_posts_ingested": ("source",),
    "firewatch_posts_rejected": (),
    "firewatch_posts_skipped": ("source",),
    "firewatch_records_lost": ("topic",),
}
"""Counters that alerts look at, and the labels that they keep besides ``job``."""

_HEAD: Final = """\
# Events of some minutes, each counted once: a series is born with its first events, which increase() does
# not see, and one that scrapes missed is not born again. Written by `make rules`.
groups:
  - name: firewatch-counters
    rules:
"""


def rendered() -> str:
    """Return the text of the file."""
    rules = [
        (_name(counter, labels), aggregate("sum", events_in(SPAN, f"{counter}_total"), ", ".join(("job", *labels))))
        for counter, labels in EVENTS.items()
    ]
    rules += [
        (
            f"job_worker:firewatch_starts:increase{STARTS_SPAN}",
            aggregate("sum", starts_in(STARTS_SPAN, f'{STARTED}{{job=~"firewatch.*"}}'), "job, worker"),
        ),
        (
            f"job_worker_reason:firewatch_restarts:increase{STARTS_SPAN}",
            aggregate("sum", restarts_in(STARTS_SPAN), "job, worker, reason"),
        ),
    ]
    return _HEAD + "\n".join(_rule(name, expr) for name, expr in rules)


def _name(counter: str, labels: tuple[str, ...]) -> str:
    """Return a name as Prometheus's conventions have it: level, metric, operation."""
    return f"{'_'.join(('job', *labels))}:{counter}:increase{SPAN}"


def _rule(name: str, expr: str) -> str:
    return f"      - record: {name}\n        expr: |\n{indent(expr, ' ' * 10)}\n"


if __name__ == "__main__":
    FILE.write_text(rendered(), encoding="utf-8")
