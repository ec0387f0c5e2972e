"""Messages to Slack: what they show, in both languages, within the limits, and without markup of other people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from streams.cli import cli
from streams.cli.alerts import alerts
from streams.records import SamplePost, SentimentSplit, TopTerm, utc
from streams.workers.receivers.slack.message import MessageFormat
from tests.support.alerts import START_MS, alert, verdict
from tests.support.block_kit import block_problems, units

if TYPE_CHECKING:
    from streams.records import Alert
    from streams.workers.receivers.slack.message import SlackMessage

NAMES = {"nordtel": "Nordtel"}
FORM = MessageFormat(NAMES, "Europe/Berlin", include_texts=True)
START = utc(START_MS)
LINK = "https://grafana.example/d/firewatch-brand?var-brand=nordtel"


def post(number: int, text: str | None, **changed: Any) -> SamplePost:
    fields: dict[str, Any] = {"id": str(number), "source": "forum", "url": f"https://forum.example/{number}"}
    return SamplePost(**(fields | {"text": text, "negative": 1.0, "at": START} | changed))


def storm(**changed: Any) -> Alert:
    fields: dict[str, Any] = {
        "severity": "critical", "label": "crisis", "generator_url": LINK, "language": "de", "step": "open",
        "summary": "Nordtel, Krise: 412 Beiträge in 25 Min., 81 % negativ.",
        "top_terms": [
            TopTerm(term="netz", spelling="Netz", mentions=1_182, lift=9),
            TopTerm(term="#NordtelDown", mentions=95, lift=50),
        ],
        "samples": [
            post(1, "Seit Stunden kein Netz, was ist da los?", copies=3),
            post(2, "Hotline? Besetzt. Danke für nichts."),
            post(3, "Ich kündige."),
            post(4, "Der vierte Beitrag"),
        ],
    }  # fmt: skip
    return alert(**(fields | changed))


def shown(message: SlackMessage) -> list[str]:
    """Return the lines that a reader sees, a line for each block."""
    lines = []
    for block in message.body()["blocks"]:
        texts = [block["text"]] if "text" in block else block["elements"]
        lines.append(" | ".join(text["text"] for text in texts))
    return lines


def of_kind(kind: str, part: Any) -> list[str]:
    """Return the text of all text objects of a type."""
    if isinstance(part, list):
        return [found for each in part for found in of_kind(kind, each)]
    if not isinstance(part, dict):
        return []
    own = [part["text"]] if part.get("type") == kind else []
    return own + [found for each in part.values() for found in of_kind(kind, each)]


def test_an_incident_shows_name_topic_texts_id_and_how_to_acknowledge_it() -> None:
    assert shown(FORM.incident(storm())) == [
        "🔴 Nordtel · kritisch · Krise",
        "Nordtel, Krise: 412 Beiträge in 25 Min., 81 % negativ.",
        "Auffällige Begriffe: Netz (1.182), #NordtelDown (95)",
        "„Seit Stunden kein Netz, was ist da los?“",
        "forum · 2. März 2026, 01:00 MEZ · 3-mal | <https://forum.example/1|Beitrag öffnen>",
        "„Hotline? Besetzt. Danke für nichts.“",
        "forum · 2. März 2026, 01:00 MEZ | <https://forum.example/2|Beitrag öffnen>",
        "„Ich kündige.“",
        "forum · 2. März 2026, 01:00 MEZ | <https://forum.example/3|Beitrag öffnen>",
        f"Vorfall i1, seit 2. März 2026, 01:00 MEZ | Übernehmen: `firewatch alerts ack i1 -c firewatch.yaml` | "
        f"<{LINK}|Dashboard>",
    ]


def test_an_incident_in_english() -> None:
    got = shown(FORM.incident(storm(language="en", summary="Nordtel, crisis: 412 mentions in 25 minutes.")))
    assert got[0] == "🔴 Nordtel · critical · crisis"
    assert got[2:5] == [
        "Words that stand out: Netz (1,182), #NordtelDown (95)",
        "“Seit Stunden kein Netz, was ist da los?”",
        "forum · 2 Mar 2026, 01:00 CET · 3 times | <https://forum.example/1|open post>",
    ]
    assert got[-1].startswith("Incident i1, since 2 Mar 2026, 01:00 CET | Take it: `firewatch alerts ack i1 ")


def test_without_texts_posts_are_linked() -> None:
    allowed = shown(FORM.incident(storm(samples=[post(1, None), post(2, None, url=None), post(3, None)])))
    refused = shown(MessageFormat(NAMES, "UTC", include_texts=False).incident(storm()))
    assert allowed[3] == "Beiträge: <https://forum.example/1|Beitrag 1> | <https://forum.example/3|Beitrag 2>"
    assert refused[3].count("https://forum.example/") == 4
    assert not any("kein Netz" in line for line in refused)


def test_a_brand_is_shown_by_its_name_in_the_alert_or_in_the_config_and_else_by_its_id() -> None:
    new = storm(brand="new", brand_name="Neu & Söhne")  # added after the bridge was started
    assert shown(FORM.incident(new))[0].startswith("🔴 Neu & Söhne · ")
    assert shown(FORM.verdict(verdict(brand="new").verdict, new, "en"))[0].startswith("Neu & Söhne: ")
    assert shown(FORM.incident(storm()))[0].startswith("🔴 Nordtel · ")
    assert shown(FORM.incident(storm(brand="gone")))[0].startswith("🔴 gone · ")


def test_a_brand_named_like_a_link_is_shown_by_its_id() -> None:
    assert shown(FORM.incident(storm(brand_name="www.nordtel.example")))[0] == "🔴 nordtel · kritisch · Krise"


def test_the_command_to_acknowledge_is_one_of_firewatch() -> None:
    for kind, verdicts in (("open", ["ack"]), ("resolve", ["confirm", "false-alarm"])):
        commands = re.findall("`firewatch alerts ([^`]*)`", shown(FORM.incident(storm(kind=kind)))[-1])
        assert [command.split()[0] for command in commands] == verdicts
        for name, *arguments in map(str.split, commands):
            parent = click.Context(alerts, click.Context(cli, **cli.context_settings))
            assert alerts.commands[name].make_context(name, arguments, parent).params["id"] == "i1"


@pytest.mark.parametrize(
    ("step", "severity", "title", "texts"),
    [
        ("open", "watch", "🟡 Nordtel · Beobachtung · Krise · eröffnet", 3),
        ("escalate", "critical", "🔴 Nordtel · kritisch · Krise · verschärft", 2),
        ("grow", "warning", "🟠 Nordtel · Warnung · Krise · gewachsen", 2),
        ("update", "warning", "🟠 Nordtel · Warnung · Krise · geändert", 0),
    ],
)
def test_a_step_is_named_in_the_title_and_shows_posts_where_there_are_new_ones(
    step: str, severity: str, title: str, texts: int
) -> None:
    got = shown(FORM.step(storm(kind="open" if step == "open" else "update", step=step, severity=severity)))
    assert got[:2] == [title, "Nordtel, Krise: 412 Beiträge in 25 Min., 81 % negativ."]
    assert sum(line.startswith("„") for line in got) == texts
    assert "firewatch alerts ack i1" in got[-1]


def test_a_resolved_incident_asks_what_it_was_until_a_verdict_says_so() -> None:
    over = storm(kind="resolve", step="resolve")
    asks = "Bestätigen: `firewatch alerts confirm i1 -c firewatch.yaml` · Fehlalarm melden: `firewatch alerts false-"
    assert shown(FORM.incident(over))[0] == "✅ Nordtel · abgeklungen · kritisch · Krise"
    assert asks in shown(FORM.incident(over))[-1]
    assert asks in shown(FORM.incident(over, verdict().verdict))[-1]
    assert asks not in shown(FORM.incident(over, verdict(verdict="confirmed").verdict))[-1]


def test_the_title_of_an_end_says_so_once_and_that_of_another_step_after_it_names_the_step() -> None:
    over = storm(kind="resolve", step="resolve")
    assert shown(FORM.step(over))[0] == "✅ Nordtel · abgeklungen · kritisch · Krise"
    corrected = over.model_copy(update={"step": "correct"})
    assert shown(FORM.step(corrected))[0] == "✅ Nordtel · abgeklungen · kritisch · Krise · berichtigt"


def test_notifications_and_services_without_blocks_get_the_lines_that_matter() -> None:
    assert FORM.incident(storm()).body()["text"].splitlines() == [
        "🔴 Nordtel · kritisch · Krise",
        "Nordtel, Krise: 412 Beiträge in 25 Min., 81 % negativ.",
        "Vorfall i1, seit 2. März 2026, 01:00 MEZ",
        "Übernehmen: firewatch alerts ack i1 -c firewatch.yaml",
    ]


def test_an_incident_that_someone_has_taken_says_so_and_asks_no_more() -> None:
    got = shown(FORM.incident(storm(), verdict().verdict))
    assert got[-2] == "2. März 2026, 01:00 MEZ: anna kümmert sich darum."
    assert "firewatch alerts ack" not in got[-1]
    assert "firewatch alerts ack" not in shown(FORM.step(storm(), verdict().verdict))[-1]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "de",
            "Nordtel: anna meldet einen Fehlalarm. Bis zum 2. März 2026, 05:00 MEZ, ist Nordtel bis zur Stufe "
            "„Warnung“ stummgeschaltet. Anmerkung: „Wartung @\u2060channel“",
        ),
        (
            "en",
            "Nordtel: anna reports a false alarm. Nordtel is muted up to “warning” until 2 Mar 2026, 05:00 CET. "
            "Note: “Wartung @\u2060channel”",
        ),
    ],
)
def test_a_verdict_says_who_what_and_until_when(language: str, expected: str) -> None:
    false_alarm = verdict(
        verdict="false_alarm", silence_until_ms=START_MS + 4 * 3_600_000, note="Wartung\n@channel"
    ).verdict
    got = shown(FORM.verdict(false_alarm, storm(language=language), "en"))
    assert got[0] == expected
    assert shown(FORM.verdict(verdict().verdict, None, "de")) == ["Nordtel: anna kümmert sich darum.", "i1"]


NASTY = "<!channel> <https://evil.example|click> & *bold* :fire: @here \u202ereversed"


def test_nobody_is_mentioned_and_nothing_linked_by_what_people_write() -> None:
    posts = [post(1, NASTY, source=NASTY, url="https://bank.example@evil.example/"), post(2, None, url="http://[")]
    attacked = storm(
        summary=NASTY,
        brand=NASTY,
        fingerprint=NASTY,
        samples=posts,
        top_terms=[TopTerm(term=NASTY, mentions=1, lift=1)],
    )
    judged = verdict(incident=NASTY, brand="x", by=NASTY, note=NASTY).verdict
    for message in (FORM.incident(attacked, judged), FORM.step(attacked), FORM.verdict(judged, attacked, "de")):
        marked = [*of_kind("mrkdwn", message.blocks), message.body()["text"], message.plain_body()["text"]]
        for text in marked:
            assert "<!" not in text
            assert "evil.example" not in text
        for text in marked + of_kind("plain_text", message.blocks):
            assert "@here" not in text
            assert "\u202e" not in text
        assert message.body()["unfurl_links"] is message.body()["unfurl_media"] is message.body()["mrkdwn"] is False
        assert block_problems(message.blocks) == []


@given(st.text(max_size=5_000), st.text(max_size=2_000), st.integers(min_value=0, max_value=20))
def test_every_message_keeps_to_the_limits_of_slack(long: str, short: str, count: int) -> None:
    posts = [post(number, short or None, source=short or "x", url=short or None) for number in range(count)]
    terms = [TopTerm(term=short, mentions=1, lift=1)] * count
    full = storm(
        brand=short, fingerprint=long, summary=long, samples=posts, top_terms=terms, step="grow",
        kind="update", generator_url=short or None,
        sentiment=SentimentSplit(negative=1, neutral=0, positive=0),
    )  # fmt: skip
    judged = verdict(by=short or "x", note=short[:1_000]).verdict
    for message in (FORM.incident(full, judged), FORM.step(full), FORM.verdict(judged, full, "en")):
        assert block_problems(message.blocks) == []
        for block in Block.parse_all(message.blocks):
            block.validate_json()
        assert 0 < units(message.body()["text"]) <= 5 * 4_000  # an escape has five characters at most
        assert "blocks" not in message.plain_body()
