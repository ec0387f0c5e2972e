"""What every detector promises, whatever its kind."""

from __future__ import annotations

import math
import re
import struct
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from detectors.base import Bucket, Detector, Score, SnapshotError
from detectors.packing import pack
from detectors.registry import KINDS, build, parameters
from detectors.units import DAY_MS, MINUTE_MS

START_MS = 1_700_006_400_000

SNAPSHOT_LIMIT = 1365
"""Bytes of one detector: the three of the default set take 4 KiB at most."""

CHECK = "test_"

every_kind = pytest.mark.parametrize("kind", KINDS)
few = settings(max_examples=40, deadline=None)


@pytest.fixture(autouse=True)
def _skip_exempt(request: pytest.FixtureRequest) -> None:
    """Skip what the class of the detector declares, with its reason, that it can't keep."""
    kind = getattr(getattr(request.node, "callspec", None), "params", {}).get("kind")
    reason = KINDS[kind].exempt.get(request.node.originalname.removeprefix(CHECK)) if kind else None
    if reason:
        pytest.skip(f"{kind}: {reason}")


@pytest.mark.parametrize("kind", KINDS)
def test_exemptions_are_from_checks_that_exist(kind: str) -> None:
    assert all(CHECK + name in globals() and reason for name, reason in KINDS[kind].exempt.items())


counts = st.one_of(st.just(0), st.integers(0, 5), st.integers(0, 500), st.integers(0, 10**15))
shares = st.floats(0, 1)


@st.composite
def histories(draw: st.DrawFn, min_size: int = 0) -> list[Bucket]:
    """Closed buckets of one length: gaps, clocks that jump both ways, outages, partial coverage, absurd counts."""
    length = draw(st.sampled_from([1, 5, 15, 60])) * MINUTE_MS
    steps = st.one_of(st.just(1), st.just(1), st.integers(-50, 5_000), st.just(10**6))
    start, buckets = START_MS, []
    for step in draw(st.lists(steps, min_size=min_size, max_size=60)):
        start = max(0, start + step * length)
        count = draw(counts)
        buckets.append(
            Bucket(
                start_ms=start,
                length_ms=length,
                count=count,
                negative=count * draw(shares),
                positive=count * draw(shares),
                authors=int(count * draw(shares)),
                top_author_share=draw(shares),
                spam=count * draw(shares),
                spam_negative=count * draw(shares),
                reposts=int(count * draw(shares)),
                sources={"a": int(count * draw(shares))},
                platform=draw(st.sampled_from([1.0, 1.0, 0.0, 0.3, 3.0, 1e6])),
                coverage=draw(st.sampled_from([1.0, 1.0, 1.0, 0.4, 0.0])),
            )
        )
    return buckets


priors = st.sampled_from([None, 0.5, 20.0, 5_000.0])


def taught(kind: str, history: list[Bucket], prior: float | None) -> Detector:
    """A detector of the kind that has learned the history."""
    detector = build(kind, {}, usual_posts_per_day=prior)
    for bucket in history:
        detector.learn_one(bucket)
    return detector


def weeks(kind: str, per_bucket: int = 3, days: int = 16) -> Detector:
    """A detector with a long, calm past."""
    buckets = [
        Bucket(start_ms=START_MS + index * 900_000, length_ms=900_000, count=per_bucket, negative=per_bucket * 0.3)
        for index in range(days * 96)
    ]
    return taught(kind, buckets, None)


@every_kind
@few
@given(history=histories(min_size=1), prior=priors)
def test_scoring_changes_nothing(kind: str, history: list[Bucket], prior: float | None) -> None:
    detector = taught(kind, history[:-1], prior)
    before = detector.snapshot()
    first = detector.score_one(history[-1])
    assert detector.score_one(history[-1]) == first
    assert detector.snapshot() == before


@every_kind
@few
@given(history=histories(min_size=1), prior=priors)
def test_scores_are_finite_and_within_their_meaning(kind: str, history: list[Bucket], prior: float | None) -> None:
    detector = build(kind, {}, usual_posts_per_day=prior)
    for bucket in history:
        score = detector.score_one(bucket)
        numbers = (score.value, score.observed, score.expected, score.lower, score.upper)
        assert all(math.isfinite(number) for number in numbers)
        assert score.value >= 0
        assert score.lower <= score.expected
        if score.value < 1:
            assert score.lower <= score.observed <= score.upper
        elif score.direction == "up":
            assert score.observed >= score.upper
        else:
            assert score.direction == "down"
            assert score.observed <= score.lower
        assert (score.reason is not None) == (score.value >= 1 or score.label is not None)
        facts = score.reason.facts.values() if score.reason else ()
        assert all(math.isfinite(fact) for fact in facts if not isinstance(fact, str))
        assert (score.severity is None) or score.value >= 1
        assert (score.suppressed is None) or score.value >= 1
        detector.learn_one(bucket)


def explained_score(detector: Detector, bucket: Bucket) -> Score:
    """The score of a bucket, whose explanation is checked against it."""
    before = detector.snapshot()
    score, measures, conditions, critical = detector.explain(bucket)
    assert score == detector.score_one(bucket)
    assert detector.snapshot() == before
    assert (score.value >= 1) == all(each.met for each in conditions if each.suppressed is None)
    if score.value >= 1:
        suppressions = [each.suppressed for each in conditions if each.suppressed and not each.met]
        assert score.suppressed == (suppressions[0] if suppressions else None)
        assert not critical or (score.severity == "critical") == all(each.met for each in critical)
    numbers = [each for one in measures for each in one[1:]]
    numbers += [each for one in (*conditions, *critical) for each in (one.observed, one.needed)]
    assert not any(math.isnan(number) for number in numbers)
    return score


parameters_of_all = st.fixed_dictionaries(
    {},
    optional={
        "once_in_days": st.sampled_from([2, 14, 3650]),
        "refractory_hours": st.sampled_from([0, 24, 720]),
        "at_least_times": st.sampled_from([1, 1.5, 10]),
        "direction": st.sampled_from(["up", "down", "both"]),
    },
)


@every_kind
@few
@given(history=histories(min_size=1), prior=priors, params=parameters_of_all, elapsed=st.floats(0, 1))
def test_an_explanation_agrees_with_the_score(
    kind: str, history: list[Bucket], prior: float | None, params: dict[str, object], elapsed: float
) -> None:
    params = {name: value for name, value in params.items() if name in parameters(kind)}
    detector = build(kind, params, usual_posts_per_day=prior)
    for closed in history:
        for bucket in (replace(closed, elapsed_ms=int(elapsed * closed.length_ms)), closed):
            explained_score(detector, bucket)
        detector.learn_one(closed)


@every_kind
def test_an_explanation_agrees_with_the_score_all_along_a_storm(kind: str) -> None:
    detector = weeks(kind, days=6)
    suppressions, names = set(), set()
    for index in range(240):
        count = (30, 400, 30, 90)[index * 4 // 240]
        start_ms = START_MS + 6 * DAY_MS + index * 900_000
        bucket = Bucket(start_ms, 900_000, count, negative=0.9 * count, authors=count, sources={"a": count})
        score = explained_score(detector, bucket)
        names |= {condition.name for condition in detector.explain(bucket).conditions}
        if score.value >= 1:
            suppressions.add(score.suppressed)
        detector.learn_one(bucket)
    assert {None, "refractory"} <= suppressions or kind in {"drift", "tone_drift"}
    assert None in suppressions
    assert {"refractory", "history"} <= names
    assert names & {"rarity", "lasting"}


@every_kind
@few
@given(before=histories(), after=histories(min_size=1), prior=priors)
def test_a_restored_detector_goes_on_bit_by_bit(
    kind: str, before: list[Bucket], after: list[Bucket], prior: float | None
) -> None:
    original = taught(kind, before, prior)
    copy = build(kind, {}, usual_posts_per_day=prior).restore(original.snapshot())
    for bucket in after:
        assert copy.score_one(bucket) == original.score_one(bucket)
        copy.learn_one(bucket)
        original.learn_one(bucket)
        assert copy.snapshot() == original.snapshot()


@every_kind
@few
@given(history=histories(min_size=1), prior=priors)
def test_the_same_input_gives_the_same_scores(kind: str, history: list[Bucket], prior: float | None) -> None:
    def scores() -> list[Score]:
        detector = build(kind, {}, usual_posts_per_day=prior)
        out = []
        for bucket in history:
            out.append(detector.score_one(bucket))
            detector.learn_one(bucket)
        return out

    assert scores() == scores()


@every_kind
@few
@given(history=histories(), count=counts, prior=priors)
def test_no_coverage_teaches_nothing(kind: str, history: list[Bucket], count: int, prior: float | None) -> None:
    detector = taught(kind, history, prior)
    before = detector.snapshot()
    detector.learn_one(Bucket(start_ms=START_MS + 90 * DAY_MS, length_ms=300_000, count=count, coverage=0.0))
    assert detector.snapshot() == before


@every_kind
def test_an_open_bucket_is_not_learned(kind: str) -> None:
    detector = build(kind, {})
    before = detector.snapshot()
    with pytest.raises(ValueError, match="still open"):
        detector.learn_one(Bucket(start_ms=START_MS, length_ms=300_000, elapsed_ms=299_999, count=3))
    assert detector.snapshot() == before


@every_kind
@few
@given(history=histories(min_size=1), elapsed=st.floats(0, 1), prior=priors)
def test_what_fires_early_fires_when_it_closes(
    kind: str, history: list[Bucket], elapsed: float, prior: float | None
) -> None:
    detector = taught(kind, history[:-1], prior)
    closed = history[-1]
    early = detector.score_one(replace(closed, elapsed_ms=int(elapsed * closed.length_ms)))
    assert not early.fires or detector.score_one(closed).fires


@few
@given(history=histories(min_size=1), elapsed=st.floats(0, 1), more=counts, prior=priors)
def test_volume_rises_with_every_post_that_comes_until_the_bucket_closes(
    history: list[Bucket], elapsed: float, more: int, prior: float | None
) -> None:
    detector = taught("volume", history[:-1], prior)
    last = history[-1]
    early = detector.score_one(replace(last, elapsed_ms=int(elapsed * last.length_ms)))
    closed = detector.score_one(replace(last, count=last.count + more))
    assert closed.value >= early.value
    assert closed.fires or not early.fires


@few
@given(history=histories(min_size=1), prior=priors, share=shares, more=shares)
def test_tone_rises_with_every_mention_that_turns_negative(
    history: list[Bucket], prior: float | None, share: float, more: float
) -> None:
    detector = taught("sentiment_shift", history[:-1], prior)
    low, high = sorted((share, more))
    count = history[-1].count
    assume(count > 0)
    better, worse = (replace(history[-1], negative=count * part) for part in (low, high))
    assert detector.score_one(worse).value >= detector.score_one(better).value
    assert detector.score_one(worse).fires or not detector.score_one(better).fires


@every_kind
@pytest.mark.parametrize("negative", [-5.0, 7.0])
def test_a_negative_sum_out_of_range_is_taken_for_its_limit(kind: str, negative: float) -> None:
    detector = weeks(kind, days=2)
    bucket = Bucket(start_ms=START_MS + 2 * DAY_MS, length_ms=900_000, count=3, negative=negative)
    assert detector.score_one(bucket) == detector.score_one(replace(bucket, negative=min(max(negative, 0.0), 3.0)))


@every_kind
def test_features_that_no_detector_knows_or_that_are_missing_do_not_matter(kind: str) -> None:
    detector = weeks(kind, days=2)
    bare = Bucket(start_ms=START_MS + 2 * DAY_MS, length_ms=900_000, count=3)
    rich = replace(bare, sources={"new": 3}, languages={"xx": 3}, authors=3, engagement=10**9, reposts=2)
    assert detector.score_one(bare) == detector.score_one(rich)


@every_kind
def test_what_is_kept_is_bounded(kind: str) -> None:
    assert len(weeks(kind, days=16).snapshot()) == len(weeks(kind, days=60).snapshot())


@every_kind
def test_what_is_kept_fits_the_state_of_a_brand(kind: str) -> None:
    assert len(build(kind, {}).snapshot()) <= SNAPSHOT_LIMIT


@every_kind
def test_the_docstring_states_what_is_kept(kind: str) -> None:
    stated = re.search(r"snapshot takes ([\d,]+)\s+bytes", KINDS[kind].__doc__ or "")
    assert stated is not None
    assert int(stated[1].replace(",", "")) == len(build(kind, {}).snapshot())


@every_kind
def test_a_snapshot_holds_no_parameters(kind: str) -> None:
    strict = build(kind, {"once_in_days": 3_650}).restore(weeks(kind).snapshot())
    lax = build(kind, {"once_in_days": 2}).restore(weeks(kind).snapshot())
    burst = Bucket(start_ms=START_MS + 16 * DAY_MS, length_ms=900_000, count=20, negative=12.0)
    assert strict.snapshot() == lax.snapshot()
    assert 0 < strict.score_one(burst).value < lax.score_one(burst).value


@every_kind
@given(data=st.data())
@few
def test_a_damaged_snapshot_is_refused(kind: str, data: st.DataObject) -> None:
    snapshot = bytearray(weeks(kind, days=2).snapshot())
    position = data.draw(st.integers(0, len(snapshot) - 1))
    snapshot[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SnapshotError):
        build(kind, {}).restore(bytes(snapshot))


@every_kind
@given(length=st.integers(0, 200), data=st.binary(max_size=40))
@few
def test_a_truncated_or_foreign_snapshot_is_refused(kind: str, length: int, data: bytes) -> None:
    for broken in (weeks(kind, days=2).snapshot()[:length], data):
        with pytest.raises(SnapshotError):
            build(kind, {}).restore(broken)


@every_kind
def test_a_snapshot_of_another_layout_is_refused(kind: str) -> None:
    detector = weeks(kind, days=2)
    before = detector.snapshot()
    for values in ([], [1.0], [0.0] * 200):
        with pytest.raises(SnapshotError):
            detector.restore(pack(kind, 1, values))
    assert detector.snapshot() == before


@every_kind
def test_a_snapshot_of_another_kind_is_refused(kind: str) -> None:
    other = next(name for name in KINDS if name != kind)
    with pytest.raises(SnapshotError, match=f"kind '{other}', expected '{kind}'"):
        build(kind, {}).restore(build(other, {}).snapshot())


@every_kind
def test_a_snapshot_of_a_newer_version_is_refused(kind: str) -> None:
    count = struct.unpack_from("<I", build(kind, {}).snapshot(), len("FWD") + 1 + len(kind) + 2)[0]
    with pytest.raises(SnapshotError, match=r"version 99.*upgrade"):
        build(kind, {}).restore(pack(kind, 99, [0.0] * count))
