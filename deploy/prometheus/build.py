"""Writes the recording rules of counters, and the page of the runbooks that Prometheus serves.

``python -m deploy.prometheus.build``; a test fails while a file is not as written. The rules count each event once,
with the expression of the boards (`deploy.grafana.queries.events_in`).
"""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import indent
from typing import Final

from markdown_it import MarkdownIt

from deploy.grafana.queries import STARTED, aggregate, events_in, restarts_in, starts_in
from streams.cli.deploy_files import with_links_within

FILE: Final = Path(__file__).parent / "rules" / "counters.yml"

PAGE: Final = Path(__file__).parent / "assets" / "runbooks.html"
RUNBOOKS: Final = Path(__file__).parents[1] / "RUNBOOKS.md"

SPAN: Final = "15m"
STARTS_SPAN: Final = "30m"

EVENTS: Final[dict[str, tuple[str, ...]]] = {
    "firewatch_dead_letters": ("topic", "reason"),
    "firewatch_live_source_errors": ("source",),
    "firewatch_live_source_failures": ("source",),
    "firewatch_live_source_gaps": ("source",),
    "firewatch_mentions_counted": (),
    "firewatch_mentions_late": (),
    "firewatch_post_fields_altered": ("field", "outcome"),
    "firewatch_posts_ingested": ("source",),
    "firewatch_posts_rejected": ("source",),
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


_PAGE: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>firewatch: runbooks</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 1rem auto; padding: 0 1rem; }
pre { background: #f3f3f3; padding: .7rem; overflow-x: auto; }
h2:target { background: #ffe9a8; }
</style>
{body}</html>
"""


def page() -> str:
    """Return the runbooks as HTML that stands alone, with the alerts in lower case as anchors."""
    name = Path(RUNBOOKS.name)
    text = with_links_within({name: RUNBOOKS.read_bytes()})[name].decode()
    body = re.sub(r"<h2>(\w+)</h2>", lambda found: f'<h2 id="{found[1].lower()}">{found[1]}</h2>', _html(text))
    return _PAGE.replace("{body}", body)


def _html(text: str) -> str:
    return str(MarkdownIt("commonmark").render(text))


if __name__ == "__main__":
    FILE.write_text(rendered(), encoding="utf-8")
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
