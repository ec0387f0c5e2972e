"""Phrases of messages in a chat that no alert has; `streams.core.wording` has those of alerts, numbers and times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.config import Language
    from streams.records.labels import VerdictValue


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatPhrases:
    """The phrases of one language; names in braces are filled in.

    Parameters
    ----------
    moment
        The ``{clock}`` on a ``{day}``.
    terms
        The ``{terms}`` that stand out, and how often they occur.
    quoted, copies, open_post
        The ``{text}`` of a post, the number ``{n}`` of posts with it, and the link to it.
    posts, post
        Links to posts, the first with the words before it, and the link to the post of a number ``{n}``.
    incident
        The ``{id}`` of an incident, and the ``{moment}`` since when there is one.
    ack, judge
        The command line ``{ack}`` that records that somebody has taken an open incident, and those that record whether
        one that is over was real (``{confirm}``) or none (``{false_alarm}``).
    dashboard
        The link of an alert.
    verdicts, muted, note
        A verdict ``{by}`` an operator, a silence of the brand (``{name}``) up to a ``{severity}`` ``{until}`` a moment,
        and the operator's ``{note}``.
    dated
        A verdict with its ``{moment}``.
    """

    moment: str
    terms: str
    quoted: str
    copies: str
    open_post: str
    posts: str
    post: str
    incident: str
    ack: str
    judge: str
    dashboard: str
    verdicts: Mapping[VerdictValue, str]
    muted: str
    note: str
    dated: str


CHAT_PHRASES: Final[Mapping[Language, ChatPhrases]] = {
    "en": ChatPhrases(
        moment="{day}, {clock}",
        terms="Words that stand out: {terms}",
        quoted="“{text}”",
        copies="{n} times",
        open_post="open post",
        posts="Posts: {link}",
        post="post {n}",
        incident="Incident {id}, since {moment}",
        ack="Take it: {ack}",
        judge="Confirm: {confirm} · Report a false alarm: {false_alarm}",
        dashboard="Dashboard",
        verdicts={
            "ack": "{by} is looking into it.",
            "confirmed": "{by} confirms the incident.",
            "false_alarm": "{by} reports a false alarm.",
        },
        muted="{name} is muted up to “{severity}” until {until}.",
        note="Note: “{note}”",
        dated="{moment}: {verdict}",
    ),
    "de": ChatPhrases(
        moment="{day}, {clock}",
        terms="Auffällige Begriffe: {terms}",
        quoted="„{text}“",
        copies="{n}-mal",
        open_post="Beitrag öffnen",
        posts="Beiträge: {link}",
        post="Beitrag {n}",
        incident="Vorfall {id}, seit {moment}",
        ack="Übernehmen: {ack}",
        judge="Bestätigen: {confirm} · Fehlalarm melden: {false_alarm}",
        dashboard="Dashboard",
        verdicts={
            "ack": "{by} kümmert sich darum.",
            "confirmed": "{by} bestätigt den Vorfall.",
            "false_alarm": "{by} meldet einen Fehlalarm.",
        },
        muted="Bis zum {until}, ist {name} bis zur Stufe „{severity}“ stummgeschaltet.",
        note="Anmerkung: „{note}“",
        dated="{moment}: {verdict}",
    ),
}
