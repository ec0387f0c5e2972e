"""One brand's detections become one incident with a beginning, a severity and an end."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from detectors.base import Aspect, Label, Score, Severity, Suppression
from detectors.reasons import Reason
from streams.config import IncidentSettings
from streams.core.incidents.incident import Change, alert_id
from streams.core.incidents.lifecycle import Incidents
from streams.core.rollup.tally import Tally
from streams.records import COARSE, Mention

MINUTE = 60_000
LENGTH = 5 * MINUTE
MUCH = Reason("rate", {"per_hour": 600.0})
BAD = Reason("tone", {"negative": 0.8})
SETTINGS = IncidentSettings(resolve_after_seconds=1_800)


def tally(count: int, negative: float = 0.2, coarse: int = 0, authors: list[int] | None = None) -> Tally:
    """Count mentions by these authors in turn, or each by one of its own."""
    share = round(negative * 10_000)
    mentions = [
        Mention(
            number,
            0,
            0,
            share,
            0,
            authors[number % len(authors)] if authors else number + 1,
            number,
            COARSE if number < coarse else 0,
            0,
            "de",
            "forum",
            str(number),
            ["netz"],
        )
        for number in range(count)
    ]
    counted = Tally()
    counted.add(mentions)
    return counted


def attention(value: float, observed: float = 50, suppressed: Suppression | None = None) -> Score:
    return Score(value, observed, expected=5, lower=0, upper=20, direction="up", reason=MUCH, suppressed=suppressed)


def tone(value: float, suppressed: Suppression | None = None) -> Score:
    return Score(value, 0.8, expected=0.3, lower=0, upper=0.5, direction="up", reason=BAD, suppressed=suppressed)


def crisis(
    value: float,
    label: Label | None = "crisis",
    severity: Severity | None = "warning",
    suppressed: Suppression | None = None,
) -> Score:
    reason = Reason(label, {"mentions": 30.0}) if label else None
    return Score(value, 30, 5, 0, 12, "up", reason, suppressed, label, severity if value >= 1 else None)


class Brand:
    """Feeds buckets one after the other, each checked once and closed."""

    def __init__(self, settings: IncidentSettings = SETTINGS) -> None:
        aspects: dict[str, Aspect] = {"volume": "attention", "tone": "tone", "crisis": "crisis"}
        self.incidents = Incidents(settings, "nordtel", "c0ffee", aspects)
        self.changes: list[Change] = []
        self.coarse = 0
        self.authors: list[int] | None = None
        self._start = 0

    def severity(self) -> str:
        """Of the newest step."""
        return self.changes[-1].incident.severity

    def quiet(self, buckets: int) -> None:
        """Nothing worth telling."""
        for _ in range(buckets):
            self.bucket(5, volume=attention(0.2, observed=5))
        assert self.incidents.current is None

    def late(self, start_ms: int, count: int) -> Change | None:
        """The step that posts lead to whose bucket had closed."""
        return self.incidents.correct(self._start, start_ms, tally(count), lambda _since: [])

    def bucket(self, count: int, negative: float = 0.2, **scores: Score) -> list[str]:
        """The kinds of steps that the bucket led to."""
        counted = tally(count, negative, self.coarse, self.authors)
        end = self._start + LENGTH
        steps = [
            self.incidents.check(end, self._start, end, counted, scores, lambda _since: [counted]),
            self.incidents.close(end, self._start, end, counted),
        ]
        self._start = end
        self.changes += [step for step in steps if step]
        return [step.kind for step in steps if step]


def test_it_opens_once_and_is_resolved_after_the_quiet_time() -> None:
    brand = Brand()
    assert brand.bucket(5, volume=attention(0.5)) == []
    assert brand.bucket(50, volume=attention(1.2)) == ["open"]
    assert brand.bucket(50, volume=attention(1.4)) == []
    quiet = [brand.bucket(5, volume=attention(0.3, observed=5)) for _ in range(6)]
    assert quiet == [[], [], [], [], [], ["resolve"]]
    assert len({change.incident.fingerprint for change in brand.changes}) == 1
    assert brand.changes[-1].mentions.count == 100
    assert brand.incidents.current is None


def test_the_quiet_time_before_the_end_is_no_part_of_the_incident_but_one_in_between_is() -> None:
    brand = Brand()
    brand.bucket(50, volume=attention(1.2))
    for _ in range(4):
        brand.bucket(5, volume=attention(0.3, observed=5))
    brand.bucket(50, volume=attention(1.2))
    brand.quiet(6)
    over = brand.changes[-1]
    assert (over.step, over.mentions.count, over.until_ms) == ("resolve", 50 + 4 * 5 + 50, 6 * LENGTH)
    assert (over.incident.hot_ms, over.at_ms) == (6 * LENGTH, 12 * LENGTH)


def test_empty_buckets_and_those_below_the_usual_are_quiet_however_high_a_score_stays() -> None:
    """A detector that smooths over hours observes a surplus long after the last mention."""
    brand = Brand()
    brand.bucket(50, volume=attention(3.0))
    assert [brand.bucket(0, volume=attention(2.0)) for _ in range(3)] == [[]] * 3
    steps = [brand.bucket(1, volume=attention(2.0, observed=1)) for _ in range(3)]
    assert steps == [[], [], ["resolve"]]
    assert brand.changes[-1].until_ms == LENGTH


def test_a_fall_goes_on_while_mentions_are_missing() -> None:
    brand = Brand()
    silent = Score(1.5, 0, expected=50, lower=20, upper=90, direction="down", reason=MUCH)
    assert brand.bucket(0, volume=silent) == ["open"]
    for _ in range(12):
        assert brand.bucket(0, volume=silent._replace(value=0.9)) == []
    assert brand.incidents.current is not None
    brand.bucket(50, volume=silent._replace(value=0.9, observed=50))
    assert brand.incidents.current.hot_ms == 13 * LENGTH


def test_a_brand_that_is_no_longer_watched_ends_its_incident_at_that_moment() -> None:
    brand = Brand()
    brand.bucket(50, volume=attention(1.2))
    brand.bucket(5, volume=attention(0.3, observed=5))
    over = brand.incidents.dismiss(2 * LENGTH + MINUTE, 2 * LENGTH, lambda _since: [tally(7)])
    assert over is not None
    assert (over.mentions.count, over.until_ms, over.incident.hot_ms) == (62, 2 * LENGTH + MINUTE, 2 * LENGTH + MINUTE)


def test_a_score_that_only_remembers_does_not_keep_it_open() -> None:
    brand = Brand()
    brand.bucket(50, volume=attention(1.5))
    kinds = [kind for _ in range(6) for kind in brand.bucket(6, volume=attention(1.4, observed=6))]
    assert kinds == ["resolve"]


@pytest.mark.parametrize(
    ("negative", "scores", "severity"),
    [
        (0.2, {"volume": attention(1.2)}, "watch"),
        (0.8, {"volume": attention(1.2)}, "warning"),
        (0.2, {"tone": tone(1.2)}, "warning"),
        (0.8, {"volume": attention(1.2), "tone": tone(1.1)}, "critical"),
    ],
)
def test_severity_says_what_it_is(negative: float, scores: dict[str, Score], severity: str) -> None:
    brand = Brand()
    brand.bucket(50, negative, **scores)
    assert brand.changes[0].incident.severity == severity


@pytest.mark.parametrize(("coarse", "severity"), [(0, "critical"), (25, "critical"), (26, "warning"), (50, "warning")])
def test_mentions_whose_times_are_coarse_make_a_warning_at_most(coarse: int, severity: str) -> None:
    brand = Brand()
    brand.coarse = coarse
    brand.bucket(50, 0.8, volume=attention(1.2), tone=tone(1.1), crisis=crisis(2.0, severity="critical"))
    assert brand.severity() == severity


def test_a_few_negative_mentions_are_no_warning_and_many_are() -> None:
    brand = Brand()
    assert brand.bucket(5, 0.7, volume=attention(1.2)) == ["open"]
    assert brand.severity() == "watch"
    assert brand.bucket(40, 0.7, volume=attention(1.2)) == ["update"]
    assert brand.severity() == "warning"


def test_it_escalates_when_the_tone_follows_and_never_steps_down() -> None:
    brand = Brand()
    assert brand.bucket(50, volume=attention(1.2)) == ["open"]
    assert brand.bucket(90, 0.8, volume=attention(1.2), tone=tone(1.1)) == ["update"]
    assert brand.changes[-1].step == "escalate"
    brand.bucket(500, 0.0, volume=attention(1.2))
    assert brand.severity() == "critical"


def test_cold_start_is_labelled_until_something_fires_for_real() -> None:
    brand = Brand()
    assert brand.bucket(50, volume=attention(3, suppressed="cold_start")) == ["open"]
    assert [change.incident.suppressed for change in brand.changes] == ["cold_start"]
    assert brand.bucket(50, volume=attention(1.1)) == ["update"]
    assert [change.incident.suppressed for change in brand.changes] == [None, None]
    assert brand.bucket(50, volume=attention(3, suppressed="refractory")) == []


def test_the_afterglow_of_an_incident_opens_no_other_and_a_second_storm_opens_it_again() -> None:
    brand = Brand()
    brand.bucket(50, volume=attention(1.5))
    brand.quiet(6)
    assert brand.bucket(8, volume=attention(1.2, observed=8, suppressed="refractory")) == []
    assert brand.bucket(60, volume=attention(1.2, observed=60, suppressed="refractory")) == ["update"]
    again = brand.changes[-1]
    assert (again.step, again.incident.suppressed) == ("reopen", "refractory")
    assert again.incident.fingerprint == brand.changes[0].incident.fingerprint


@pytest.mark.parametrize("suppressed", ["maintenance", "expected"])
def test_the_afterglow_of_an_incident_opens_no_other_in_maintenance_either(suppressed: Suppression) -> None:
    brand = Brand()
    brand.bucket(50, volume=attention(1.5, suppressed=suppressed))
    brand.quiet(6)
    assert brand.bucket(8, volume=attention(1.2, observed=8, suppressed=suppressed)) == []
    assert brand.bucket(60, volume=attention(1.2, observed=60, suppressed=suppressed)) == ["update"]
    assert (brand.changes[-1].step, brand.changes[-1].incident.suppressed) == ("reopen", suppressed)


def test_what_begins_again_within_the_cool_down_is_the_same_incident_judged_afresh() -> None:
    brand = Brand()
    brand.bucket(90, 0.8, volume=attention(1.5), tone=tone(1.5))
    brand.quiet(6)
    assert (brand.severity(), brand.changes[-1].step) == ("critical", "resolve")
    assert brand.bucket(40, 0.1, volume=attention(1.5, observed=40)) == ["update"]
    again = brand.changes[-1]
    assert (again.step, again.incident.severity, again.incident.suppressed) == ("reopen", "watch", None)
    assert (again.incident.first_ms, again.incident.reopened, again.incident.earlier) == (0, 1, 90)
    assert again.mentions.count == 40
    brand.quiet(6)
    assert [change.kind for change in brand.changes] == ["open", "resolve", "update", "resolve"]
    assert len({change.incident.fingerprint for change in brand.changes}) == 1
    assert len({alert_id("nordtel", "c0ffee", change) for change in brand.changes}) == 4


def test_what_begins_after_the_cool_down_is_another_incident() -> None:
    brand = Brand()
    brand.bucket(50, volume=attention(1.5))
    brand.quiet(6 + SETTINGS.cool_down_seconds * 1000 // LENGTH)
    assert brand.bucket(50, volume=attention(1.5)) == ["open"]
    assert len({change.incident.fingerprint for change in brand.changes}) == 2
    assert brand.changes[-1].incident.earlier == 0


def test_detectors_that_count_it_as_told_open_the_same_incident_again_however_late() -> None:
    brand = Brand()
    brand.bucket(50, volume=attention(1.5))
    brand.quiet(6 + SETTINGS.cool_down_seconds * 1000 // LENGTH)
    assert brand.bucket(50, volume=attention(1.5, suppressed="refractory")) == ["update"]
    assert (brand.changes[-1].step, brand.changes[-1].incident.earlier) == ("reopen", 50)


def test_growth_is_told_when_it_is_worth_it_and_pages_somebody() -> None:
    brand, spam = Brand(), Brand()
    brand.bucket(10, volume=attention(1.2, observed=10))
    assert [brand.bucket(count, volume=attention(1.2)) for count in (40, 10, 100, 30)] == [
        [],
        ["update"],
        [],
        ["update"],
    ]
    assert [(change.step, change.mentions.count) for change in brand.changes[1:]] == [("grow", 60), ("grow", 190)]
    assert len({alert_id("nordtel", "c0ffee", change) for change in brand.changes}) == 3
    spam.bucket(50, volume=attention(1.5), crisis=crisis(0.4, "spam"))
    assert spam.bucket(500, volume=attention(1.5)) == []


def test_posts_that_come_late_correct_the_incident_while_it_is_open_and_when_it_is_over() -> None:
    brand = Brand()
    brand.bucket(100, volume=attention(1.5))
    assert brand.late(0, 9) is None
    opened = brand.late(0, 1)
    assert opened is not None
    assert (opened.kind, opened.step, opened.late, opened.mentions.count) == ("update", "correct", 10, 110)
    brand.quiet(6)
    resolved = brand.changes[-1]
    assert resolved.mentions.count == 110
    over = brand.late(0, 11)
    assert over is not None
    assert (over.kind, over.step, over.mentions.count, over.until_ms) == ("resolve", "correct", 121, LENGTH)
    assert over.incident.fingerprint == resolved.incident.fingerprint
    assert brand.late(LENGTH, 500) is None, "of the quiet time before the end"
    assert brand.incidents.current is None
    assert len({alert_id("nordtel", "c0ffee", change) for change in (opened, resolved, over)}) == 3


def test_posts_that_come_late_belong_to_no_incident_that_was_not_there_or_is_forgotten() -> None:
    brand = Brand()
    assert brand.late(0, 500) is None
    brand.quiet(2)
    brand.bucket(50, volume=attention(1.5))
    assert brand.late(0, 500) is None
    brand.quiet(7 + SETTINGS.cool_down_seconds * 1000 // LENGTH)
    assert brand.late(2 * LENGTH, 500) is None


def test_state_round_trips_in_the_middle_of_an_incident_and_after_it() -> None:
    brand, other, third = Brand(), Brand(), Brand()
    brand.bucket(50, volume=attention(1.2))
    other.incidents.load(orjson.loads(orjson.dumps(brand.incidents.dump())))
    assert other.incidents.dump() == brand.incidents.dump()
    assert brand.incidents.current is not None
    assert other.incidents.current is not None
    assert other.incidents.current.peaks == brand.incidents.current.peaks
    brand.quiet(6)
    third.incidents.load(brand.incidents.dump())
    assert third.incidents.dump() == brand.incidents.dump()
    assert third.bucket(50, volume=attention(1.2)) == ["update"]


def test_a_step_has_what_the_step_before_reported() -> None:
    brand = Brand()
    brand.bucket(50, volume=attention(1.2))
    brand.bucket(90, 0.8, volume=attention(1.2), tone=tone(1.1))
    opened, escalated = brand.changes
    assert opened.previous is None
    before = escalated.previous
    assert before is not None
    assert (before.step, before.at_ms, before.mentions, before.negative) == ("open", LENGTH, 50, 50 * 2_000)
    assert (before.state.severity, sorted(before.state.fired)) == ("watch", ["volume"])
    assert (escalated.incident.severity, sorted(escalated.incident.fired)) == ("critical", ["tone", "volume"])


def test_a_reopened_incident_has_what_its_end_reported_also_after_a_restart() -> None:
    brand, restarted = Brand(), Brand()
    brand.bucket(90, 0.8, volume=attention(1.5), tone=tone(1.5))
    brand.quiet(6)
    restarted.incidents.load(brand.incidents.dump())
    for each in (brand, restarted):
        each.bucket(50, volume=attention(1.5))
        before = each.changes[-1].previous
        assert before is not None
        assert (before.step, before.state.severity, before.mentions) == ("resolve", "critical", 90)
        assert before.at_ms == 7 * LENGTH


def test_the_same_step_has_the_same_id_and_another_step_another() -> None:
    brand, again = Brand(), Brand()
    for each in (brand, again):
        each.bucket(50, volume=attention(1.2))
    first, same = (alert_id("nordtel", "c0ffee", each.changes[0]) for each in (brand, again))
    assert first == same
    brand.bucket(50, 0.9, volume=attention(1.2), tone=tone(2))
    opened, updated = brand.changes
    others = [("nordtel", "c0ffee", updated), ("nordtel", "beef", opened), ("x", "c0ffee", opened)]
    assert len({first, *(alert_id(*each) for each in others)}) == 4


@pytest.mark.parametrize("severity", ["warning", "critical"])
def test_a_crisis_has_the_severity_that_its_detector_tells(severity: Severity) -> None:
    brand = Brand()
    assert brand.bucket(50, 0.2, crisis=crisis(1.3, severity=severity)) == ["open"]
    assert (brand.severity(), brand.changes[-1].incident.label) == (severity, "crisis")


@pytest.mark.parametrize("label", ["spam", "surge", "outage"])
def test_what_only_looks_like_a_crisis_is_labelled_and_pages_nobody(label: Label) -> None:
    brand = Brand()
    assert brand.bucket(50, 0.8, volume=attention(1.5), tone=tone(1.2), crisis=crisis(0.4, label)) == ["open"]
    incident = brand.changes[-1].incident
    assert (incident.severity, incident.suppressed, incident.label) == ("watch", label, label)


def test_praise_is_worth_a_look() -> None:
    brand = Brand()
    assert brand.bucket(50, 0.05, volume=attention(1.5), crisis=crisis(0.0, "praise")) == ["open"]
    incident = brand.changes[-1].incident
    assert (incident.severity, incident.suppressed, incident.label) == ("watch", None, "praise")


def test_a_label_alone_opens_nothing() -> None:
    brand = Brand()
    assert brand.bucket(50, 0.05, volume=attention(0.9), crisis=crisis(0.0, "praise")) == []


def test_spam_that_becomes_a_crisis_pages_and_a_crisis_stays_one() -> None:
    brand = Brand()
    brand.bucket(50, 0.8, volume=attention(1.5), crisis=crisis(0.4, "spam"))
    assert brand.bucket(60, 0.8, volume=attention(1.5), crisis=crisis(1.4, severity="critical")) == ["update"]
    incident = brand.changes[-1].incident
    assert (incident.severity, incident.suppressed, incident.label) == ("critical", None, "crisis")
    assert brand.bucket(60, 0.8, volume=attention(1.5), crisis=crisis(0.4, "spam")) == []
    assert incident.label == "crisis"


def test_sources_that_fail_later_do_not_explain_what_began_before() -> None:
    brand = Brand()
    brand.bucket(50, 0.8, volume=attention(1.5))
    assert brand.bucket(2, 0.8, volume=attention(1.2), crisis=crisis(0.0, "outage")) == []
    assert brand.changes[-1].incident.suppressed is None


def test_a_label_is_never_taken_back_for_a_lower_one() -> None:
    brand = Brand()
    brand.bucket(50, 0.8, volume=attention(1.5), crisis=crisis(0.0, "spam"))
    assert brand.bucket(50, 0.8, volume=attention(1.5), crisis=crisis(0.0, "praise")) == []


def test_a_crisis_of_an_unknown_brand_pages_nobody() -> None:
    brand = Brand()
    brand.bucket(50, 0.8, crisis=crisis(2.0, severity="critical", suppressed="cold_start"))
    assert brand.changes[-1].incident.suppressed == "cold_start"


ALL_KINDS: dict[str, Any] = {
    "volume": attention(5.0),
    "tone": tone(5.0),
    "crisis": crisis(5.0, severity="critical"),
}
"""Scores of one moment, as high as a mention after months of silence gets them."""


@pytest.mark.parametrize("scores", [{name: score} for name, score in ALL_KINDS.items()] + [ALL_KINDS])
def test_one_mention_after_months_of_silence_opens_nothing(scores: dict[str, Any]) -> None:
    brand = Brand()
    assert brand.bucket(1, 0.9, **scores) == []
    assert brand.incidents.current is None
    brand.quiet(12)
    assert brand.incidents.begun is None
    assert brand.changes == []


def test_single_mentions_hours_apart_open_nothing() -> None:
    brand = Brand()
    for _ in range(10):
        assert brand.bucket(1, **ALL_KINDS) == []
        brand.quiet(6)


@pytest.mark.parametrize(
    ("count", "authors", "opens"),
    [
        (4, None, False),
        (5, None, True),
        (3, [7], False),
        (60, [7], False),
        (60, [7, 8], False),
        (60, [7, 8, 9], True),
        (5, [0], True),  # unknown authors
        (4, [0], False),
        (6, [7, 0], True),
    ],
)
def test_an_incident_takes_five_mentions_by_three_people(count: int, authors: list[int] | None, *, opens: bool) -> None:
    brand = Brand()
    brand.authors = authors
    assert brand.bucket(count, volume=attention(5.0)) == (["open"] if opens else [])


def test_evidence_gathers_over_buckets_and_the_incident_begins_with_the_first() -> None:
    brand = Brand()
    assert brand.bucket(2, volume=attention(1.2)) == []
    assert brand.bucket(2, volume=attention(1.1)) == []
    assert brand.bucket(3, volume=attention(1.3)) == ["open"]
    (opened,) = brand.changes
    assert (opened.incident.start_ms, opened.mentions.count, opened.previous) == (0, 7, None)
    assert (opened.incident.fired, opened.incident.peaks["volume"].value) == ({"volume"}, 1.3)


def test_what_is_no_longer_anomalous_gathers_no_evidence() -> None:
    brand = Brand()
    brand.bucket(2, volume=attention(1.2))
    brand.bucket(2, volume=attention(0.3, observed=5))
    assert brand.bucket(40, volume=attention(0.3, observed=5)) == []


def test_a_storm_does_not_begin_with_a_stray_mention_long_before() -> None:
    brand = Brand()
    brand.bucket(1, volume=attention(1.2))
    brand.quiet(6)
    assert brand.bucket(20, volume=attention(1.2)) == ["open"]
    assert (brand.changes[0].incident.start_ms, brand.changes[0].mentions.count) == (7 * LENGTH, 20)


def test_a_stray_mention_that_nobody_was_told_of_suppresses_no_storm_as_refractory() -> None:
    brand, restarted = Brand(), Brand()
    brand.bucket(1, volume=attention(3.0))
    brand.quiet(6)
    restarted.incidents.load(brand.incidents.dump())
    for each in (brand, restarted):
        assert each.bucket(30, volume=attention(2.0, suppressed="refractory")) == ["open"]
        opened = each.changes[-1].incident
        assert (opened.suppressed, opened.peaks["volume"].suppressed, opened.fired) == (None, None, {"volume"})
    brand.quiet(6)
    assert brand.bucket(30, volume=attention(2.0, suppressed="refractory")) == ["update"], "reported by now"
    assert brand.changes[-1].incident.suppressed == "refractory"


def test_a_fall_is_evident_without_mentions() -> None:
    brand = Brand()
    silent = Score(1.5, 0, expected=50, lower=20, upper=90, direction="down", reason=MUCH)
    assert brand.bucket(0, volume=silent) == ["open"]


def test_a_single_mention_reopens_nothing_and_the_last_incident_can_still_be_reopened() -> None:
    brand = Brand()
    brand.bucket(50, volume=attention(1.5))
    brand.quiet(6)
    assert brand.bucket(1, volume=attention(1.5)) == []
    brand.quiet(6)
    corrected = brand.late(0, 20)
    assert corrected is not None
    assert (corrected.kind, corrected.mentions.count) == ("resolve", 70)
    assert brand.bucket(50, volume=attention(1.5)) == ["update"]
    assert (brand.changes[-1].step, brand.changes[-1].incident.earlier) == ("reopen", 70)


def test_posts_that_come_late_count_as_evidence() -> None:
    brand = Brand()
    brand.bucket(4, volume=attention(1.5))
    assert brand.late(0, 3) is None
    assert brand.bucket(1, volume=attention(1.5)) == ["open"]
    assert brand.changes[-1].mentions.count == 8


def test_a_minimum_of_one_opens_at_the_first_mention() -> None:
    brand = Brand(IncidentSettings(min_mentions=1, min_authors=1))
    assert brand.bucket(1, volume=attention(1.2)) == ["open"]


def test_an_incident_that_emerges_survives_a_restart() -> None:
    brand, restarted = Brand(), Brand()
    brand.bucket(3, volume=attention(1.2))
    restarted.incidents.load(brand.incidents.dump())
    assert restarted.incidents.dump() == brand.incidents.dump()
    for each in (brand, restarted):
        assert each.bucket(3, volume=attention(1.2)) == ["open"]
        assert each.changes[-1].mentions.count == 6


def test_an_incident_that_emerges_is_given_up_after_two_hours_at_most() -> None:
    brand = Brand(IncidentSettings(resolve_after_seconds=86_400))
    brand.bucket(1, volume=attention(1.2))
    for _ in range(23):
        brand.bucket(0, volume=attention(0.9, observed=0))
        assert brand.incidents.begun is not None
    brand.bucket(0, volume=attention(0.9, observed=0))
    assert brand.incidents.begun is None


def test_a_slow_burn_of_one_mention_in_an_hour_opens_with_the_fifth() -> None:
    brand = Brand(IncidentSettings())
    steps = []
    for hour in range(5):
        brand.authors = [hour + 1]
        steps.append(brand.bucket(1, 0.9, volume=attention(1.2)))
        for _ in range(11):
            brand.bucket(0, volume=attention(1.1, observed=0))
    assert steps == [[], [], [], [], ["open"]]
    assert (brand.changes[0].mentions.count, brand.changes[0].incident.start_ms) == (5, 0)
