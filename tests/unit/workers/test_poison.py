"""Whatever a stranger writes into a topic is refused with a reason, or is good enough for all that follows."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.config import Config
from streams.core.detect.partition import PartitionMonitor
from streams.core.detect.validation import MentionsValidator
from streams.core.learn.label_filter import LabelFilter
from streams.core.score.partitioning import partition_of
from streams.core.score.position import Position
from streams.core.score.scorer import Scorer
from streams.errors import RecordError
from streams.records import (
    Envelope,
    HoldoutQuality,
    Label,
    Mention,
    ModelHeader,
    Post,
    Progress,
    PublishedModel,
    mentions_record_from_bytes,
    model_from_bytes,
    post_from_bytes,
    window_from_bytes,
)
from streams.sources.weights import read_weights
from streams.workers.model_dead_letters import fault_of
from tests.support import poison
from tests.support.saved_state import restored, save

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.records import MentionsContent

NOW: Final = 1_760_000_400_000
RECORDS: Final = 2_000
ODD: Final = "e" + "\u0301" * 5_000 + "\u202e\u0000\ufeff" + "👩‍👩‍👧‍👦" * 50

CONFIG: Final = Config.model_validate(
    {
        "brands": [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}],
        "topics": {"partitions": 2},
        "alerts": {"include_texts": True},
    }
)
HOME: Final = partition_of(b"nordtel", CONFIG.topics.partitions)


class NeutralModel:
    version = "m"

    def predict(self, _text: str, _lang: str) -> tuple[float, float, float]:
        return 0.3, 0.4, 0.3


def post(number: int = 0, text: str = "Nordtel hat kein Netz") -> Post:
    return Post(f"p{number}", "forum", NOW - 60_000, text, author="anna", url="https://a.example/1", engagement=3)


def envelope(offset: int = 0) -> Envelope:
    mention = Mention(
        offset, NOW - 60_000, 0, 6_000, 1_000, 17, 99, 0, 1, "de", "forum", f"p{offset}", ["netz"], "https://a.example"
    )
    return Envelope("nordtel", 0, "topic-1", "m", NOW, [mention])


def progress(offset: int = 0) -> Progress:
    active, pulse = [("forum", [NOW - NOW % 300_000])], [(NOW - NOW % 60_000, [1] * 16)]
    return Progress(0, "topic-1", offset, NOW - 60_000, NOW, -1, live=True, active=active, pulse=pulse)


def label() -> Label:
    return Label(post="forum:1", text="kein Netz", label="negative", by="anna", at_ms=NOW)


def fields(record: Post | Envelope | Progress | Label) -> dict[str, Any]:
    value: dict[str, Any] = orjson.loads(record.to_bytes())
    return value


def read_mentions(value: bytes | None) -> MentionsContent:
    return MentionsValidator(CONFIG).read(HOME, NOW, value)


def read_monitored(value: bytes | None) -> None:
    """As a detect worker: what is taken must be countable, saved and read again."""
    monitor = PartitionMonitor(CONFIG, 0)
    for partition in range(2):
        monitor.absorb(Progress(partition, "topic-1", -1, NOW - 7_200_000, NOW, -1, live=False, active=[], pulse=[]))
    monitor.absorb(read_mentions(value))
    monitor.advance()
    state = monitor.dirty()
    outcome = monitor.finish()
    for window in outcome.windows:
        window_from_bytes(window.to_bytes())
    for changes in (state, monitor.dirty()):
        saved: dict[bytes, bytes] = {}
        save(saved, changes)
        restored(CONFIG, saved)


def read_scored(value: bytes | None) -> None:
    """As a scorer: what it makes of a post must be readable."""
    scorer = Scorer(CONFIG, NeutralModel())
    scorer.assign(0, Position("topic-1"))
    batch = scorer.score(0, [(0, NOW, value)])
    made: list[Envelope | Progress] = [*batch.envelopes, batch.progress]
    for record in made:
        read_monitored(record.to_bytes())
    for reject in batch.rejects:
        raise RecordError(reject.reason, reject.detail)


def read_label(value: bytes | None) -> None:
    if LabelFilter(CONFIG).accept(value, NOW) is None:
        raise AssertionError("taken for a repeat")


def refusal(read: Callable[[bytes | None], object], value: bytes | None) -> RecordError | None:
    try:
        read(value)
    except RecordError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("kinds", "good", "read"),
    [
        (poison.posts, post, read_scored),
        (poison.mentions, envelope, read_monitored),
        (poison.progress, progress, read_monitored),
        (poison.labels, label, read_label),
    ],
    ids=["posts", "mentions", "progress", "labels"],
)
def test_every_kind_of_poison_is_refused(
    kinds: Callable[[random.Random], poison.Poison],
    good: Callable[[], Post | Envelope | Progress | Label],
    read: Callable[[bytes | None], object],
) -> None:
    read(good().to_bytes())
    poisons = kinds(random.Random(5))
    reasons = Counter[str]()
    for number in range(RECORDS):
        kind, value = poisons.draw(fields(good()))
        error = refusal(read, value)
        assert error is not None, f"number {number}, {kind}, was taken: {(value or b'')[:300]!r}"
        assert len(error.detail) < 300, kind
        reasons[error.reason] += 1
    assert reasons.keys() >= {"empty", "broken_json", "wrong_type", "unknown_version", "missing_field"}


def test_every_kind_of_broken_model_is_refused() -> None:
    judged = HoldoutQuality(labels=10, macro_f1=0.5, negative_rest_f1=0.5)
    header = ModelHeader(
        version=7, parent=0, created_ms=NOW, labels=1, incarnation="x", offset=0, quality=judged, parent_quality=judged
    )
    good = PublishedModel(header, read_weights())
    assert fault_of(good.key, good.to_bytes(), ["fast"]) is None
    assert fault_of(good.key, None, ["fast"]) is None, "a version may be taken away"
    poisons = poison.BrokenModels(random.Random(5), good.key, good.to_bytes())
    reasons = Counter[str]()
    for number in range(RECORDS):
        kind, key, value = poisons.draw()
        error = fault_of(key, value, ["fast"])
        assert error is not None, f"number {number}, {kind}, was taken: {key!r} {(value or b'')[:300]!r}"
        assert len(error.detail) < 300, kind
        reasons[error.reason] += 1
    assert reasons.keys() >= {"empty", "broken_model", "broken_snapshot", "other_quality", "wrong_key", "wrong_type"}


def test_odd_texts_are_counted() -> None:
    for text in (ODD, "nordtel" + "\u0301" * 9_000, "nordtel " + "\u0000" * 9_000, "nordtel " + "a" * 9_000):
        read_scored(post(text=f"nordtel {text}").to_bytes())


def test_posts_that_swell_in_json_fit_into_records() -> None:
    scorer = Scorer(CONFIG, NeutralModel())
    scorer.assign(0, Position("topic-1"))
    swollen = '"' * 250
    values = [
        Post(f"{number}{swollen}", f"{number % 500}{swollen}", NOW, f"nordtel {swollen}", url=2 * swollen).to_bytes()
        for number in range(1_000)
    ]
    batch = scorer.score(0, [(offset, NOW, value) for offset, value in enumerate(values)])
    assert not batch.rejects
    assert sum(len(each.mentions) for each in batch.envelopes) == 1_000
    made: list[Envelope | Progress] = [*batch.envelopes, batch.progress]
    assert all(len(record.to_bytes()) < 1_000_000 for record in made)


def test_no_time_ahead_of_the_broker_moves_the_watermark() -> None:
    scorer = Scorer(CONFIG, NeutralModel())
    scorer.assign(0, Position("topic-1"))
    ahead = [NOW + step for step in (1, 60_000, 3_600_000, 86_400_000, 86_400_001, 10**12)]
    values = [Post(f"{ts_ms}-{copy}", "forum", ts_ms, "nordtel").to_bytes() for copy in range(20) for ts_ms in ahead]
    batch = scorer.score(0, [(offset, NOW, value) for offset, value in enumerate(values)])
    assert NOW - 1_000 <= batch.watermark_ms <= NOW
    assert batch.progress.newest_ms <= NOW
    assert [reject.reason for reject in batch.rejects] == ["timestamp_in_future"] * 40


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_change_of_a_good_record_is_refused_or_harmless(data: st.DataObject) -> None:
    readers: list[tuple[Post | Envelope | Progress | Label, Callable[[bytes | None], None]]] = [
        (post(), read_scored), (envelope(), read_monitored), (progress(), read_monitored), (label(), read_label)
    ]  # fmt: skip
    good, read = data.draw(st.sampled_from(readers))
    changed = fields(good)
    for name in data.draw(st.lists(st.sampled_from([*changed, "extra"]), max_size=3)):
        changed[name] = data.draw(JSON)
    if "mentions" in changed and data.draw(st.booleans()):
        mention = fields(envelope())["mentions"][0]
        for index in data.draw(st.lists(st.integers(0, len(mention) - 1), max_size=3)):
            mention[index] = data.draw(JSON)
        changed["mentions"] = [mention]
    try:
        value = orjson.dumps(changed)
    except TypeError:  # an integer or a surrogate that orjson does not write
        value = repr(changed).encode(errors="surrogatepass")
    refusal(read, value)


@given(st.binary(max_size=200))
def test_bytes_are_refused(value: bytes) -> None:
    for read in (post_from_bytes, mentions_record_from_bytes, model_from_bytes):
        with pytest.raises(RecordError):
            read(value)
