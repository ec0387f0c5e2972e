"""Validate the records of `social.labels`: accept them, skip repetitions, and refuse the others with a reason.

The state is a function of the records and the broker's clock, so that reading the latest records again restores it.
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

REMEMBERED_TEXTS: Final = 2_000
"""Posts whose text is kept for labels without one: an hour of diligent work by some people, 20 MB of the longest
texts."""

REMEMBERED_INCIDENTS: Final = 2_000
"""Incidents whose verdicts are kept."""

MAX_ANNOTATORS: Final = 1_000
"""Annotators within an hour; more are invented ones that get around the limit of each."""


class AcceptedLabel(NamedTuple):
    """A valid label that is no repetition.

    Parameters
    ----------
    text
        Normalised text of the post.
    lang
        Language ``de``, ``en`` or ``und``, as a scorer detects it.
    label
        One of `streams.core.sentiment.LABELS`.
    by
        Name of the annotator.
    source
        Source of the post.
    """

    text: str
    lang: str
    label: str
    by: str
    source: str


class LabelFilter:
    """Validate the records of `social.labels` in order.

    Parameters
    ----------
    config
        Config with the limits in `ingest` and `sentiment.learn`.
    """

    def __init__(self, config: Config) -> None:
        self._ingest = config.ingest
        self._limit = config.sentiment.learn.max_labels_per_hour
        self._latest: RecentMap[int, str] = RecentMap(config.sentiment.learn.recent_labels)
        self._verdicts = _Verdicts()
        self._texts: RecentMap[str, tuple[str, str]] = RecentMap(REMEMBERED_TEXTS)
        self._hour = -1
        self._of_annotator: Counter[str] = Counter()

    def accept(self, value: bytes | None, broker_ms: int) -> AcceptedLabel | Verdict | None:
        """Validate one record.

        Parameters
        ----------
        value
            Value of the record.
        broker_ms
            Time at which the broker received it, in milliseconds since the epoch; unlike the label's own time, no
            client can forge it.

        Returns
        -------
        AcceptedLabel, Verdict or None
            None for a repetition: the same annotator has given the same post the same label before, or the incident has
            been given the same verdict. The model learns nothing from a verdict.

        Raises
        ------
        RecordError
            With the reasons of `labels_record_from_bytes` and `streams.core.ingest.event_time.admit`, ``too_large``,
            ``text_too_long``, ``empty_text``, ``unknown_post`` (no text, and no recent label of the post has one),
            ``contradiction`` (the annotator has given the post another label, which stays, since learning can't be
            undone), ``over_limit`` (too many labels of the annotator), ``too_many_annotators``.
        """
        valid: Label | None = None
        try:
            label = self._read(value, broker_ms)
            if isinstance(label, Verdict):
                return self._verdicts.new(label)
            before = self._latest.get(_pair(label))
            if before is not None and before != label.label:
                raise RecordError("contradiction", f"the annotator has labelled this post {before} before")
            accepted = None if before else self._accepted(label, broker_ms)
            valid = label
        finally:
            if valid is None:
                self._latest.add(None)
            else:
                self._latest.put(_pair(valid), valid.label)
        return accepted

    def _read(self, value: bytes | None, broker_ms: int) -> Label | Verdict:
        if value is not None and len(value) > self._ingest.max_record_bytes:
            raise RecordError(
                "too_large", f"{len(value)} bytes, over ingest.max_record_bytes={self._ingest.max_record_bytes}"
            )
        label = labels_record_from_bytes(value)
        admit(label.at_ms, broker_ms, self._ingest)
        return label

    def _accepted(self, label: Label, broker_ms: int) -> AcceptedLabel:
        text, lang = self._text(label)
        self._count(label.by, broker_ms)
        return AcceptedLabel(text, lang, label.label, label.by, label.post.partition(":")[0])

    def _text(self, label: Label) -> tuple[str, str]:
        if label.text is None:
            known = self._texts.get(label.post)
            if known is None:
                raise RecordError("unknown_post", "the label has no text, and no recent label of the post has one")
            return known
        if len(label.text) > self._ingest.max_text_chars:
            raise RecordError(
                "text_too_long",
                f"{len(label.text)} characters, over ingest.max_text_chars={self._ingest.max_text_chars}",
            )
        text = normalise(label.text, self._ingest.max_text_chars)
        if not text:
            raise RecordError("empty_text", "the text is empty after normalisation")
        known = (text, language.detect(text, label.lang))
        self._texts.put_new(label.post, known)
        return known

    def _count(self, annotator: str, broker_ms: int) -> None:
        hour = broker_ms // HOUR_MS
        if hour != self._hour:
            self._hour = hour
            self._of_annotator.clear()
        if annotator not in self._of_annotator and len(self._of_annotator) == MAX_ANNOTATORS:
            raise RecordError("too_many_annotators", f"{MAX_ANNOTATORS} other annotators within the hour")
        if self._of_annotator[annotator] >= self._limit:
            raise RecordError(
                "over_limit", f"the annotator has given sentiment.learn.max_labels_per_hour={self._limit} labels"
            )
        self._of_annotator[annotator] += 1


class _Verdicts:
    """Verdicts on the latest incidents."""

    def __init__(self) -> None:
        self._latest: RecentMap[tuple[str, bool], str] = RecentMap(REMEMBERED_INCIDENTS)

    def new(self, verdict: Verdict) -> Verdict | None:
        """Return the verdict, or None if the incident has been given the same before; acknowledgements count apart."""
        key = (verdict.incident, verdict.verdict == "ack")
        if self._latest.get(key) == verdict.verdict:
            return None
        self._latest.put_new(key, verdict.verdict)
        return verdict


def _pair(label: Label) -> int:
    pair = orjson.dumps((label.by, label.post))
    return int.from_bytes(blake2b(pair, digest_size=8).digest())
