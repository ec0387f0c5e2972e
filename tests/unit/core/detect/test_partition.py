"""The pure way from posts to alerts: the same whatever the batches, the interleaving, the repeats and the restarts."""

from __future__ import annotations

import random
from collections import Counter

import orjson
import pytest

from detectors.base import OutdatedSnapshot
from detectors.registry import build
from detectors.volume import Volume
from streams.core.detect.outcome import Detected
from streams.core.detect.partition import PartitionMonitor
from streams.core.detect.state_keys import ENVELOPES_KEY, PROGRESS_KEY
from streams.core.rollup import author_counts
from streams.core.score.clock import NEEDED
from streams.core.score.position import Position
from streams.core.score.scorer import Scorer
from streams.errors import OutdatedState, RecordError, UnknownVersion
from streams.records import (
    Alert,
    Deletion,
    Envelope,
    Post,
    Window,
    post_from_bytes,
    utc,
)
from tests.support.drawn_run import Lines, Run, through_the_wire
from tests.support.saved_state import restored, save
from tests.support.two_brands import HOUR, START, WordModel, config, partitioned, story


def with_deletions(records: Lines) -> tuple[Lines, dict[str, int]]:
    """The same with half of the storm deleted some posts later; and by id, when that was in the partition's event
    time."""
    chance = random.Random(5)
    lines: Lines = {}
    deleted_at: dict[str, int] = {}
    for partition, mine in records.items():
        waiting: list[tuple[int, Deletion]] = []
        values: list[bytes] = []
        watermark_ms = 0
        for index, (_, _, value) in enumerate(mine):
            post = post_from_bytes(value)
            watermark_ms = max(watermark_ms, post.ts_ms)
            values.append(value)
            if "schlecht" in post.text and chance.random() < 0.5:
                waiting.append((index + chance.randrange(60), Deletion(post.id, post.source)))
            for due, deletion in list(waiting):
                if due <= index:
                    waiting.remove((due, deletion))
                    values.append(deletion.to_bytes())
                    deleted_at.setdefault(deletion.id, watermark_ms)
        lines[partition] = [(offset, START + 100 * HOUR, value) for offset, value in enumerate(values)]
    return lines, deleted_at


@pytest.fixture(scope="module")
def records() -> dict[int, list[tuple[int, int, bytes]]]:
    return partitioned(story(1))


@pytest.fixture(scope="module")
def oracle(records: dict[int, list[tuple[int, int, bytes]]]) -> Run:
    return Run(config(), None).feed(records)


def test_the_storm_opens_one_incident_that_is_resolved(oracle: Run) -> None:
    steps = [(alert.brand, alert.kind) for alert in oracle.alerts if alert.suppressed is None]
    assert ("nordtel", "open") in steps or ("nordtel", "update") in steps
    assert {brand for brand, _ in steps} == {"nordtel"}
    assert len({alert.fingerprint for alert in oracle.alerts}) == 1
    assert oracle.alerts[-1].kind == "resolve"
    storm = START + 400 * 60_000
    first = min(alert.at.timestamp() * 1000 for alert in oracle.alerts)
    assert storm < first < storm + HOUR / 3


@pytest.mark.parametrize("batch", [40, 10_000])
def test_alerts_of_several_brands_come_in_order_of_event_time(batch: int) -> None:
    """With all posts in one batch, one brand was walked to the end before the next."""
    other = {"Nordtel": "Südmilch", "Südmilch": "Nordtel"}
    posts = story(1)
    for post in story(2):
        brand, rest = post.text.split(" ", 1)
        posts.append(post._replace(id=f"other-{post.id}", text=f"{other[brand]} {rest}"))
    alerts = Run(config(), None, batch).feed(partitioned(sorted(posts, key=lambda post: post.ts_ms))).alerts
    order = [(alert.at, alert.brand) for alert in alerts]
    assert order == sorted(order)
    assert [brand for _, brand in order] != sorted(brand for _, brand in order), "they are interleaved"


def test_every_post_is_counted_once(oracle: Run) -> None:
    posts = {post.key: post for post in story(1)}
    expected = Counter("nordtel" if "Nordtel" in post.text else "suedmilch" for post in posts.values())
    counted = Counter[str]()
    for window in oracle.windows:
        counted[window.brand] += window.count + window.late
    assert counted == expected
    assert sum(window.late for window in oracle.windows) > 0
    assert len({(window.brand, window.start_ms) for window in oracle.windows}) == len(oracle.windows)


def test_what_happens_leaves_the_core_as_counts(records: dict[int, list[tuple[int, int, bytes]]], oracle: Run) -> None:
    mentions = Counter(
        "nordtel" if "Nordtel" in post.text else "suedmilch" for post in {p.key: p for p in story(1)}.values()
    )
    whole = oracle.whole
    assert whole.counted == mentions
    assert (whole.replayed, whole.unwatched) == (0, 0)
    assert whole.languages.total() == whole.sources.total() == mentions.total()
    assert whole.sources.keys() == {(brand, source) for brand in mentions for source in ("forum", "news")}
    assert max(whole.lateness_ms) > 600_000
    assert len(whole.lateness_ms) == sum(len(scored.mentions) > 0 for scored in oracle.envelopes)
    reached = {
        (window.brand, name, "live", score.suppressed)
        for window in whole.windows
        for name, score in window.scores.items()
        if score.value >= 1
    }
    assert reached
    assert {tuple(each) for each in whole.detections} >= reached
    assert all(isinstance(each, Detected) for each in whole.detections)
    repeated = Run(config(), random.Random(3)).feed(records).whole
    assert repeated.counted - mentions == Counter()
    assert repeated.replayed > 0


@pytest.mark.parametrize("seed", range(8))
def test_interleaving_batches_repeats_and_restarts_change_nothing(
    records: dict[int, list[tuple[int, int, bytes]]], oracle: Run, seed: int
) -> None:
    assert Run(config(), random.Random(seed)).feed(records).result() == oracle.result()


def test_estimates_of_authors_are_the_same_in_every_run(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a bound of 30 instead of some thousand authors, of whom the story has 90 in each of two sources."""
    monkeypatch.setattr(author_counts, "EXACT", 30)
    straight = Run(config(), None).feed(records)
    storm = [alert for alert in straight.alerts if alert.window.authors_estimated]
    assert storm
    assert all(30 < alert.window.authors <= alert.window.mentions for alert in storm)
    assert straight.alerts[-1].window.authors == pytest.approx(180, abs=10)
    for seed in range(3):
        assert Run(config(), random.Random(seed)).feed(records).result() == straight.result()


def test_deleted_posts_stay_counted_and_are_shown_no_more_in_any_run(
    records: dict[int, list[tuple[int, int, bytes]]],
) -> None:
    settings = config(alerts={"samples": 20, "include_texts": True})
    known = Run(settings, None).feed(records)
    lines, deleted_at = with_deletions(records)
    expected = Run(settings, None).feed(lines)
    assert known.result()[0] == expected.result()[0]
    assert {alert.id for alert in known.alerts} == {alert.id for alert in expected.alerts}
    shown = {(alert.id, sample.id): alert for alert in known.alerts for sample in alert.samples}
    still_shown = {(alert.id, sample.id): alert for alert in expected.alerts for sample in alert.samples}
    assert len(still_shown.keys() & shown.keys()) > 10
    slot_ms = settings.windows.check_seconds * 1000

    def after_deletion(id: str, alert: Alert) -> bool:
        return alert.at.timestamp() * 1000 >= deleted_at.get(id, 2 * START) + slot_ms

    assert any(after_deletion(id, alert) for (_, id), alert in shown.items())
    assert not any(after_deletion(id, alert) for (_, id), alert in still_shown.items())
    for seed in range(3):
        assert Run(settings, random.Random(seed)).feed(lines).result() == expected.result()


def test_nothing_of_a_deleted_post_stays_in_the_state() -> None:
    settings = config(alerts={"include_texts": True}, topics={"partitions": 1})
    scorer, monitor = Scorer(settings, WordModel()), PartitionMonitor(settings, 0)
    scorer.assign(0, Position("topic-1"))
    secret = Post("zitronenfalter", "forum", START, "nordtel schlecht mondlandung", url="https://x.example/karla")
    later = Post("2", "forum", START + 60_000, "nordtel so so")
    state: dict[bytes, bytes] = {}
    deletion = Deletion("zitronenfalter", "forum").to_bytes()
    repeated = 0
    values = [secret.to_bytes(), deletion, later.to_bytes(), secret.to_bytes()]
    values[2:2] = [Post(f"before {number}", "forum", START + number, "so so").to_bytes() for number in range(NEEDED)]
    for offset, value in enumerate(values):
        batch = scorer.score(0, [(offset, START + 2 * HOUR, value)])
        repeated += batch.repeated
        for record in through_the_wire(batch):
            monitor.absorb(record)
        monitor.advance()
        save(state, monitor.dirty())
        held = b"zitronenfalter" in state[b"nordtel"]
        assert held == (offset < len(values) - 2)
    for word in (b"https://x.example/karla", b"nordtel schlecht mondlandung", b"zitronenfalter"):
        assert word not in state[b"nordtel"]
    assert repeated == 1


def test_a_topic_made_anew_is_counted_from_its_beginning(records: dict[int, list[tuple[int, int, bytes]]]) -> None:
    settings = config()
    monitor = PartitionMonitor(settings, 0)

    def envelope(incarnation: str) -> Envelope:
        scorer = Scorer(settings, WordModel())
        scorer.assign(0, Position(incarnation))
        found = scorer.score(0, records[0][:50]).envelopes
        return next(envelope for envelope in found if envelope.brand == "nordtel")

    first, second = envelope("topic-1"), envelope("topic-2")
    brand = monitor._brand("nordtel")
    assert brand is not None
    assert brand.absorb(first) == first.mentions
    assert brand.absorb(first) == []
    assert brand.absorb(second) == second.mentions
    assert brand.absorb(first) == []


def test_state_of_brands_no_longer_watched_is_passed_over() -> None:
    monitor = PartitionMonitor(config(), 0)
    monitor.restore(b"gone", b"whatever")
    assert monitor.dirty() == []


def test_state_of_a_newer_version_or_damaged_is_refused() -> None:
    monitor = PartitionMonitor(config(), 0)
    with pytest.raises(UnknownVersion, match="brand 'nordtel' has version 99"):
        monitor.restore(b"nordtel", b'{"v": 99}')
    with pytest.raises(UnknownVersion):
        monitor.restore(PROGRESS_KEY % 0, b'{"v": 99}')
    for key in (b"nordtel", PROGRESS_KEY % 0):
        with pytest.raises(OutdatedState, match=r"has version 1.*changelog"):
            monitor.restore(key, b'{"v": 1}')
    for value in (b"", b"{", b"{}", b'{"v": 2}', b"[]"):
        with pytest.raises(RecordError):
            monitor.restore(b"nordtel", value)
        with pytest.raises(RecordError):
            monitor.restore(PROGRESS_KEY % 0, value)


Records = dict[int, list[tuple[int, int, bytes]]]
SHADOWS = [
    {"name": name, "kind": kind, "mode": "shadow"}
    for name, kind in (("volume", "volume"), ("tone", "sentiment_shift"), ("crisis", "composite"))
]


def test_a_detector_in_shadow_scores_the_same_and_alerts_nobody(records: Records, oracle: Run) -> None:
    deaf = {"name": "deaf", "kind": "volume", "direction": "down", "once_in_days": 3650}  # one has to be live
    shadows = Run(config(detectors=[*SHADOWS, deaf]), None).feed(records)
    assert shadows.alerts == []
    live, shadow = (sorted(run.windows, key=lambda each: (each.brand, each.start_ms)) for run in (oracle, shadows))
    assert [{name: score._replace(shadow=True) for name, score in each.scores.items()} for each in live] == [
        {name: score for name, score in each.scores.items() if name != "deaf"} for each in shadow
    ]
    assert any(score.value >= 1 and not score.suppressed for each in shadow for score in each.scores.values())


def test_what_happens_in_a_maintenance_is_told_and_pages_nobody(records: Records, oracle: Run) -> None:
    span = {"reason": "move", "from": utc(START).isoformat(), "to": utc(START + 12 * HOUR).isoformat()}
    alerts = Run(config(maintenance=[span]), None).feed(records).alerts
    assert alerts[0].suppressed == "maintenance"
    assert None not in {alert.suppressed for alert in alerts}
    assert None in {alert.suppressed for alert in oracle.alerts}
    assert alerts[0].starts_at == oracle.alerts[0].starts_at
    assert all(each.reason.endswith("Not paged: maintenance (move).") for each in alerts[-1].detectors.values())
    named = [alert.summary.endswith("Not paged: maintenance (move).") for alert in alerts]
    assert named == [alert.suppressed == "maintenance" for alert in alerts]
    elsewhere = Run(config(maintenance=[span | {"brands": ["suedmilch"]}]), None).feed(records).alerts
    assert [alert.suppressed for alert in elsewhere] == [alert.suppressed for alert in oracle.alerts]


def totals(run: Run) -> Counter[str]:
    assert len({(window.brand, window.start_ms) for window in run.windows}) == len(run.windows)
    counted = Counter[str]()
    for window in run.windows:
        counted[window.brand] += window.count + window.late
    return counted


@pytest.mark.parametrize("seed", range(4))
def test_changing_over_at_any_moment_counts_every_mention_once(records: Records, oracle: Run, seed: int) -> None:
    chance = random.Random(seed)
    others = [
        config(),
        config(preset="calm"),
        config(detectors=[*SHADOWS, {"name": "level", "kind": "drift"}]),
        config(detectors=[{"name": "volume", "kind": "sentiment_shift"}], incidents={"quiet_below": 0.5}),
    ]
    seen = set()

    def change(run: Run, _left: int) -> None:
        if chance.random() < 0.2:
            run.change_over(chance.choice(others))

    run = Run(config(), random.Random(seed)).feed(records, change)
    assert totals(run) == totals(oracle)
    seen = {window.config_version for window in run.windows}
    assert len(seen) > 2


def test_another_threshold_keeps_what_was_learned_and_another_kind_starts_anew(records: Records, oracle: Run) -> None:
    once = iter((1,))

    def change(run: Run, left: int) -> None:
        if left < 500 and any(once):
            tone = {"name": "tone", "kind": "drift"}
            run.change_over(config(detectors=[{"name": "volume", "kind": "volume", "once_in_days": 14}, tone]))

    run = Run(config(), None).feed(records, change)
    before = {(window.brand, window.start_ms): window for window in oracle.windows}
    after = [window for window in run.windows if window.config_version != config().version]
    assert after
    for window in after:
        same = before[window.brand, window.start_ms].scores["volume"]
        assert window.scores["volume"].expected == same.expected
        assert window.scores["volume"].value < same.value or same.value == 0
        assert window.scores["tone"].value == 0


def test_an_incident_goes_on_under_another_config_as_the_same_one(records: Records) -> None:
    opened = iter((1,))

    def change(run: Run, _left: int) -> None:
        if run.alerts and any(opened):
            run.change_over(config(preset="calm", detectors=[{"name": "other", "kind": "volume"}]))

    alerts = Run(config(), None).feed(records, change).alerts
    first = [alert for alert in alerts if alert.fingerprint == alerts[0].fingerprint]
    assert len({alert.config_version for alert in first}) == 2
    assert first[-1].kind == "resolve"
    assert [alert.kind for alert in first].count("open") == 1


def test_the_incident_of_a_removed_brand_is_resolved(records: Records) -> None:
    opened = iter((1,))
    one = config().model_dump()["brands"][1:]

    def change(run: Run, _left: int) -> None:
        if run.alerts and any(opened):
            run.change_over(config(brands=one))

    run = Run(config(), None).feed(records, change)
    kinds = [alert.kind for alert in run.alerts if alert.brand == "nordtel"]
    assert kinds[-1] == "resolve"
    assert run.alerts[-1].brand == "nordtel"


@pytest.mark.parametrize("seed", range(4))
def test_mentions_wait_for_a_config_that_names_their_brand(records: Records, oracle: Run, seed: int) -> None:
    """The scorers know a brand from the first post on, the detectors after some minutes of event time."""
    chance = random.Random(seed)
    settings = config()
    one = config(brands=settings.model_dump()["brands"][1:])
    run = Run(settings, chance)
    run.use_in_detection(one)
    start = sum(map(len, records.values()))

    def change(run: Run, left: int) -> None:
        if left < start - 15:  # about 8 minutes of event time
            run.use_in_detection(settings)

    run.feed(records, change)
    assert totals(run) == totals(oracle)
    assert [window.to_bytes() for window in windows_of(run, "nordtel")] == [
        window.to_bytes() for window in windows_of(oracle, "nordtel")
    ]


def windows_of(run: Run, brand: str) -> list[Window]:
    return sorted((each for each in run.windows if each.brand == brand), key=lambda window: window.start_ms)


def test_mentions_of_a_brand_that_never_comes_are_given_up_and_counted(records: Records) -> None:
    one = config(brands=config().model_dump()["brands"][1:])
    run = Run(config(), None)
    run.use_in_detection(one)
    run.feed(records)
    waiting = [value for key, value in run.state.items() if key.startswith(ENVELOPES_KEY % 0)]
    still = sum(len(orjson.loads(envelope)["mentions"]) for envelope in waiting)
    posts = {post.key for post in story(1) if "Nordtel" in post.text}
    assert run.whole.unwatched > still
    assert run.whole.unwatched + still == len(posts)


def test_pending_envelopes_that_an_earlier_version_saved_in_one_entry_are_counted(records: Records) -> None:
    """They are saved one by one from then on, and the entry of all is deleted."""
    scorer = Scorer(config(), WordModel())
    scorer.assign(0, Position("topic-1"))
    (envelope,) = (each for each in scorer.score(0, records[0][:50]).envelopes if each.brand == "nordtel")
    key = ENVELOPES_KEY % 0
    old = {key: orjson.dumps({"v": 1, "envelopes": [envelope.to_bytes().decode()]})}
    without = restored(config(brands=config().model_dump()["brands"][1:]), old)
    save(old, without.dirty())
    assert key not in old
    assert len(old) == 1
    monitor = restored(config(), old)
    monitor.advance()
    monitor.absorb(envelope)
    assert monitor.outcome().counted["nordtel"] == len(envelope.mentions), "and not twice"
    save(old, monitor.dirty())
    assert list(old) == [b"nordtel"]


def half_way(records: Records) -> dict[bytes, bytes]:
    """The state after the calm hours."""
    run = Run(config(), None)
    run.feed({partition: mine[:150] for partition, mine in records.items()})
    return run.state


def test_a_learned_state_of_another_kind_is_dropped_once_and_named(records: Records) -> None:
    settings = config(detectors=[{"name": "volume", "kind": "drift"}, {"name": "tone", "kind": "sentiment_shift"}])
    state = half_way(records)
    monitor = restored(settings, state)
    dropped = monitor.outcome().dropped
    assert [each[:4] for each in dropped] == [
        (brand, "volume", "other_kind", "of kind 'volume', now 'drift'") for brand in ("nordtel", "suedmilch")
    ]
    build("volume", {}).restore(dropped[0].snapshot)
    assert monitor.outcome().dropped == []
    save(state, monitor.dirty())
    again = restored(settings, state)
    assert again.outcome().dropped == [], "the state no longer has what was dropped"


def test_a_learned_state_of_an_earlier_version_is_dropped_and_named(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = half_way(records)

    def outdated(_self: Volume, _snapshot: bytes) -> Volume:
        raise OutdatedSnapshot("version 1 of 2")

    monkeypatch.setattr(Volume, "restore", outdated)
    dropped = restored(config(), state).outcome().dropped
    assert {each[:4] for each in dropped} == {
        (brand, "volume", "outdated_snapshot", "version 1 of 2") for brand in ("nordtel", "suedmilch")
    }


def test_nothing_is_dropped_of_a_detector_that_is_kept_or_gone(records: Records) -> None:
    state = half_way(records)
    for settings in (config(), config(preset="calm"), config(detectors=[{"name": "other", "kind": "volume"}])):
        assert restored(settings, state).outcome().dropped == []
