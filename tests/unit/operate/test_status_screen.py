"""The screen of `firewatch status`."""

from __future__ import annotations

from io import StringIO
from typing import Any

from rich.console import Console

from streams.operate.status import Freshness, IncidentStatus, ModelStatus, Status, WorkerStatus
from streams.operate.status_screen import ROWS, print_status

NOW_MS = 1_772_409_600_000  # Monday 2026-03-02 00:00 UTC
MINUTE_MS = 60_000


def incident(**changed: Any) -> IncidentStatus:
    fields: dict[str, Any] = {
        "fingerprint": "i1", "brand": "nordtel", "severity": "warning", "status": "firing", "label": None,
        "suppressed": None, "starts_at": "2026-03-01T21:00:00+00:00",
        "since": "2026-03-01T23:00:00+00:00", "ends_at": None, "summary": "412 mentions",
        "verdict": None, "by": None,
    }  # fmt: skip
    return IncidentStatus(**(fields | changed))


def state(**changed: Any) -> Status:
    fields: dict[str, Any] = {
        "workers": [WorkerStatus("score", 2, "Stable", "social.posts", 1_234)],
        "dead_letters": {"social.posts.dlq": 7},
        "freshness": Freshness(NOW_MS - 3 * MINUTE_MS, NOW_MS - 5 * MINUTE_MS, NOW_MS - 15 * MINUTE_MS),
        "models": {"fast": ModelStatus(3, NOW_MS, 1_200, 0.61), "best": None},
    }
    return Status("kafka:9092", NOW_MS, "c1", **(fields | changed))


def screen(found: Status, *, is_terminal: bool = False) -> str:
    file = StringIO()
    console = Console(file=file, width=110, force_terminal=is_terminal, color_system=None)
    print_status(console, found, {"nordtel": "Nordtel"})
    return "\n".join(" ".join(line.split()) for line in file.getvalue().splitlines())


def test_a_healthy_service_without_incidents() -> None:
    shown = screen(state())
    assert "all well" in shown
    assert "score 2 social.posts 1,234" in shown
    assert "newest post arrived 3 min ago, written Sun 01 Mar 23:55 UTC" in shown
    assert "detection buckets up to Sun 01 Mar 23:45 UTC closed, 10 min behind the newest post" in shown
    assert "fast model version 3 of Mon 02 Mar 00:00 UTC, 1,200 labels, macro-F1 0.61" in shown
    assert "best model the weights of the config, since none has been published" in shown
    assert "dead letters social.posts.dlq 7" in shown
    assert "no incidents in the last 7 days" in shown


def test_problems_are_counted_and_listed() -> None:
    shown = screen(state(problems=["no score worker runs"]))
    assert "1 problem " in shown
    assert "✗ no score worker runs" in shown


def test_a_state_without_workers_is_its_problems_alone() -> None:
    shown = screen(state(workers=[], problems=["topics are missing"]))
    assert "✗ topics are missing" in shown
    assert "newest post" not in shown


def test_a_service_without_data_says_so() -> None:
    shown = screen(state(workers=[WorkerStatus("score", 0, "Empty", "social.posts", None)], freshness=Freshness()))
    assert "score 0 social.posts never ran" in shown
    assert "newest post none yet" in shown
    assert "detection no bucket closed yet" in shown


def test_firing_and_resolved_incidents_have_their_verdicts_and_control_no_terminal() -> None:
    resolved = incident(status="resolved", summary="over\x1b[2J", verdict="false_alarm", by="anna")
    shown = screen(state(firing=[incident()], latest=[resolved]))
    assert "warning Sun 01 Mar 23:00 Nordtel i1 412 mentions" in shown
    assert "warning Sun 01 Mar 23:00 Nordtel i1 false alarm: anna over\ufffd[2J" in shown


def test_firing_incidents_that_do_not_fit_are_counted() -> None:
    many = state(firing=[incident()] * (ROWS + 2))
    shown = screen(many, is_terminal=True)
    assert shown.count("412 mentions") == ROWS
    assert "and 2 more firing" in shown
    assert screen(many).count("412 mentions") == ROWS + 2


def test_without_a_terminal_ids_and_texts_are_whole_and_a_line_each() -> None:
    """Piped into a file or a chat, texts were cut at 80 columns, and no id was there to acknowledge by."""
    long = incident(fingerprint="5f0c1111aaaabbbb", summary="Nordtel, crisis: " + "very long " * 40 + "end\nof it")
    found = state(firing=[long], problems=["x" * 300])
    piped = screen(found)
    (line,) = [line for line in piped.splitlines() if "5f0c1111aaaabbbb" in line]
    assert line.endswith("very long end of it")
    assert f"✗ {'x' * 300}" in piped
    assert "\x1b" not in piped
    assert "5f0c1111 " in screen(found, is_terminal=True)


def test_posts_that_were_treated_in_a_particular_way_are_counted() -> None:
    assert "posts skipped" not in screen(state())
    shown = screen(state(left_out={"skipped": 3, "coarse times": 1_200}))
    assert "posts skipped 3, coarse times 1,200 since the workers of this machine started" in shown


def test_a_broken_config_has_no_version() -> None:
    found = state()
    found.config_version = None
    assert "config broken" in screen(found)


def test_learned_states_that_were_dropped_are_shown() -> None:
    assert "learned states" not in screen(state())
    dropped = {"outdated_snapshot": 3, "other_kind": 1}
    expected = "learned states 4 dropped in the last 7 days: other_kind 1, outdated_snapshot 3"
    assert expected in screen(state(dropped_states=dropped))
    assert "learned states unknown: the dead letters can't be read" in screen(state(dropped_states=None))
