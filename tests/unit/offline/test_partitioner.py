"""What comes out of posts does not depend on the order in which a file has them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from detectors.units import DAY_MS
from streams.offline.partitioner import Partitioner
from streams.offline.replay import Replay
from streams.records import Post, utc
from streams.sources.files import FileSource
from streams.sources.ordered import in_order_of_time
from tests.support.two_brands import HOUR, START, WordModel, config, story

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

POSTS = sorted({post.ts_ms: post for post in story(1)}.values(), key=lambda post: post.ts_ms)
"""Ten hours with a storm, no two posts at one time."""

FAR = [
    Post(f"far{place}", "forum", START + days * DAY_MS, "Nordtel ist schlecht") for place, days in enumerate((-900, 90))
]

Lines = list[bytes]
Results = tuple[list[bytes], list[bytes], int]
"""Alerts and windows, which are in order for each brand alone, and the number of posts that were set aside."""


def line(post: Post) -> bytes:
    fields = {"id": post.id, "source": post.source, "author": post.author, "text": post.text}
    return orjson.dumps(fields | {"created_at": utc(post.ts_ms).isoformat(timespec="milliseconds")})


def replayed(path: Path, content: Lines, *, keep_order: bool = False) -> Results:
    path.write_bytes(b"\n".join(content))
    alerts: list[bytes] = []
    windows: list[bytes] = []
    replay = Replay(
        config(),
        WordModel(),
        lambda alert: alerts.append(alert.to_bytes()),
        lambda window: windows.append(window.to_bytes()),
    )
    with in_order_of_time(
        FileSource(path, 65_536), config().ingest, START + 1_000 * DAY_MS, keep_order=keep_order
    ) as source:
        summary = replay.run(source)
    return sorted(alerts), sorted(windows), summary.rejected.get("outlier_date", 0)


def newest_first(lines: Lines, _seed: int) -> Lines:
    return lines[::-1]


def network_after_network(lines: Lines, _seed: int) -> Lines:
    return [each for source in (b'"forum"', b'"news"') for each in lines if source in each]


def one_after_another(lines: Lines, seed: int) -> Lines:
    cut = random.Random(seed).randrange(len(lines))
    return lines[cut:] + lines[:cut]


def shuffled(lines: Lines, seed: int) -> Lines:
    return random.Random(seed).sample(lines, len(lines))


def slightly_out_of_order(lines: Lines, seed: int) -> Lines:
    chance = random.Random(seed)
    places = sorted(range(len(lines)), key=lambda place: place + chance.randrange(5))
    return [lines[place] for place in places]


ORDERS = [newest_first, network_after_network, one_after_another, shuffled, slightly_out_of_order]


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> Results:
    found = replayed(tmp_path_factory.mktemp("wanted") / "posts.jsonl", [line(post) for post in POSTS])
    assert found[0]
    return found


@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # an example takes too long to be made smaller
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.sampled_from(ORDERS), st.integers(0, 2**32), st.booleans())
def test_any_order_of_the_same_lines_gives_the_same_windows_and_alerts(
    tmp_path: Path, wanted: Results, order: Callable[[Lines, int], Lines], seed: int, far: bool
) -> None:
    """An export is newest first, or network after network; some posts are dated years off."""
    content = order([line(post) for post in POSTS + (FAR if far else [])], seed)
    assert replayed(tmp_path / "posts.jsonl", content) == (wanted[0], wanted[1], len(FAR) * far)


def test_a_file_in_order_gives_what_it_gives_as_it_stands(tmp_path: Path, wanted: Results) -> None:
    kept = replayed(tmp_path / "posts.jsonl", [line(post) for post in POSTS], keep_order=True)
    assert kept == wanted


def test_a_burst_that_is_dated_ahead_in_the_middle_moves_nothing(tmp_path: Path) -> None:
    """Twelve posts of two hours ahead, half an hour before the storm, made all of it late."""
    burst = [Post(f"b{place}", "forum", START + 8 * HOUR, f"Nordtel {place}") for place in range(12)]
    lines = [line(post) for post in POSTS]
    alerts, _, _ = replayed(tmp_path / "posts.jsonl", lines[:700] + [line(post) for post in burst] + lines[700:])
    in_place = sorted(POSTS + burst, key=lambda post: post.ts_ms)
    assert alerts == replayed(tmp_path / "sorted.jsonl", [line(post) for post in in_place])[0]
    assert any(b'"critical"' in alert for alert in alerts)


def test_the_order_that_is_kept_is_remarked_if_much_of_it_is_late(tmp_path: Path) -> None:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"\n".join(line(post) for post in POSTS[::-1]))
    with FileSource(path, 65_536) as source:
        partitioner = Partitioner(config(), source)
        for _ in partitioner.chunks():
            pass
        (remark,) = partitioner.remarks
    assert remark.startswith(f"{len(POSTS) - 4:,} of {len(POSTS):,} posts come after one that is later by more than")
