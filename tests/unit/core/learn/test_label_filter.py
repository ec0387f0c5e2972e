"""Labels of all kinds: which are accepted, and why others are refused."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.units import HOUR_MS
from streams.config import Config
from streams.core.learn.label_filter import MAX_ANNOTATORS, AcceptedLabel, LabelFilter
from streams.errors import RecordError
from streams.records import Label, Verdict, label_from_bytes

NOW_MS = 1_750_000_000_000


def label_filter(**learn: Any) -> LabelFilter:
    brand = {"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}
    return LabelFilter(Config.model_validate({"brands": [brand], "sentiment": {"learn": learn}}))


def label(post: str = "forum:1", **fields: Any) -> Label:
    known = {"text": "Nordtel ist wieder weg", "label": "negative", "by": "anna", "at_ms": NOW_MS}
    return Label.model_validate({"post": post, **known, **fields})


def raw(**fields: Any) -> bytes:
    return orjson.dumps(orjson.loads(label().to_bytes()) | fields)


def reason(labels: LabelFilter, value: bytes | None, at_ms: int = NOW_MS) -> str:
    with pytest.raises(RecordError) as caught:
        labels.accept(value, at_ms)
    return caught.value.reason


def test_a_label_is_accepted_as_a_scorer_reads_the_post() -> None:
    found = label_filter().accept(label(text="Nordtel ist&nbsp;wieder <b>weg</b>").to_bytes(), NOW_MS)
    assert found == AcceptedLabel("Nordtel ist wieder weg", "de", "negative", "anna", "forum")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "empty"),
        (b'{"v": 1, ', "broken_json"),
        (b"[1]", "wrong_type"),
        (raw(v=2), "unknown_version"),
        (raw(label="furious"), "wrong_label"),
        (raw(label=None), "wrong_label"),
        (raw(by=7), "wrong_type"),
        (raw(by="x" * 300), "wrong_type"),
        (raw(at_ms="2026-01-01"), "wrong_type"),
        (raw(at_ms=True), "wrong_type"),
        (orjson.dumps({"v": 1, "post": "a:1"}), "missing_field"),
        (raw(at_ms=NOW_MS + 10 * 86_400_000), "timestamp_in_future"),
        (raw(at_ms=0), "timestamp_too_old"),
        (raw(text="x" * 1_000_000), "too_large"),
        (raw(text="x" * 20_000), "text_too_long"),
        (raw(text=" \u200b"), "empty_text"),
        (raw(text=None), "unknown_post"),
    ],
)
def test_what_is_no_usable_label_is_refused_with_a_reason(value: bytes | None, expected: str) -> None:
    assert reason(label_filter(), value) == expected


def test_details_hold_no_text_of_a_post() -> None:
    with pytest.raises(RecordError) as caught:
        label_from_bytes(raw(text=["a secret"]))
    assert "secret" not in str(caught.value)


def test_repeats_do_not_count_and_contradictions_are_refused() -> None:
    labels = label_filter()
    assert labels.accept(label().to_bytes(), NOW_MS)
    assert labels.accept(label(at_ms=NOW_MS - 5_000).to_bytes(), NOW_MS) is None
    assert reason(labels, label(label="positive").to_bytes()) == "contradiction"
    assert labels.accept(label().to_bytes(), NOW_MS) is None
    assert labels.accept(label(label="positive", by="bert").to_bytes(), NOW_MS), "another person may disagree"


def test_repeats_are_forgotten_after_as_many_records_as_configured() -> None:
    labels = label_filter(recent_labels=100)
    assert labels.accept(label().to_bytes(), NOW_MS)
    for number in range(99):
        labels.accept(label(f"forum:other-{number}").to_bytes(), NOW_MS)
    assert reason(labels, b"{") == "broken_json"
    assert labels.accept(label().to_bytes(), NOW_MS)


def test_a_text_brought_lately_does_for_labels_without_one() -> None:
    labels = label_filter()
    labels.accept(label().to_bytes(), NOW_MS)
    found = labels.accept(label(by="bert", text=None).to_bytes(), NOW_MS)
    assert found == AcceptedLabel("Nordtel ist wieder weg", "de", "negative", "bert", "forum")


def test_a_flood_of_one_annotator_stops_none_of_the_others() -> None:
    labels = label_filter(max_labels_per_hour=10)
    flood = [label(f"forum:{number}", at_ms=NOW_MS - number * HOUR_MS).to_bytes() for number in range(11)]
    assert all(labels.accept(each, NOW_MS) for each in flood[:10])
    assert reason(labels, flood[10]) == "over_limit", "whatever times it states"
    assert labels.accept(flood[0], NOW_MS) is None
    assert labels.accept(label(by="bert").to_bytes(), NOW_MS)
    assert labels.accept(flood[10], NOW_MS + HOUR_MS), "what was refused can be given again"


def test_invented_annotators_are_refused_too() -> None:
    labels = label_filter()
    for number in range(MAX_ANNOTATORS):
        assert labels.accept(label(by=f"robot {number}").to_bytes(), NOW_MS)
    assert reason(labels, label(by="one more").to_bytes()) == "too_many_annotators"


records = st.one_of(
    st.builds(
        lambda post, label_, by: label(f"forum:{post}", label=label_, by=by).to_bytes(),
        st.integers(0, 5),
        st.sampled_from(["negative", "neutral", "positive"]),
        st.sampled_from(["anna", "bert"]),
    ),
    st.sampled_from([b"{", raw(label="bad"), raw(text="")]),
)


def outcomes(labels: LabelFilter, values: list[bytes]) -> list[AcceptedLabel | Verdict | str | None]:
    found: list[AcceptedLabel | Verdict | str | None] = []
    for value in values:
        try:
            found.append(labels.accept(value, NOW_MS))
        except RecordError as error:
            found.append(error.reason)
    return found


@given(st.lists(records, max_size=40), st.integers(0, 40))
def test_reading_again_from_the_beginning_restores_everything(values: list[bytes], cut: int) -> None:
    whole = outcomes(label_filter(), values)
    again = label_filter()
    outcomes(again, values[:cut])
    assert outcomes(again, values[cut:]) == whole[cut:]
    believed = [each for each in whole if isinstance(each, AcceptedLabel)]
    assert len(believed) <= 6 * 2, "a person's answer to a post counts once"


@given(
    st.binary(max_size=300)
    | st.recursive(st.none() | st.integers() | st.text("ab"), st.lists).map(repr).map(str.encode)
)
def test_no_bytes_whatever_raise_anything_else(value: bytes) -> None:
    with pytest.raises(RecordError):
        label_filter().accept(value, NOW_MS)


def verdict(**changed: Any) -> Verdict:
    said: dict[str, Any] = {
        "incident": "5f0c", "brand": "nordtel", "verdict": "false_alarm", "severity": "warning",
        "detectors": ["volume"], "by": "anna", "at_ms": NOW_MS,
    }  # fmt: skip
    return Verdict(**said | changed)


def test_a_verdict_on_an_incident_counts_once_until_it_changes() -> None:
    labels = label_filter()
    said = [verdict(), verdict(by="bert"), verdict(verdict="ack"), verdict(verdict="confirmed"), verdict()]
    assert outcomes(labels, [each.to_bytes() for each in said]) == [said[0], None, *said[2:]]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"verdict": "meh"}, "wrong_type"),
        ({"brand": None}, "wrong_type"),
        ({"mood": "good"}, "wrong_type"),
        ({"v": 2}, "unknown_version"),
        ({"silence_until_ms": NOW_MS + 31 * 24 * HOUR_MS}, "wrong_type"),
        ({"at_ms": NOW_MS + 10 * 24 * HOUR_MS}, "timestamp_in_future"),
    ],
)
def test_bad_verdicts_are_refused(changed: dict[str, Any], expected: str) -> None:
    assert reason(label_filter(), orjson.dumps(orjson.loads(verdict().to_bytes()) | changed)) == expected
