"""Live sources on a screen."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console

from streams.operate.source_check import CheckedPost, SourceCheck
from streams.operate.source_screen import print_checks, print_sources, sources_table
from streams.operate.source_status import SourceStatus

if TYPE_CHECKING:
    from collections.abc import Callable

NOW: Final = 1_772_409_600_000


def status(**changed: Any) -> SourceStatus:
    fields: dict[str, Any] = {
        "id": "bluesky", "kind": "jetstream", "enabled": True, "reads": "wss://one.example", "state": "catching_up",
        "owner": "node7:4711", "saved_ms": NOW - 1_000, "heard_ms": NOW, "post_ms": NOW - 1_200_000,
        "expected_silence_seconds": 900.0, "behind_ms": 7_200_000, "posts_per_minute": 1_234.56,
        "gaps": [(1, 2, "paused", "")],
    }  # fmt: skip
    return SourceStatus(**(fields | changed))


def lines(show: Any) -> list[str]:
    file = StringIO()
    show(Console(file=file, width=80, color_system=None))
    return [" ".join(line.split()) for line in file.getvalue().splitlines()]


def test_the_table_of_a_status_has_freshness_against_what_is_expected() -> None:
    shown = lines(lambda console: console.print(sources_table([status()], NOW)))
    assert shown[-1] == "bluesky catching up 20 min ago 15 min 1,234.6 2 h 1"
    never = status(state="never read", post_ms=None, posts_per_minute=None, behind_ms=None, gaps=[], owner=None)
    assert lines(lambda console: console.print(sources_table([never], NOW)))[-1] == "bluesky never read none yet 15 min"


def test_a_list_tells_what_is_read_and_by_whom() -> None:
    off = status(id="push", enabled=False, state="off", saved_ms=None, owner=None)
    shown = lines(lambda console: print_sources(console, [status(), off], NOW))
    assert "bluesky jetstream yes wss://one.example catching up 1 s ago node7:4711" in shown
    assert "push jetstream no wss://one.example off none" in shown


def test_nothing_is_cut_in_a_narrow_terminal() -> None:
    def shown(show: Callable[[Console], None]) -> str:
        file = StringIO()
        show(Console(file=file, width=80, force_terminal=True, color_system=None))
        return "".join(file.getvalue().split())

    source = status(id="fediverse-of-nordtel", reads="wss://jetstream.us-east.example/subscribe and 1 more")
    listed = shown(lambda console: print_sources(console, [source], NOW))
    check = SourceCheck("fediverse-of-nordtel", "jetstream", "wss://one.example", "failed", counts={"posts": 3})
    checked = shown(lambda console: print_checks(console, [check]))
    assert all(word in listed for word in ("fediverse-of-nordtel", "jetstream", "catchingup", "node7:4711", "enabled"))
    assert all(word in checked for word in ("fediverse-of-nordtel", "jetstream", "failed", "matching", "behind"))
    assert "…" not in listed + checked


def test_a_check_shows_posts_that_can_t_command_the_terminal() -> None:
    hostile = CheckedPost(NOW, "[red]Nordtel[/red] \x1b[2J" + "x" * 200, ["nordtel"])
    check = SourceCheck(
        "bluesky", "jetstream", "wss://one.example", "good", posts=[hostile, CheckedPost(NOW, "kurz", [])],
        counts={"posts": 30, "matching": 2}, seconds=10.0, behind_ms=1_500, facts={"requests left": "297 of 300"},
    )  # fmt: skip
    failed = SourceCheck("x", "x", "https://api.example", "failed", "the token is wrong")
    shown = lines(lambda console: print_checks(console, [check, failed]))
    assert "bluesky jetstream good 30 2 0 0 180 2 s" in shown
    assert "requests left: 297 of 300" in shown
    (post,) = [line for line in shown if "Nordtel" in line]
    assert post.startswith("02 Mar 00:00:00 UTC nordtel [red]Nordtel[/red] \ufffd[2J")
    assert post.endswith("x…")
    assert "02 Mar 00:00:00 UTC no brand kurz" in shown
    assert "✗ the token is wrong" in shown
