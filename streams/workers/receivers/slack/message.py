"""Messages to Slack: an incident as it is, a step of it, and a verdict on it.

Text from posts (terms, excerpts, names of sources, and the summary made of them) and text of operators goes into
``plain_text``, which can neither mention anyone nor link anywhere. Slack's markup has links and commands of firewatch's
own, with all that comes from outside escaped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from streams.core.wording.formats import Formats
from streams.core.wording.languages import PHRASES
from streams.records import STEPS_WITH_NEW_POSTS, epoch_ms
from streams.workers.receivers.slack.blocks import (
    code,
    context,
    escaped,
    header,
    inert,
    link,
    markup,
    plain,
    section,
    shortened,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from streams.config import Language
    from streams.core.wording.phrases import ChatPhrases
    from streams.records import Alert, SamplePost, Verdict
    from streams.workers.receivers.slack.blocks import Json

TERMS: Final = 6
TEXTS: Final = 3
POST_CHARS: Final = 300
"""Part of a post that is shown; no tweet is longer than 280 characters."""

LINKS: Final = 5
LINE_CHARS: Final = 1_000
NAME_CHARS: Final = 80

SYMBOLS: Final = {"watch": "🟡", "warning": "🟠", "critical": "🔴"}
RESOLVED_SYMBOL: Final = "✅"


class SlackMessage(NamedTuple):
    """A message.

    Parameters
    ----------
    blocks
        The message in a channel of Slack.
    lines
        The same in short for notifications and screen readers, for services with Slack's API that know no blocks, and
        in place of blocks that are refused.
    """

    blocks: list[Json]
    lines: list[str]

    def body(self) -> Json:
        """Return the message as JSON."""
        return {**self.plain_body(), "blocks": self.blocks}

    def plain_body(self) -> Json:
        """Return the message as JSON without blocks and links."""
        text = "\n".join(shortened(line, LINE_CHARS) for line in self.lines)
        return {"text": escaped(text), "mrkdwn": False, "unfurl_links": False, "unfurl_media": False}


class _Wording(NamedTuple):
    """One language: its formats and phrases of alerts, and those of a chat."""

    formats: Formats
    chat: ChatPhrases

    def moment(self, at: datetime) -> str:
        return self.moment_ms(epoch_ms(at))

    def moment_ms(self, ms: int) -> str:
        return self.chat.moment.format(day=self.formats.day(ms), clock=self.formats.clock(ms))


class MessageFormat:
    """Builds messages.

    Parameters
    ----------
    names
        Names of brands by their ids, for alerts of an earlier firewatch, which have none, and for verdicts.
    timezone
        The setting `alerts.timezone`.
    include_texts
        The setting `alerts.include_texts`: whether excerpts of posts are shown.
    """

    def __init__(self, names: Mapping[str, str], timezone: str, *, include_texts: bool) -> None:
        self._names = names
        self._include_texts = include_texts
        self._wordings = {
            language: _Wording(Formats(phrases, timezone), phrases.chat) for language, phrases in PHRASES.items()
        }

    def incident(self, alert: Alert, verdict: Verdict | None = None) -> SlackMessage:
        """Return the message of an incident as it is after a step, with the latest verdict on it if there is one."""
        words = self._wordings[alert.language]
        title = self._title(alert, words)
        blocks = [header(title), *_section(inert(alert.summary)), *self._evidence(alert, TEXTS, words)]
        if verdict is not None:
            given = _verdict(verdict, self._name(alert), words)
            dated = words.chat.dated.format(moment=words.moment_ms(verdict.at_ms), verdict=given)
            blocks.append(context(plain(dated)))
        return _complete(title, alert, blocks, words, verdict)

    def step(self, alert: Alert, verdict: Verdict | None = None) -> SlackMessage:
        """Return the message of a step, complete by itself: a reply in a thread, or a message in the channel."""
        words = self._wordings[alert.language]
        title, step = self._title(alert, words), alert.step or alert.kind
        title += "" if step == "resolve" else f" · {words.formats.phrases.steps[step]}"
        texts = TEXTS if step == "open" else 2 if step in STEPS_WITH_NEW_POSTS else 0
        evidence = self._evidence(alert, texts, words) if texts else ()
        blocks = [header(title), *_section(inert(alert.summary)), *evidence]
        return _complete(title, alert, blocks, words, verdict)

    def verdict(self, verdict: Verdict, alert: Alert | None, language: Language) -> SlackMessage:
        """Return the message of a verdict on an incident.

        Parameters
        ----------
        verdict
            The verdict.
        alert
            The latest step of the incident, None if it is not known.
        language
            Language of the message where there is no step.
        """
        words = self._wordings[alert.language if alert else language]
        name = self._name(alert) if alert else _brief(self._names.get(verdict.brand, verdict.brand))
        line = f"{name}: {_verdict(verdict, name, words)}"
        incident = _incident(alert, words) if alert else _brief(verdict.incident)
        return SlackMessage([*_section(line), context(plain(incident))], [line, incident])

    def _title(self, alert: Alert, words: _Wording) -> str:
        phrases, is_resolved = words.formats.phrases, alert.status == "resolved"
        symbol = RESOLVED_SYMBOL if is_resolved else SYMBOLS[alert.severity]
        parts = [f"{symbol} {self._name(alert)}", phrases.steps["resolve"] if is_resolved else ""]
        parts += [phrases.severities[alert.severity], phrases.summary.labels[alert.label] if alert.label else ""]
        return " · ".join(part for part in parts if part)

    def _name(self, alert: Alert) -> str:
        name = alert.brand_name or self._names.get(alert.brand, alert.brand)
        return _brief(name) or _brief(alert.brand)  # a name may be a link, which is left out

    def _evidence(self, alert: Alert, texts: int, words: _Wording) -> Iterator[Json]:
        """Yield terms, and posts as texts if they are allowed and as links otherwise."""
        terms = [f"{inert(each.shown)} ({words.formats.count(each.mentions)})" for each in alert.top_terms[:TERMS]]
        if terms:
            yield context(plain(words.chat.terms.format(terms=", ".join(terms))))
        posts = [(inert(post.text), post) for post in alert.samples if self._include_texts and post.text]
        shown = [(text, post) for text, post in posts if text]
        for text, post in shown[:texts]:
            yield section(words.chat.quoted.format(text=shortened(text, POST_CHARS)))
            yield _origin(post, words)
        if not shown:
            yield from _links(alert, words)


def _complete(title: str, alert: Alert, blocks: list[Json], words: _Wording, verdict: Verdict | None) -> SlackMessage:
    """Return a message with the incident's id, what to do about it, and the link of the alert."""
    incident, asked = _incident(alert, words), _asked(alert, verdict, words)
    dashboard = link(alert.generator_url, words.chat.dashboard) if alert.generator_url else None
    commands = _commands(alert)
    marked = [asked.format(**{name: code(command) for name, command in commands.items()})] if asked else []
    marked += [dashboard] if dashboard else []
    lines = [title, inert(alert.summary), incident, asked.format(**commands)]
    blocks = [*blocks, context(plain(incident), *map(markup, marked))]
    return SlackMessage(blocks, [line for line in lines if line])


def _asked(alert: Alert, verdict: Verdict | None, words: _Wording) -> str:
    """Return the phrase about a verdict that is missing: whether somebody takes the incident, later what it was."""
    if alert.status == "firing":
        return "" if verdict else words.chat.ack
    return "" if verdict and verdict.verdict != "ack" else words.chat.judge


def _commands(alert: Alert) -> dict[str, str]:
    """Return the command lines that record verdicts."""
    names = {"ack": "ack", "confirm": "confirm", "false_alarm": "false-alarm"}
    return {
        key: f"firewatch alerts {name} {_brief(alert.fingerprint)} -c firewatch.yaml" for key, name in names.items()
    }


def _incident(alert: Alert, words: _Wording) -> str:
    return words.chat.incident.format(id=_brief(alert.fingerprint), moment=words.moment(alert.since))


def _brief(text: str) -> str:
    return shortened(inert(text), NAME_CHARS)


def _verdict(verdict: Verdict, name: str, words: _Wording) -> str:
    chat, note = words.chat, inert(verdict.note or "")
    parts = [chat.verdicts[verdict.verdict].format(by=_brief(verdict.by))]
    if verdict.silence_until_ms is not None:
        severity, until = words.formats.phrases.severities[verdict.severity], words.moment_ms(verdict.silence_until_ms)
        parts.append(chat.muted.format(name=name, severity=severity, until=until))
    parts += [chat.note.format(note=note)] if note else []
    return " ".join(parts)


def _origin(post: SamplePost, words: _Wording) -> Json:
    parts = [_brief(post.source)]
    parts += [words.moment(post.at)] if post.at else []
    parts += [words.chat.copies.format(n=words.formats.count(post.copies))] if post.copies > 1 else []
    opened = link(post.url, words.chat.open_post) if post.url else None
    return context(plain(" · ".join(parts)), *([markup(opened)] if opened else []))


def _links(alert: Alert, words: _Wording) -> Iterator[Json]:
    urls = [post.url for post in alert.samples[:LINKS] if post.url]
    links = [found for n, url in enumerate(urls, 1) if (found := link(url, words.chat.post.format(n=n)))]
    if links:
        yield context(*map(markup, [words.chat.posts.format(link=links[0]), *links[1:]]))


def _section(text: str) -> list[Json]:
    return [section(text)] if text else []
