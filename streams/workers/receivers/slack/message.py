"""Messages to Slack: an incident as it is, a step of it, and a verdict on it.

Text from posts (terms, excerpts, names of sources, and the summary made of them) and text of operators goes into
``plain_text``, which can neither mention anyone nor link anywhere. Slack's markup has links and commands of firewatch's
own, with all that comes from outside escaped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from streams.records import utc
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
from streams.workers.receivers.slack.phrases import PHRASES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import tzinfo

    from streams.config import Language
    from streams.records import Alert, SamplePost, Verdict
    from streams.workers.receivers.slack.blocks import Json
    from streams.workers.receivers.slack.phrases import SlackPhrases

TERMS: Final = 6
TEXTS: Final = 3
POST_CHARS: Final = 300
"""Part of a post that is shown; nine tweets of ten are shorter."""

LINKS: Final = 5
LINE_CHARS: Final = 1_000
NAME_CHARS: Final = 80

SYMBOLS: Final = {"watch": "🟡", "warning": "🟠", "critical": "🔴"}
RESOLVED_SYMBOL: Final = "✅"

NEWS: Final = frozenset({"escalate", "grow", "reopen"})
"""Steps whose posts are worth reading again."""


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


class MessageFormat:
    """Builds messages.

    Parameters
    ----------
    names
        Names of brands by their ids, for alerts of an earlier firewatch, which have none, and for verdicts.
    zone
        Time zone of times in messages.
    include_texts
        The setting `alerts.include_texts`: whether excerpts of posts are shown.
    """

    def __init__(self, names: Mapping[str, str], zone: tzinfo, *, include_texts: bool) -> None:
        self._names = names
        self._zone = zone
        self._include_texts = include_texts

    def incident(self, alert: Alert, verdict: Verdict | None = None) -> SlackMessage:
        """Return the message of an incident as it is after a step, with the latest verdict on it if there is one."""
        words = PHRASES[alert.language]
        title = self._title(alert, words)
        blocks = [header(title), *_section(inert(alert.summary)), *self._evidence(alert, TEXTS, words)]
        if verdict is not None:
            name = self._name(alert.brand, alert.brand_name)
            at = words.moment(utc(verdict.at_ms), self._zone)
            blocks.append(context(plain(words.verdict_at.format(at, self._verdict(verdict, name, words)))))
        return self._message(title, alert, blocks, words, verdict)

    def step(self, alert: Alert, verdict: Verdict | None = None) -> SlackMessage:
        """Return the message of a step, complete by itself: a reply in a thread, or a message in the channel."""
        words = PHRASES[alert.language]
        title, step = self._title(alert, words), alert.step or alert.kind
        title += "" if step == "resolve" else f" · {words.steps[step]}"
        blocks = [header(title), *_section(self._changed(alert, words)), *_section(inert(alert.summary))]
        texts = TEXTS if step == "open" else 2 if step in NEWS else 0
        blocks += self._evidence(alert, texts, words) if texts else []
        return self._message(title, alert, blocks, words, verdict)

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
        words = PHRASES[alert.language if alert else language]
        name = self._name(verdict.brand, alert.brand_name if alert else None)
        line = self._verdict(verdict, name, words)
        title = f"{name}: {line}"
        blocks = [*_section(title)]
        incident = _short(verdict.incident)
        if alert is not None:
            incident = words.incident.format(incident, words.moment(alert.since, self._zone))
        blocks.append(context(plain(incident)))
        return SlackMessage(blocks, [title, incident])

    def _message(
        self, title: str, alert: Alert, blocks: list[Json], words: SlackPhrases, verdict: Verdict | None = None
    ) -> SlackMessage:
        incident = words.incident.format(_short(alert.fingerprint), words.moment(alert.since, self._zone))
        commands = _commands(alert, words, verdict)
        marked = [markup(commands.format(*map(code, _command_lines(alert))))] if commands else []
        dashboard = link(alert.generator_url, words.dashboard) if alert.generator_url else None
        marked += [markup(dashboard)] if dashboard else []
        blocks = [*blocks, context(plain(incident), *marked)]
        summary = inert(alert.summary)
        lines = [title, summary, incident, commands.format(*_command_lines(alert)) if commands else ""]
        return SlackMessage(blocks, [line for line in lines if line])

    def _title(self, alert: Alert, words: SlackPhrases) -> str:
        is_resolved = alert.status == "resolved"
        symbol = RESOLVED_SYMBOL if is_resolved else SYMBOLS[alert.severity]
        state = f"{words.severities[alert.severity]}"
        parts = [
            f"{symbol} {self._name(alert.brand, alert.brand_name)}",
            *([words.resolved] if is_resolved else []),
            state,
        ]
        return " · ".join(parts + ([words.labels[alert.label]] if alert.label else []))

    def _name(self, brand: str, name: str | None) -> str:
        return shortened(inert(name or self._names.get(brand, brand)), NAME_CHARS)

    def _changed(self, alert: Alert, words: SlackPhrases) -> str:
        """Return the sentence about the differences to the step before, empty if there was none or nothing differs."""
        before = alert.previous
        if before is None:
            return ""
        severities, labels = words.severities, words.labels
        parts = []
        if before.severity != alert.severity:
            parts.append(f"{severities[before.severity]} → {severities[alert.severity]}")
        if before.label != alert.label:
            old, new = (labels[each] if each else words.no_label for each in (before.label, alert.label))
            parts.append(f"{old} → {new}")
        if bool(before.suppressed) != bool(alert.suppressed):
            parts.append(words.suppressed if alert.suppressed else words.pages)
        if before.at >= alert.window.start:  # otherwise the incident was reopened in between, and is counted afresh
            if before.mentions != alert.window.mentions:
                parts.append(words.mentions.format(words.number(before.mentions), words.number(alert.window.mentions)))
            old_share, new_share = words.share(before.negative), words.share(alert.sentiment.negative)
            if old_share != new_share:
                parts.append(words.negative.format(old_share, new_share))
        return words.changed.format(words.moment(before.at, self._zone), ", ".join(parts)) if parts else ""

    def _evidence(self, alert: Alert, texts: int, words: SlackPhrases) -> Iterator[Json]:
        """Yield terms, and posts as texts if they are allowed and as links otherwise."""
        terms = [f"{inert(term.shown)} ({words.number(term.mentions)})" for term in alert.top_terms[:TERMS]]
        if terms:
            yield context(plain(words.terms.format(", ".join(terms))))
        shown = [
            (inert(post.text), post) for post in alert.samples if self._include_texts and post.text and inert(post.text)
        ]
        for text, post in shown[:texts]:
            yield section(words.quoted.format(shortened(text, POST_CHARS)))
            yield self._origin(post, words)
        if not shown:
            posts = enumerate((post.url for post in alert.samples[:LINKS] if post.url), 1)
            if links := [found for number, url in posts if (found := link(url, words.post.format(number)))]:
                yield context(*(markup(part) for part in [words.posts.format(links[0]), *links[1:]]))

    def _origin(self, post: SamplePost, words: SlackPhrases) -> Json:
        parts = [shortened(inert(post.source), NAME_CHARS)]
        if post.at is not None:
            parts.append(words.moment(post.at, self._zone))
        if post.copies > 1:
            parts.append(words.copies.format(words.number(post.copies)))
        opened = link(post.url, words.open_post) if post.url else None
        return context(plain(" · ".join(parts)), *([markup(opened)] if opened else []))

    def _verdict(self, verdict: Verdict, name: str, words: SlackPhrases) -> str:
        by = shortened(inert(verdict.by), NAME_CHARS)
        parts = [words.verdicts[verdict.verdict].format(by)]
        if verdict.silence_until_ms is not None:
            until = words.moment(utc(verdict.silence_until_ms), self._zone)
            severity = words.severities[verdict.severity]
            parts.append(words.muted.format(name=name, severity=severity, until=until))
        if verdict.note and inert(verdict.note):
            parts.append(words.note.format(inert(verdict.note)))
        return " ".join(parts)


def _section(text: str) -> list[Json]:
    return [section(text)] if text else []


def _short(incident: str) -> str:
    return shortened(inert(incident), NAME_CHARS)


def _commands(alert: Alert, words: SlackPhrases, verdict: Verdict | None) -> str:
    """Return the phrase about the command lines, empty if a verdict makes them superfluous."""
    if alert.status == "firing":
        return "" if verdict else words.ack
    return "" if verdict and verdict.verdict != "ack" else words.judge


def _command_lines(alert: Alert) -> list[str]:
    """Return the command lines that record a verdict: of an open incident that it is taken, later what it was."""
    verdicts = ("confirm", "false-alarm") if alert.status == "resolved" else ("ack",)
    return [f"firewatch alerts {verdict} {_short(alert.fingerprint)} -c firewatch.yaml" for verdict in verdicts]
