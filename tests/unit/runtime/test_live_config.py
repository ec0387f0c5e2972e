"""The config file followed while it changes: what is loaded, what is refused, what is logged and counted."""

# ruff: noqa: ASYNC240  files of a test are small

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from streams.config import text_files
from streams.core.text.matching import Matcher
from streams.runtime import metrics
from streams.runtime.live_config import LiveConfig

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from streams.config import Config

BRANDS = """\
brands:
  - {id: nordtel, name: Nordtel, match: {any: [nordtel]}, usual_posts_per_day: 900}
"""
ACME = "  - {id: acme, name: Acme, match: {any: [acme]}}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "firewatch.yaml"
    file.write_text(BRANDS)
    return file


def value(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(name, labels) or 0


async def test_a_change_is_taken_over_when_two_looks_saw_it(path: Path) -> None:
    live = LiveConfig.load(path)
    before = live.config
    path.write_text(BRANDS + ACME)
    await live.look()
    assert live.config is before
    with capture_logs() as logs:
        await live.look()
    assert [brand.id for brand in live.config.brands] == ["nordtel", "acme"]
    assert [entry["changes"] for entry in logs] == [["brands.acme: added"]]
    taken = live.config
    await live.look()
    assert live.config is taken


async def test_a_file_that_changes_all_the_time_is_not_read_in_between(path: Path) -> None:
    live = LiveConfig.load(path)
    before = live.config
    for share in range(5):
        path.write_text(f"{BRANDS}incidents: {{negative_share: 0.{share + 2}}}\n")
        await live.look()
    assert live.config is before


async def test_a_hangup_has_it_read_at_once(path: Path) -> None:
    live = LiveConfig.load(path)
    path.write_text(BRANDS + ACME)
    live.ask()
    await live.look()
    assert len(live.config.brands) == 2


async def test_nothing_is_changed_over_where_nothing_differs(path: Path) -> None:
    live = LiveConfig.load(path)
    before = live.config
    path.write_text(f"# looked at\n{BRANDS}")
    live.ask()
    await live.look()
    assert live.config is before
    assert value("firewatch_config_last_reload_successful") == 1


async def test_the_swapped_symlink_of_a_config_map_is_seen(tmp_path: Path) -> None:
    for version, text in (("..1", BRANDS), ("..2", BRANDS + ACME)):
        (tmp_path / version).mkdir()
        (tmp_path / version / "config.yaml").write_text(text)
    (tmp_path / "..data").symlink_to("..1")
    (tmp_path / "config.yaml").symlink_to("..data/config.yaml")
    live = LiveConfig.load(tmp_path / "config.yaml")
    (tmp_path / "..data_tmp").symlink_to("..2")
    (tmp_path / "..data_tmp").rename(tmp_path / "..data")
    await live.look()
    await live.look()
    assert len(live.config.brands) == 2


@pytest.mark.parametrize(
    ("text", "outcome", "problem"),
    [
        ("brands: [\n", "invalid", "is not valid YAML"),
        (
            BRANDS + "expected_events:\n  - {reason: sale, day: 2026-02-30}\n",
            "invalid",
            "expected_events[0].day: '2026-02-30' does not exist",
        ),
        (BRANDS + "score: {batch_records: !!int x}\n", "invalid", "'x' is not an integer"),
        (BRANDS + "score: &a [*a]\n", "invalid", "a value contains itself"),
        (BRANDS + "x: \0", "invalid", "(line 3)"),
        ("[" * 5_000, "invalid", "is nested too deeply"),
        (BRANDS + "windoes: {}\n", "invalid", "windoes: unknown key"),
        (None, "invalid", "no such file"),
        (
            BRANDS + "windows: {bucket_seconds: 600}\n",
            "refused",
            "windows.bucket_seconds: can't change while workers run (300 -> 600): restart them",
        ),
        (BRANDS + ACME + "topics: {partitions: 8}\n", "refused", "topics.partitions: can't change while workers run"),
        (BRANDS + "kafka: {client_id: x}\n", "refused", "kafka.client_id: can't change while workers run"),
    ],
)
async def test_what_can_not_be_used_leaves_the_last_good_one(
    path: Path, text: str | None, outcome: str, problem: str
) -> None:
    live = LiveConfig.load(path)
    before, reloads = live.config, value("firewatch_config_reloads_total", outcome=outcome)
    since = value("firewatch_config_last_reload_success_timestamp_seconds")
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
    with capture_logs() as logs:
        for _ in range(4):
            await live.look()
    assert live.config is before
    assert len(logs) == 1
    assert problem in str(logs[0]["problems"])
    assert value("firewatch_config_reloads_total", outcome=outcome) == reloads + 1
    assert value("firewatch_config_last_reload_successful") == 0
    assert value("firewatch_config_last_reload_success_timestamp_seconds") == since
    path.write_text(BRANDS + ACME)
    await live.look()
    await live.look()
    assert len(live.config.brands) == 2
    assert value("firewatch_config_last_reload_successful") == 1


async def test_what_is_no_file_any_more_leaves_the_last_good_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_files, "PIPE_SECONDS", 0.01)
    live = LiveConfig.load(path)
    before = live.config
    others: list[Callable[[], None]] = [
        path.mkdir, lambda: os.mkfifo(path), lambda: path.symlink_to(path), lambda: None,
    ]  # fmt: skip
    for put_there in others:
        path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
        put_there()
        live.ask()
        await live.look()
        assert live.config is before
        assert value("firewatch_config_last_reload_successful") == 0


async def test_a_config_that_the_worker_can_not_apply_is_refused(path: Path) -> None:
    live = LiveConfig.load(path, check=Matcher.of)
    before = live.config
    path.write_text(BRANDS.replace("[nordtel]", '["@#"]'))
    live.ask()
    with capture_logs() as logs:
        await live.look()
    assert live.config is before
    assert "brands[0].match.any" in str(logs[0]["problems"])


async def test_no_exception_of_a_check_ends_the_worker(path: Path) -> None:
    broken = False

    def check(_: Config) -> None:
        if broken:
            raise ZeroDivisionError("a defect")

    live = LiveConfig.load(path, check)
    before, broken = live.config, True
    path.write_text(BRANDS + ACME)
    live.ask()
    with capture_logs() as logs:
        await live.look()
    assert live.config is before
    assert "ZeroDivisionError('a defect')" in str(logs[0]["problems"])
    assert isinstance(logs[0]["exc_info"], ZeroDivisionError)
    assert value("firewatch_config_last_reload_successful") == 0
    broken = False
    live.ask()
    await live.look()
    assert len(live.config.brands) == 2
