"""Annotators who agree with the reference model far less than the others are rejected."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.core.learn.annotator_agreement import ENOUGH, WINDOW, AnnotatorAgreement
from streams.core.learn.label_filter import MAX_ANNOTATORS


def test_a_rejected_annotator_can_be_accepted_again_and_there_must_be_others_to_compare_with() -> None:
    agreement = AnnotatorAgreement()
    for _ in range(500):
        agreement.add("mallory", agrees=False)
    assert agreement.accepts("mallory"), "alone there is nothing to compare with"
    for _ in range(ENOUGH):
        agreement.add("anna", agrees=True)
    assert not agreement.accepts("mallory")
    assert agreement.accepts("anna")
    for _ in range(WINDOW // 2):
        agreement.add("mallory", agrees=True)
    assert agreement.accepts("mallory")


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=100, max_size=400))
def test_the_latest_labels_of_all_are_compared(said: list[tuple[int, bool]]) -> None:
    agreement, latest = AnnotatorAgreement(), dict[int, list[bool]]()
    for by, agrees in said:
        agreement.add(str(by), agrees=agrees)
        latest.setdefault(by, []).append(agrees)
    for by, own in latest.items():
        others = [agrees for other, found in latest.items() if other != by for agrees in found[-WINDOW:]]
        recent = own[-WINDOW:]
        enough = len(recent) >= ENOUGH and len(others) >= ENOUGH
        assert agreement.accepts(str(by)) == (not enough or sum(recent) / len(recent) >= sum(others) / len(others) / 2)


def test_no_more_annotators_are_kept_than_the_filter_lets_through() -> None:
    agreement = AnnotatorAgreement()
    for _ in range(ENOUGH):
        agreement.add("mallory", agrees=False)
    for number in range(ENOUGH):
        agreement.add(f"anna {number}", agrees=True)
    assert not agreement.accepts("mallory")
    for number in range(MAX_ANNOTATORS):
        agreement.add(f"bert {number}", agrees=True)
    assert agreement.accepts("mallory"), "the one who was silent longest is forgotten"
