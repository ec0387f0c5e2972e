"""The live view of the demo: a screen of brands, incidents and throughput on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from detectors.units import HOUR_MS, MINUTE_MS
from streams.core.text.clean import printable
from streams.core.wording.english import ENGLISH
from streams.records import SHARE, utc
from streams.render.severity_styles import SEVERITY_STYLES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from rich.console import Console, RenderableType

    from streams.records import Alert, Window, WindowScore

FRAME_SECONDS: Final = 0.25
HEAT_FROM: Final = 0.7
LARGEST_SHOWN: Final = 99.0
BLOCKS: Final = "▁▂▃▄▅▆▇█"
GAP: Final = 1
"""Blanks between two columns of a table."""

HISTORY: Final = 80
"""Buckets kept for each brand: the largest width of the sparkline."""


class Throughput(NamedTuple):
    """Progress of the workers: posts read so far, current posts per second, records not yet consumed."""

    posts: int
    posts_per_second: float
    lag: int


@dataclass(slots=True)
class _Brand:
    name: str
    windows: deque[Window] = field(default_factory=lambda: deque(maxlen=HISTORY))
    alert: Alert | None = None

    @property
    def scores(self) -> dict[str, WindowScore]:
        return self.windows[-1].scores if self.windows else {}

    @property
    def heat(self) -> tuple[bool, float]:
        """Rank of the brand where not all brands fit: by an open incident first, then by the highest score."""
        is_open = self.alert is not None and self.alert.status == "firing"
        return is_open, max((score.value for score in self.scores.values() if not score.shadow), default=0.0)

    @property
    def negative_share(self) -> float | None:
        """Share of negative mentions in the last hour of event time; None without mentions."""
        since = self.windows[-1].start_ms - HOUR_MS if self.windows else 0
        hour = [window for window in self.windows if window.start_ms > since]
        count = sum(window.count for window in hour)
        return sum(window.negative for window in hour) / SHARE / count if count else None


class LiveView:
    """A view of the pipeline that is updated with windows, alerts and throughput, and redrawn at a limited rate.

    Parameters
    ----------
    console
        Where it is shown: a terminal gets the live screen, anything else plain lines.
    names
        Displayed name of each brand id, in the order of display.
    metrics
        Addresses of the metrics, for the footer.
    every_seconds
        Seconds between two plain lines.
    clock
        Returns seconds; limits the rate of redrawing only.

    Examples
    --------
    >>> from rich.console import Console
    >>> with LiveView(Console(width=100), {"nordtel": "Nordtel"}) as view:
    ...     view.throughput(Throughput(posts=1200, posts_per_second=400.0, lag=7))
    waiting for the first bucket | 1,200 posts | 400 posts/s | lag 7
    """

    def __init__(
        self,
        console: Console,
        names: Mapping[str, str],
        *,
        metrics: str = "",
        every_seconds: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._metrics = metrics
        self._clock = clock
        self._brands = {brand: _Brand(printable(name)) for brand, name in names.items()}
        self._incidents: dict[str, Alert] = {}
        self._throughput = Throughput(0, 0.0, 0)
        self._event_ms = -1
        self._live = (
            Live(console=console, auto_refresh=False, vertical_overflow="crop") if console.is_interactive else None
        )
        self._pause = FRAME_SECONDS if self._live else every_seconds
        self._shown_at = clock()

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._show()
        if self._live:
            self._live.stop()

    def window(self, window: Window) -> None:
        """Add a closed bucket of a brand."""
        self._brand(window.brand).windows.append(window)
        self._event_ms = max(self._event_ms, window.start_ms + window.length_ms)
        self.tick()

    def alert(self, alert: Alert) -> None:
        """Add a step of an incident."""
        self._brand(alert.brand).alert = alert
        self._incidents[alert.fingerprint] = alert
        if self._live is None:
            self._line(_step(alert))
        self.tick()

    def throughput(self, throughput: Throughput) -> None:
        """Set the throughput of the workers."""
        self._throughput = throughput
        self.tick()

    def tick(self) -> None:
        """Redraw if it is due; call this regularly while nothing arrives."""
        if self._clock() - self._shown_at >= self._pause:
            self._show()

    def _show(self) -> None:
        self._shown_at = self._clock()
        if self._live:
            self._live.update(self.screen(), refresh=True)
        else:
            self._line(self._status())

    def _line(self, text: str) -> None:
        self._console.print(Text(printable(text)), soft_wrap=True)

    def _brand(self, brand: str) -> _Brand:
        if brand not in self._brands:
            self._brands[brand] = _Brand(printable(brand))
        return self._brands[brand]

    def _status(self) -> str:
        parts = [self._event_time(), *self._rates()]
        hottest = max(self._brands.values(), key=lambda brand: brand.heat[1], default=None)
        if hottest is not None and hottest.scores:
            detector, score = max(hottest.scores.items(), key=lambda item: item[1].value)
            parts.append(f"hottest {hottest.name}: {detector} {_score(score.value)}")
        open_incidents = sum(alert.status == "firing" for alert in self._incidents.values())
        if open_incidents:
            parts.append(f"open incidents {open_incidents}")
        return " | ".join(parts)

    def _event_time(self) -> str:
        return f"{utc(self._event_ms):%a %Y-%m-%d %H:%M} UTC" if self._event_ms >= 0 else "waiting for the first bucket"

    def _rates(self) -> list[str]:
        posts, rate, lag = self._throughput
        return [f"{posts:,} posts", f"{rate:,.0f} posts/s", f"lag {lag:,}"]

    def screen(self) -> RenderableType:
        """Return the live screen for the current size of the console."""
        title = ("firewatch", "bold")
        header = Text.assemble(title, "   ", (self._event_time(), "cyan"), "   ", "   ".join(self._rates()))
        footer = Text(f"metrics {self._metrics}" if self._metrics else "", style="dim")
        for line in (header, footer):
            line.truncate(self._console.width, overflow="ellipsis")
        room = self._console.height - 7  # header, footer, a table's head and rule, two blank lines, the cursor's line
        incident_rows = min(len(self._incidents), max(3, room - 3 - len(self._brands))) if room >= 8 else 0
        if not incident_rows:
            return Group(header, "", self._brand_table(room), "", footer)
        incidents = self._incident_table(incident_rows)
        return Group(header, "", self._brand_table(room - 3 - incident_rows), "", incidents, "", footer)

    def _brand_table(self, rows: int) -> Table:
        shown = list(self._brands.values())
        hidden = max(0, len(shown) - rows)
        if hidden:
            hidden += 1
            hottest = sorted(self._brands, key=lambda brand: self._brands[brand].heat, reverse=True)[: max(0, rows - 1)]
            shown = [self._brands[brand] for brand in self._brands if brand in hottest]
        detectors = list(dict.fromkeys(name for brand in self._brands.values() for name in brand.scores))
        minutes = max((brand.windows[-1].length_ms for brand in shown if brand.windows), default=0) / MINUTE_MS
        brand_width = min(max((cell_len(brand.name) for brand in shown), default=0), max(10, self._console.width // 6))
        widths = [max(13, brand_width), 9, 0, 5, *[7] * len(detectors), 21]
        widths[2] = min(HISTORY, max(6, self._console.width - sum(widths) - GAP * (len(widths) - 1)))
        lately = f"last {minutes * widths[2] / 60:.1f} h" if minutes and widths[2] > 9 else ""
        heads = ["brand", f"in {minutes:g} min" if minutes else "posts", lately, "neg.", *detectors, "incident"]
        table = _table()
        for index, (head, width) in enumerate(zip(heads, widths, strict=True)):
            is_text = index in {0, 2, len(heads) - 1}
            table.add_column(printable(head), width=width, justify="left" if is_text else "right", no_wrap=True)
        for brand in shown:
            counts = [window.count if window.coverage else None for window in brand.windows]
            share = brand.negative_share
            table.add_row(
                Text(brand.name),
                Text(_count(counts)),
                Text(sparkline(counts[-widths[2] :]), style="cyan"),
                Text("-" if share is None else f"{share:.0%}"),
                *(_score_cell(brand.scores.get(name)) for name in detectors),
                _incident_cell(brand.alert),
            )
        if hidden:
            table.add_row(Text(f"and {hidden} calmer", style="dim"))
        return table

    def _incident_table(self, rows: int) -> Table:
        table = _table()
        for head, width in (("since", 9), ("severity", 8), ("state", 8), ("what", self._console.width - 25 - 3 * GAP)):
            table.add_column(head, width=width, no_wrap=True)
        newest = sorted(self._incidents.values(), key=lambda alert: alert.since, reverse=True)
        for alert in newest[:rows]:
            quiet = "dim" if alert.suppressed or alert.status == "resolved" else ""
            table.add_row(
                Text(f"{alert.since:%a %H:%M}", style=quiet),
                Text(alert.severity, style=quiet or SEVERITY_STYLES[alert.severity]),
                Text("open" if alert.status == "firing" else "resolved", style=quiet),
                Text(printable(alert.summary), style=quiet),
            )
        return table


def sparkline(counts: list[int | None]) -> str:
    """Return one block for each count: the highest for the largest, the lowest for zero only; a dot for no data (None).

    >>> sparkline([0, 1, None, 4, 8])
    '▁▂·▅█'
    """
    largest = max((count for count in counts if count), default=1)
    return "".join("·" if count is None else BLOCKS[-(-count * 7 // largest)] for count in counts)


def _table() -> Table:
    return Table(box=SIMPLE_HEAD, show_edge=False, padding=0, border_style="dim", header_style="bold")


def _count(counts: list[int | None]) -> str:
    if not counts:
        return "-"
    return "no data" if counts[-1] is None else f"{counts[-1]:,}"


def _score(value: float) -> str:
    return f"{value:.2f}" if value < LARGEST_SHOWN else f"{LARGEST_SHOWN:.0f}+"


def _score_cell(score: WindowScore | None) -> Text:
    if score is None:
        return Text("-")
    if score.suppressed:
        return Text(f"({_score(score.value)})", style="dim")
    style = "bold red" if score.value >= 1 else "yellow" if score.value >= HEAT_FROM else ""
    return Text(_score(score.value), style=style)


def _incident_cell(alert: Alert | None) -> Text:
    if alert is None:
        return Text()
    if alert.status == "resolved":
        return Text(f"resolved {alert.ends_at:%H:%M}" if alert.ends_at else "resolved", style="dim")
    if alert.suppressed:
        return Text(f"{alert.severity} ({alert.suppressed})", style="dim")
    return Text(f"{alert.severity} since {alert.since:%H:%M}", style=SEVERITY_STYLES[alert.severity])


def _step(alert: Alert) -> str:
    word = ENGLISH.steps[alert.step or alert.kind]
    return f"{alert.at:%a %Y-%m-%d %H:%M} UTC | incident {word} | {alert.severity} | {alert.brand} | {alert.summary}"
