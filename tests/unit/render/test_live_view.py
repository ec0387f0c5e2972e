"""The live view: what it shows on a terminal of any size, and which lines it prints without one."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from streams.records import SHARE, Alert, SentimentSplit, Window, WindowCounts, WindowScore, utc
from streams.render.live_view import LiveView, Throughput, sparkline

START_MS = 1_772_409_600_000  # Monday 2026-03-02 00:00 UTC
BUCKET_MS = 300_000


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def window(brand: str = "nordtel", index: int = 0, count: int = 10, **changed: Any) -> Window:
    fields: dict[str, Any] = {
        "late": 0, "negative": count * SHARE // 2, "positive": 0, "authors": count, "reposts": 0, "engagement": 0,
        "coverage": 1.0, "scores": {"volume": WindowScore(0.5, count, 8, 2, 20, None)}, "config_version": "c1",
    }  # fmt: skip
    return Window(brand, START_MS + index * BUCKET_MS, BUCKET_MS, count, **(fields | changed))


def alert(brand: str = "nordtel", **changed: Any) -> Alert:
    begin = utc(START_MS)
    fields: dict[str, Any] = {
        "id": "a1", "kind": "open", "status": "firing", "severity": "critical", "suppressed": None, "brand": brand,
        "fingerprint": f"{brand}-1", "starts_at": begin, "at": begin + timedelta(minutes=5), "detectors": {},
        "summary": "Nordtel: 412 mentions in 25 minutes, 81% negative", "top_terms": [], "top_author_share": 0,
        "window": WindowCounts(start=begin, end=begin, mentions=1, authors=1, reposts=0, engagement=0),
        "sentiment": SentimentSplit(negative=1, neutral=0, positive=0), "duplicate_share": 0, "sources": {},
        "languages": {}, "samples": [], "config_version": "c1", "model_version": "m1", "labels": {}, "annotations": {},
    }  # fmt: skip
    return Alert(**(fields | changed))


def screen(view: LiveView, width: int = 100, height: int = 30) -> list[str]:
    console = Console(width=width, height=height, file=io.StringIO())
    console.print(view.screen())
    return printed(console).splitlines()


def terminal(width: int = 100, height: int = 30) -> Console:
    return Console(width=width, height=height, file=io.StringIO(), force_terminal=True, force_interactive=True)


def plain() -> Console:
    return Console(width=80, file=io.StringIO(), force_terminal=False)


def printed(console: Console) -> str:
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def row(lines: list[str], start: str) -> str:
    (line,) = (line for line in lines if line.startswith(start))
    return line


def test_a_brand_is_shown_with_its_last_bucket_share_scores_and_incident() -> None:
    view = LiveView(terminal(), {"nordtel": "Nordtel"})
    view.window(window(count=4, negative=SHARE))
    view.window(window(index=1, count=8, negative=2 * SHARE, scores={"volume": WindowScore(2.5, 8, 2, 0, 4, None)}))
    view.alert(alert())
    lines = screen(view)
    assert row(lines, "Nordtel ").split() == ["Nordtel", "8", "▅█", "25%", "2.50", "critical", "since", "00:00"]
    assert row(lines, "Mon 00:00").split(maxsplit=4)[2:4] == ["critical", "open"]
    assert "Mon 2026-03-02 00:10 UTC" in lines[0]


def test_negative_share_is_that_of_the_last_hour() -> None:
    view = LiveView(terminal(), {"nordtel": "Nordtel"})
    for index in range(24):
        view.window(window(index=index, count=10, negative=(10 if index < 12 else 1) * SHARE))
    assert " 10% " in row(screen(view), "Nordtel")


def test_suppressed_scores_and_incidents_say_so() -> None:
    view = LiveView(terminal(), {"nordtel": "Nordtel"})
    view.window(window(scores={"volume": WindowScore(120.0, 8, 2, 0, 4, "cold_start")}))
    view.alert(alert(suppressed="cold_start", severity="watch"))
    assert "(99+)" in row(screen(view), "Nordtel")
    assert row(screen(view), "Nordtel").rstrip().endswith("watch (cold_start)")


def test_a_resolved_incident_stays_in_the_list() -> None:
    view = LiveView(terminal(), {"nordtel": "Nordtel"})
    view.window(window())
    view.alert(alert())
    view.alert(alert(id="a2", kind="resolve", status="resolved", ends_at=utc(START_MS + 3_600_000)))
    lines = screen(view)
    assert "resolved 01:00" in row(lines, "Nordtel")
    assert "resolved" in row(lines, "Mon 00:00")


def test_a_reopened_incident_is_shown_since_it_was_reopened() -> None:
    view = LiveView(terminal(), {"nordtel": "Nordtel"})
    view.window(window())
    again = utc(START_MS + 7 * 3_600_000)
    counts = WindowCounts(start=again, end=again, mentions=1, authors=1, reposts=0, engagement=0)
    view.alert(alert(kind="update", step="reopen", reopened=1, window=counts, at=again + timedelta(minutes=5)))
    lines = screen(view)
    assert row(lines, "Nordtel ").rstrip().endswith("critical since 07:00")
    assert "critical" in row(lines, "Mon 07:00")


def test_silence_is_no_zero() -> None:
    view = LiveView(terminal(), {"nordtel": "Nordtel"})
    view.window(window())
    view.window(window(index=1, count=0, coverage=0.0))
    assert "no data █·" in row(screen(view), "Nordtel")


@pytest.mark.parametrize(("width", "height"), [(60, 12), (80, 24), (100, 30), (160, 50), (300, 80)])
@pytest.mark.parametrize("brands", [1, 6, 40])
def test_the_screen_fits_the_terminal(width: int, height: int, brands: int) -> None:
    names = {f"b{index}": f"Brand {index} Gesellschaft für Allerlei 株式会社" for index in range(brands)}
    view = LiveView(terminal(width, height), names, metrics="http://127.0.0.1:9403/metrics")
    for brand in names:
        for index in range(100):
            view.window(window(brand, index, count=index))
        view.alert(alert(brand))
    lines = screen(view, width, height)
    assert len(lines) < height
    assert max(map(cell_len, lines)) <= width
    assert "http://127.0.0.1:9403/metrics" in lines[-1]


def test_where_not_all_brands_fit_the_hottest_are_shown_in_their_order() -> None:
    names = {f"b{index:02}": f"b{index:02}" for index in range(40)}
    view = LiveView(terminal(100, 24), names)
    for index, brand in enumerate(names):
        hot = 3.0 if index in {5, 25, 30} else 0.1
        view.window(window(brand, scores={"volume": WindowScore(hot, 1, 1, 0, 2, None)}))
    view.alert(alert("b35"))
    shown = [line.split()[0] for line in screen(view, 100, 24) if line.startswith("b") and line[1].isdigit()]
    assert {"b05", "b25", "b30", "b35"} <= set(shown)
    assert shown == sorted(shown)
    assert any(line.startswith(f"and {40 - len(shown)} calmer") for line in screen(view, 100, 24))


def test_a_terminal_gets_frames_no_faster_than_it_can_be_read() -> None:
    clock, console = Clock(), terminal()
    with LiveView(console, {"nordtel": "Nordtel"}, clock=clock) as view:
        before = printed(console)
        view.window(window())
        assert printed(console) == before
        clock.now = 0.3
        view.tick()
        assert "Nordtel" in printed(console).removeprefix(before)


def test_without_a_terminal_lines_come_at_the_given_pace() -> None:
    clock, console = Clock(), plain()
    with LiveView(console, {"nordtel": "Nordtel"}, every_seconds=5, clock=clock) as view:
        view.window(window())
        view.throughput(Throughput(posts=1_200, posts_per_second=400.4, lag=7))
        assert not printed(console)
        clock.now = 5.0
        view.tick()
        view.tick()
    line = "Mon 2026-03-02 00:05 UTC | 1,200 posts | 400 posts/s | lag 7 | hottest Nordtel: volume 0.50\n"
    assert printed(console) == line * 2  # one by the clock, one at the end


def test_without_a_terminal_each_step_of_an_incident_is_one_line_at_once() -> None:
    console = plain()
    with LiveView(console, {}, clock=Clock()) as view:
        view.alert(alert())
        assert printed(console) == (
            "Mon 2026-03-02 00:05 UTC | incident opened | critical | nordtel | "
            "Nordtel: 412 mentions in 25 minutes, 81% negative\n"
        )
    assert "open incidents 1" in printed(console)


def test_an_error_ends_the_live_screen_and_goes_on() -> None:
    console = terminal()
    with pytest.raises(KeyboardInterrupt), LiveView(console, {"nordtel": "Nordtel"}):
        raise KeyboardInterrupt
    assert printed(console).endswith("\x1b[?25h")  # the cursor is back


def test_texts_cannot_steer_the_terminal() -> None:
    console = plain()
    with LiveView(console, {}, clock=Clock()) as view:
        view.alert(alert(summary="[bold red]x\x1b[2J\r\ny[/]"))
    assert "| [bold red]x�[2J  y[/]\n" in printed(console)
    live = LiveView(terminal(), {"a": "A\x1b]0;title\x07"})
    assert not any("\x1b" in line or "\x07" in line for line in screen(live))


def test_a_sparkline_takes_any_numbers() -> None:
    assert not sparkline([])
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([None, None]) == "··"
    assert sparkline([10**12, 1]) == "█▂"
