"""When ingest stops because too many records are rejected."""

from __future__ import annotations

import pytest

from streams.config import IngestSettings
from streams.core.ingest.rejection_ratio import MAX_EXAMPLES, RejectionRatio
from streams.errors import RecordError, RejectionRatioExceeded

BROKEN = RecordError("broken_json", "not JSON")


def counted(accepted: int, rejected: int, *, after: int, limit: float = 0.5) -> RejectionRatio:
    ratio = RejectionRatio(IngestSettings(max_bad_share=limit, bad_share_after=after))
    for _ in range(accepted):
        ratio.accept()
    for _ in range(rejected):
        ratio.reject(BROKEN, "line 1")
    return ratio


def test_nothing_is_decided_before_there_are_enough_records() -> None:
    ratio = counted(0, 9, after=10)
    with pytest.raises(RejectionRatioExceeded):
        ratio.reject(BROKEN, "line 1")


def test_at_the_end_few_records_are_enough() -> None:
    with pytest.raises(RejectionRatioExceeded, match="2 of 3 records"):
        counted(1, 2, after=1_000).check()


def test_a_ratio_at_the_limit_is_not_over_it() -> None:
    ratio = counted(5, 5, after=10)
    ratio.check()
    with pytest.raises(RejectionRatioExceeded):
        ratio.reject(BROKEN, "line 1")


def test_an_empty_input_has_no_ratio() -> None:
    counted(0, 0, after=1, limit=0.1).check()


def test_the_error_counts_the_reasons_the_most_frequent_first() -> None:
    ratio = counted(2, 0, after=1_000)
    for reason in ("bad_id", "broken_json", "broken_json", "empty_text"):
        ratio.reject(RecordError(reason, "a defect"), "line 1")
    assert ratio.reasons == {"bad_id": 1, "broken_json": 2, "empty_text": 1}
    with pytest.raises(RejectionRatioExceeded, match=r"4 of 6 records .*\(broken_json 2, bad_id 1, empty_text 1\)"):
        ratio.check()


def test_the_first_records_of_each_reason_are_named_with_their_places() -> None:
    ratio = RejectionRatio(IngestSettings(max_bad_share=0.5, bad_share_after=10))
    for number, reason in enumerate([*["bad_id"] * 5, "empty_text"], 1):
        ratio.reject(RecordError(reason, "a defect"), f"line {number}")
    assert ratio.examples == ["line 1: bad_id: a defect", "line 2: bad_id: a defect", "line 6: empty_text: a defect"]
    with pytest.raises(RejectionRatioExceeded, match=r"\n  line 1: bad_id: a defect\n  line 2: .*\n  line 6: "):
        ratio.check()


def test_examples_are_few_however_many_reasons_there_are() -> None:
    ratio = RejectionRatio(IngestSettings(max_bad_share=1))
    for number in range(100):
        ratio.reject(RecordError(f"reason_{number}", "a defect"), "line 1")
    assert len(ratio.examples) == MAX_EXAMPLES


def test_skipped_records_have_no_part_in_the_ratio() -> None:
    ratio = counted(1, 1, after=1)
    for _ in range(100):
        ratio.skip()
    assert (ratio.records, ratio.skipped) == (2, 100)
    with pytest.raises(RejectionRatioExceeded, match="2 of 3 records"):
        ratio.reject(BROKEN, "line 1")
