"""The end of a demo: each event of the simulation, how it was raised, and the incidents that belong to none."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rich.table import Table

from streams.offline.evaluation.figures import CRISES
from streams.offline.evaluation.tables import duration
from streams.offline.incident_matching import LEVELS, brand_events, match, raised
from streams.records import epoch_ms, utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from streams.offline.incident_matching import EventOutcome, IncidentLevel, RaisedIncident
    from streams.records import Alert

ALL_BRANDS: Final = "all brands"

_PAGES: Final[IncidentLevel] = "warning"
"""Level from which an event was taken for a crisis."""


class EventRow(NamedTuple):
    """An event, and the highest level as which it was raised for any brand that it happens to.

    Parameters
    ----------
    kind, brand
        Kind of the event, and the name of its brand or `ALL_BRANDS`.
    onset_ms, end_ms
        Beginning and end, milliseconds since the epoch.
    raised_as, taken_for
        Level and classification.
    after_ms
        Time from the onset until that level was first reached; None if it was not raised.
    """

    kind: str
    brand: str
    onset_ms: int
    end_ms: int
    raised_as: IncidentLevel
    taken_for: str
    after_ms: int | None

    @property
    def is_right(self) -> bool:
        """Return whether a crisis was raised as ``warning`` or above, or something harmless was not."""
        return (self.kind in CRISES) == (LEVELS.index(self.raised_as) >= LEVELS.index(_PAGES))


def event_rows(
    truth: Mapping[str, Any], alerts: Iterable[Alert], names: Mapping[str, str]
) -> tuple[list[EventRow], list[RaisedIncident]]:
    """Return a row for each event in order of time, and the false incidents that page.

    Parameters
    ----------
    truth
        Truth as `streams.offline.simulate` defines it.
    alerts
        Alerts in order of time for each brand.
    names
        Names of brands by their ids.
    """
    outcomes, others = match(brand_events(truth, {}), raised(alerts))
    platform_wide = {
        (event["kind"], _ms(event["onset"]), _ms(event["end"])) for event in truth["events"] if event["brand"] is None
    }
    groups: dict[tuple[str, int, int, str], list[EventOutcome]] = defaultdict(list)
    for outcome in outcomes:
        event = outcome.event
        key = str(event.kind), event.onset_ms, event.end_ms
        brand = ALL_BRANDS if key in platform_wide else names.get(event.brand, event.brand)
        groups[(*key, brand)].append(outcome)
    rows = [_row(*key, found) for key, found in groups.items()]
    rows.sort(key=lambda row: (row.onset_ms, row.brand))
    return rows, [each for each in others if LEVELS.index(each.level) >= LEVELS.index(_PAGES)]


def event_table(rows: Iterable[EventRow]) -> Table:
    """Return the rows as a table for a terminal; where it is narrow, words go on in the next line and none is cut."""
    table = Table(title="truth against alerts")
    for heading in ("event", "brand", "when (UTC)", "raised as", "after", ""):
        table.add_column(heading, no_wrap=heading in {"when (UTC)", "after", ""}, overflow="fold")
    for row in rows:
        label = f", {row.taken_for}" if row.taken_for in {"praise", "spam", "surge", "outage"} else ""
        table.add_row(
            row.kind.replace("_", " "),
            row.brand,
            f"{utc(row.onset_ms):%a %H:%M} to {utc(row.end_ms):%H:%M}",
            f"{row.raised_as}{label}",
            duration(row.after_ms),
            "[green]right[/]" if row.is_right else "[red]wrong[/]",
        )
    return table


def _row(kind: str, onset_ms: int, end_ms: int, brand: str, outcomes: list[EventOutcome]) -> EventRow:
    highest = max(outcomes, key=lambda outcome: LEVELS.index(outcome.raised_as))
    after_ms = highest.delay_ms(highest.raised_as)
    return EventRow(kind, brand, onset_ms, end_ms, highest.raised_as, highest.taken_for, after_ms)


def _ms(iso: str) -> int:
    return epoch_ms(datetime.fromisoformat(iso))
