"""A detector that raises: how often it may, what is out then, and for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from streams.config import Config
from streams.core.detect.partition import PartitionMonitor
from streams.core.detect.quarantine import Quarantine
from streams.errors import DetectorFailed, RecordError, UnknownVersion
from streams.records import Envelope, Mention, Progress, Window
from tests.support import brittle
from tests.support.saved_state import restored, save

if TYPE_CHECKING:
    from streams.core.detect.quarantine import Quarantined
    from streams.records import Alert

BUCKET: Final = 300_000
START: Final = 1_760_000_400_000 - 1_760_000_400_000 % 86_400_000
BUCKETS: Final = 12
BREAKS_AT: Final = 6
AFTER: Final = 3

Records = list[Envelope | Progress]


@pytest.fixture(autouse=True)
def brittle_detectors(monkeypatch: pytest.MonkeyPatch) -> None:
    brittle.make_known(monkeypatch)


def config(doing: str = "score_one", hurt: tuple[str, ...] = ("nordtel",), **sections: Any) -> Config:
    brands = [
        {"id": id, "name": id, "match": {"any": [id]}} | ({"usual_posts_per_day": 900} if id in hurt else {})
        for id in ("nordtel", "suedmilch", "zacke")
    ]
    detectors = [
        {"name": "glass", "kind": "brittle", "from_ms": START + BREAKS_AT * BUCKET, "doing": doing},
        {"name": "volume", "kind": "volume"},
    ]
    given = {"brands": brands, "default_detectors": False, "detectors": detectors, "topics": {"partitions": 1}}
    return Config.model_validate(given | {"detect": {"quarantine_after": AFTER}} | sections)


def stream() -> list[Records]:
    """One list of records for each minute."""
    minutes = []
    for minute in range(BUCKETS * 5 + 5):
        ts_ms = START + minute * 60_000
        mentions = [Mention(minute, ts_ms, 0, 2_000, 1_000, 1 + minute, minute, 0, 0, "de", "forum", f"p{minute}", [])]
        records: Records = [Envelope(id, 0, "t", "m", ts_ms, mentions) for id in ("nordtel", "suedmilch", "zacke")]
        active = [("forum", [ts_ms - ts_ms % BUCKET])]
        progress = Progress(0, "t", minute, ts_ms + 59_999, ts_ms, -1, live=False, active=active, pulse=[])
        minutes.append([*records, progress])
    return minutes


class Lives:
    """A worker, and what survives it: the state, the notes, and how far it had come."""

    def __init__(self, settings: Config, batch_minutes: int = 7, batches: int = 1_000) -> None:
        self.settings = settings
        self.state: dict[bytes, bytes] = {}
        self.done = 0
        self.crashes: list[DetectorFailed] = []
        self.news: list[Quarantined] = []
        self.alerts: list[Alert] = []
        self.windows: list[Window] = []
        self._batch = batch_minutes
        self._batches = batches

    def run(self) -> None:
        while self.done < len(stream()):
            quarantine = Quarantine(self.settings, self.settings.detect.quarantine_after)
            try:
                self._live(quarantine)
            except DetectorFailed as failed:
                self.crashes.append(failed)
                key, value = quarantine.note(failed.failure)
                self.state[key] = value
                assert len(self.crashes) < 20
                self._batch += 1  # no two lives take the same batches
            finally:
                self.news += quarantine.news()

    def _live(self, quarantine: Quarantine) -> None:
        monitor = restored(self.settings, self.state, quarantine)
        for _ in range(self._batches):
            taken = stream()[self.done : self.done + self._batch]
            for records in taken:
                for record in records:
                    monitor.absorb(record)
            outcome = monitor.advance()
            changes = monitor.dirty()
            self.alerts += outcome.alerts
            self.windows += outcome.windows
            save(self.state, changes)
            self.done += len(taken)

    def result(self) -> tuple[list[bytes], list[bytes]]:
        return [alert.to_bytes() for alert in self.alerts], sorted(window.to_bytes() for window in self.windows)

    def scored_by(self, brand: str) -> list[set[str]]:
        mine = sorted((window for window in self.windows if window.brand == brand), key=lambda window: window.start_ms)
        return [set(window.scores) for window in mine]


def replayed(settings: Config) -> Lives:
    """The same in one life, in which a detector is out at once."""
    whole = Lives(settings, batch_minutes=1)
    monitor = PartitionMonitor(settings, 0)
    for records in stream():
        for record in records:
            monitor.absorb(record)
        outcome = monitor.advance()
        whole.alerts += outcome.alerts
        whole.windows += outcome.windows
    return whole


def out(news: list[Quarantined]) -> set[tuple[str, str]]:
    return {(each.failure.brand, each.failure.detector) for each in news}


@pytest.mark.parametrize("doing", ["score_one", "learn_one"])
def test_after_so_many_of_the_same_the_brand_goes_on_without_the_detector(doing: str) -> None:
    lives = Lives(config(doing))
    lives.run()
    assert len({failed.failure for failed in lives.crashes}) == 1
    assert len(lives.crashes) == AFTER
    assert "detector 'glass' of brand 'nordtel' raised in " + doing in str(lives.crashes[0])
    assert "ZeroDivisionError('no way to divide') at brittle.py:" in str(lives.crashes[0])
    # The open bucket is scored before the one before it closes; the closed one is scored, then learned.
    scored = BREAKS_AT - 1 if doing == "score_one" else BREAKS_AT + 1
    both, one = {"glass", "volume"}, {"volume"}
    assert lives.scored_by("nordtel") == [both] * scored + [one] * (BUCKETS - scored)
    assert lives.scored_by("suedmilch") == [both] * BUCKETS
    assert sum(window.count for window in lives.windows) == 3 * BUCKETS * 5
    assert out(lives.news) == {("nordtel", "glass")}
    (put_out,) = [each for each in lives.news if each.detail is not None]
    assert put_out.failure == lives.crashes[0].failure
    assert "no way to divide" in str(put_out.detail)
    assert lives.result() == replayed(config(doing)).result()


@pytest.mark.parametrize("doing", ["snapshot", "restore"])
def test_what_raises_between_batches_is_out_too(doing: str) -> None:
    lives = Lives(config(doing), batches=1)
    lives.run()
    assert [failed.failure.doing for failed in lives.crashes] == [doing] * AFTER
    assert sum(window.count for window in lives.windows) == 3 * BUCKETS * 5
    assert out(lives.news) == {("nordtel", "glass")}
    assert lives.scored_by("nordtel")[-1] == {"volume"}


def test_a_defect_that_is_known_costs_no_further_lives() -> None:
    lives = Lives(config(hurt=("nordtel", "suedmilch", "zacke")))
    lives.run()
    assert len(lives.crashes) == AFTER
    assert out(lives.news) == {(brand, "glass") for brand in ("nordtel", "suedmilch", "zacke")}
    assert lives.result() == replayed(lives.settings).result()


def test_it_stays_out_over_restarts_and_comes_back_with_another_config() -> None:
    lives = Lives(config())
    lives.run()
    other = config(incidents={"negative_share": 0.5})
    for settings, expected in ((config(), [("nordtel", "glass")]), (other, [])):
        quarantine = Quarantine(settings, after=0)
        monitor = restored(settings, lives.state, quarantine)
        news = quarantine.news()
        assert sorted(out(news)) == expected
        assert all(each.detail is None for each in news), "it was out before"
        assert quarantine.news() == []
        brand = monitor._brand("nordtel")
        assert brand is not None
        assert ("glass" in brand._detectors) is not bool(expected)


def test_a_score_that_is_no_number_counts_as_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    score = brittle.Brittle.score_one

    def without_number(self: brittle.Brittle, bucket: Any) -> Any:
        return score(self, bucket)._replace(value=float("nan"))

    monkeypatch.setattr(brittle.Brittle, "score_one", without_number)
    lives = Lives(config(hurt=()))
    lives.run()
    assert "ValueError('a score of nan')" in str(lives.crashes[0])
    assert sum(window.count for window in lives.windows) == 3 * BUCKETS * 5


def test_two_detectors_that_raise_in_turn_are_both_out() -> None:
    glass, ice = (
        {"name": name, "kind": "brittle", "from_ms": START + at * BUCKET}
        for name, at in (("glass", BREAKS_AT), ("ice", BREAKS_AT + 2))
    )
    lives = Lives(config(detectors=[glass, ice]), batch_minutes=60)
    lives.run()
    assert out(lives.news) == {("nordtel", "glass"), ("nordtel", "ice")}
    assert len(lives.crashes) == 2 * AFTER


def test_a_note_that_cannot_be_read_is_refused() -> None:
    quarantine = Quarantine(config(), AFTER)
    for value in (b"{", b"[]", b'{"v": 1}', b'{"v": 1, "under": %b, "failures": [[1, 2]]}'):
        with pytest.raises(RecordError):
            quarantine.restore("nordtel", value.replace(b"%b", str(quarantine._under).replace("'", '"').encode()))
    with pytest.raises(UnknownVersion):
        quarantine.restore("nordtel", b'{"v": 2}')
