"""Which of the labels in `social.labels` are believed: refused with a reason, noticed as repeats, or let through.

All of it is a function of the records and the broker's clock, so that reading the latest records again restores it.
"""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson

from detectors.units import HOUR_MS
from streams.core.ingest.event_time import admit
from streams.core.recent import RecentMap
from streams.core.text import language
from streams.core.text.clean import normalise
from streams.errors import RecordError
from streams.records import Label, Verdict, labels_record_from_bytes

if TYPE_CHECKING:
    from streams.config import Config

KNOWN_TEXTS: Final = 2_000
"""Posts whose text is remembered for labels without one: an hour of diligent work by some people; 20 MB of the longest
texts."""

JUDGED_INCIDENTS: Final = 2_000
"""Incidents whose verdicts are remembered."""

MAX_ANNOTATORS: Final = 1_000
"""Annotators heard within an hour; more are invented ones that get around the limit of each."""


class Answer(NamedTuple):
    """A label that is believed.

    Parameters
    ----------
    text
        Normalised.
    lang
        ``de``, ``en`` or ``und``, as a scorer finds it.
    label
        One of `streams.core.sentiment.LABELS`.
    by
        The annotator.
    source
        Where the post was collected.
    """

    text: str
    lang: str
    label: str
    by: str
    source: str


class Feedback:
    """Takes the records of `social.labels` in order.

    Parameters
    ----------
    config
        Sections `ingest` and `sentiment.learn`.
    """

    def __init__(self, config: Config) -> None:
        self._ingest = config.ingest
        self._limit = config.sentiment.learn.max_labels_per_hour
        self._said: RecentMap[int, str] = RecentMap(config.sentiment.learn.recent_labels)
        self._verdicts = _Verdicts()
        self._texts: RecentMap[str, tuple[str, str]] = RecentMap(KNOWN_TEXTS)
        self._hour = -1
        self._of_annotator: Counter[str] = Counter()

    def take(self, value: bytes | None, broker_ms: int) -> Answer | Verdict | None:
        """Judge one record.

        Parameters
        ----------
        value
            Of the record.
        broker_ms
            When the broker took it, milliseconds since the epoch: unlike the label's own time nobody can forge it.

        Returns
        -------
        Answer, Verdict or None
            None for a repeat: the same annotator has given the same post the same label before, or the incident has
            been given the same verdict. A verdict teaches the model nothing.

        Raises
        ------
        RecordError
            With the reasons of `labels_record_from_bytes` and `streams.core.ingest.event_time.admit`, ``too_large``,
            ``text_too_long``, ``empty_text``, ``unknown_post`` (no text, and none was brought lately),
            ``contradiction`` (the annotator has called the post something else: what was learned can't be taken back,
            so the first answer stands), ``over_limit`` (of the annotator), ``too_many_annotators``.
        """
        believed: Label | None = None
        try:
            label = self._read(value, broker_ms)
            if isinstance(label, Verdict):
                return self._verdicts.new(label)
            before = self._said.get(_pair(label))
            if before is not None and before != label.label:
                raise RecordError("contradiction", f"the annotator has called this post {before} before")
            answer = None if before else self._answer(label, broker_ms)
            believed = label
        finally:
            if believed is None:
                self._said.add(None)
            else:
                self._said.put(_pair(believed), believed.label)
        return answer

    def _read(self, value: bytes | None, broker_ms: int) -> Label | Verdict:
        if value is not None and len(value) > self._ingest.max_record_bytes:
            raise RecordError(
                "too_large", f"{len(value)} bytes, over ingest.max_record_bytes={self._ingest.max_record_bytes}"
            )
        label = labels_record_from_bytes(value)
        admit(label.at_ms, broker_ms, self._ingest)
        return label

    def _answer(self, label: Label, broker_ms: int) -> Answer:
        text, lang = self._text(label)
        self._count(label.by, broker_ms)
        return Answer(text, lang, label.label, label.by, label.post.partition(":")[0])

    def _text(self, label: Label) -> tuple[str, str]:
        if label.text is None:
            known = self._texts.get(label.post)
            if known is None:
                raise RecordError("unknown_post", "the label brings no text, and no recent label of its post did")
            return known
        if len(label.text) > self._ingest.max_text_chars:
            raise RecordError(
                "text_too_long",
                f"{len(label.text)} characters, over ingest.max_text_chars={self._ingest.max_text_chars}",
            )
        text = normalise(label.text, self._ingest.max_text_chars)
        if not text:
            raise RecordError("empty_text", "nothing is left of the text")
        known = (text, language.detect(text, label.lang))
        self._texts.put_new(label.post, known)
        return known

    def _count(self, annotator: str, broker_ms: int) -> None:
        hour = broker_ms // HOUR_MS
        if hour != self._hour:
            self._hour = hour
            self._of_annotator.clear()
        if annotator not in self._of_annotator and len(self._of_annotator) == MAX_ANNOTATORS:
            raise RecordError("too_many_annotators", f"{MAX_ANNOTATORS} others have been heard within the hour")
        if self._of_annotator[annotator] >= self._limit:
            raise RecordError(
                "over_limit", f"the annotator has given sentiment.learn.max_labels_per_hour={self._limit} labels"
            )
        self._of_annotator[annotator] += 1


class _Verdicts:
    """What the latest incidents were judged to be."""

    def __init__(self) -> None:
        self._latest: RecentMap[tuple[str, bool], str] = RecentMap(JUDGED_INCIDENTS)

    def new(self, verdict: Verdict) -> Verdict | None:
        """The verdict, or None if the incident has been given the same before; that somebody looks is beside it."""
        key = (verdict.incident, verdict.verdict == "ack")
        if self._latest.get(key) == verdict.verdict:
            return None
        self._latest.put_new(key, verdict.verdict)
        return verdict


def _pair(label: Label) -> int:
    said = orjson.dumps((label.by, label.post))
    return int.from_bytes(blake2b(said, digest_size=8).digest())
