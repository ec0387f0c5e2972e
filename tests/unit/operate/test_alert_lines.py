"""Blocks of lines for a terminal: complete, within its width, and unable to control it."""

from __future__ import annotations

from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from streams.operate.alert_lines import print_alert, print_verdict
from streams.records import Alert, SamplePost, TopTerm, Verdict
from tests.support.alerts import START_MS, alert, verdict

NAMES = {"nordtel": "Nordtel"}
WIDTH = 72


def printed(shown: Alert | Verdict, *, is_first: bool = True) -> list[str]:
    console = Console(file=StringIO(), width=WIDTH)
    if isinstance(shown, Alert):
        print_alert(console, shown, NAMES, is_first=is_first)
    else:
        print_verdict(console, shown, NAMES)
    file: Any = console.file
    return str(file.getvalue()).splitlines()


def rich_alert(**changed: Any) -> Alert:
    fields: dict[str, Any] = {
        "top_terms": [TopTerm(term=f"netzausfall{number}", mentions=100 - number, lift=3) for number in range(9)],
        "sources": {"forum": 300, "reviews": 112},
        "languages": {"de": 412},
        "top_author_share": 0.25,
        "window": alert().window.model_copy(update={"authors": 120}),
        "samples": [
            SamplePost(id=str(number), source="forum", url=f"https://forum.example/{number}", negative=1)
            for number in range(5)
        ],
        "generator_url": "https://grafana.example/d/brand",
    }
    return alert(**(fields | changed))


def test_the_first_block_of_an_incident_has_everything_an_operator_needs() -> None:
    lines = printed(rich_alert())
    assert " ".join(lines[0].split()) == "┃ warning Nordtel opened Mon 02 Mar 00:05 UTC"
    assert lines[1] == "┃ Nordtel: 412 mentions in 25 minutes, 81% negative"
    assert lines[2].startswith("┃ netzausfall0 100×   netzausfall1 99×")
    assert lines[3] == "┃ forum 73%, reviews 27% · de 100% · 25% by one author"
    assert lines[4:8] == ["┃ https://grafana.example/d/brand"] + [f"┃ https://forum.example/{n}" for n in range(3)]
    assert lines[8] == "┃ firewatch alerts ack|confirm|false-alarm i1"


@pytest.mark.parametrize(("authors", "shown"), [(1, False), (4, False), (7, False), (8, True), (40, True)])
def test_the_most_active_author_is_named_only_above_an_even_share(authors: int, shown: bool) -> None:
    """Of four mentions by four authors each is a quarter, which says nothing."""
    window = alert().window.model_copy(update={"authors": authors})
    assert ("25% by one author" in "\n".join(printed(rich_alert(window=window)))) == shown


def test_times_are_those_of_the_zone() -> None:
    console = Console(file=StringIO(), width=WIDTH)
    judged = verdict(silence_until_ms=START_MS + 4 * 3_600_000).verdict
    print_alert(console, rich_alert(), NAMES, ZoneInfo("Europe/Berlin"), is_first=True)
    print_verdict(console, judged, NAMES, ZoneInfo("America/New_York"))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "Mon 02 Mar 01:05 CET" in text
    assert "Sun 01 Mar 19:00 EST" in text
    assert "until Sun 01 Mar 23:00 EST" in " ".join(text.split())


def test_later_blocks_have_neither_links_nor_the_command() -> None:
    text = "\n".join(printed(rich_alert(), is_first=False))
    assert "https://" not in text
    assert "firewatch alerts" not in text


def test_posts_whose_texts_an_alert_has_are_shown_whole() -> None:
    long = "Seit Stunden kein Netz in ganz Hamburg, die Hotline ist besetzt, und die App zeigt nur einen weißen Schirm."
    nasty = "\x1b[2J @channel \u202erückwärts 🤷\u200d♀\ufe0f\nzweite Zeile"
    posts = [
        SamplePost(id="1", source="forum", url="https://forum.example/1", text=long, negative=1, copies=3),
        SamplePost(id="2", source="forum", text=nasty, negative=1),
        SamplePost(id="3", source="forum", url="https://forum.example/3", negative=1),
    ]
    for is_first, step in ((True, "open"), (False, "grow")):
        lines = printed(rich_alert(samples=posts, step=step), is_first=is_first)
        joined = " ".join(" ".join(line.removeprefix("┃ ") for line in lines).split())
        shown = f"“{long}” forum, 3 times https://forum.example/1 “[2J @channel rückwärts 🤷\u200d♀\ufe0f zweite Zeile”"
        assert shown in joined
        assert joined.count("https://forum.example/1") == 1
        assert ("https://forum.example/3" in joined) == is_first
        assert not any(character in joined for character in "\x1b\u202e")
    assert "Hamburg" not in " ".join(printed(rich_alert(samples=posts, step="update"), is_first=False))


def test_a_suppressed_incident_shows_the_reason() -> None:
    assert "does not page: spam" in printed(alert(suppressed="spam"))[0]


def test_no_line_is_wider_than_the_terminal_and_none_controls_it() -> None:
    nasty = "x\x1b[2J\ny " * 60
    lines = printed(rich_alert(summary=nasty, brand="b" * 200, fingerprint="f" * 200))
    assert max(map(len, lines)) <= WIDTH
    assert not any("\x1b" in line for line in lines)


def test_a_verdict_names_the_operator_the_incident_the_silence_and_the_note() -> None:
    verdict = Verdict(
        incident="i1", brand="nordtel", verdict="false_alarm", severity="warning", detectors=[], by="anna\x1b",
        note="a joke\x1b[2J", at_ms=START_MS, silence_until_ms=START_MS + 4 * 3_600_000,
    )  # fmt: skip
    text = " ".join(" ".join(printed(verdict)).split())
    assert text == (
        "● Mon 02 Mar 00:00 UTC anna\ufffd marked as a false alarm: Nordtel i1, Nordtel is muted up to warning until "
        "Mon 02 Mar 04:00 UTC “a joke\ufffd[2J”"
    )
