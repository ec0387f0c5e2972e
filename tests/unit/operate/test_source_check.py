"""A check of live sources: what they would deliver, and why they can't be read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import pytest

from streams.config import Config
from streams.operate import source_check
from streams.operate.source_check import SourceCheck, check_sources
from streams.sources.live import registry
from tests.support import scripted_source
from tests.support.scripted_source import posts, write_script

if TYPE_CHECKING:
    from pathlib import Path

BRANDS: Final = [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}]


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.KINDS, "files", f"{scripted_source.__name__}.ScriptedSource")
    monkeypatch.setattr(source_check, "LEAST_SECONDS", 0.0)


def checked(*sources: dict[str, Any], seconds: float = 1.0) -> list[SourceCheck]:
    config = Config.model_validate({"brands": BRANDS, "sources": list(sources)})
    return asyncio.run(check_sources(config, config.sources, seconds))


def files(tmp_path: Path, id: str, *lines: dict[str, Any]) -> dict[str, Any]:
    return {"id": id, "kind": "files", "paths": [str(write_script(tmp_path / f"{id}.jsonl", lines))]}


def test_three_posts_are_shown_with_the_brands_that_they_match(tmp_path: Path) -> None:
    other = posts(1, first=9, text="Nichts davon")
    (found,) = checked(files(tmp_path, "a", *other, *posts(5), {"skipped": "repost"}, {"deleted": "7"}))
    assert (found.result, found.why) == ("good", "")
    assert [(post.text, post.brands) for post in found.posts] == [
        ("Nichts davon", []),
        ("Nordtel Nummer 0", ["nordtel"]),
        ("Nordtel Nummer 1", ["nordtel"]),
    ]
    assert found.counts == {"posts": 6, "matching": 5, "skipped": 1, "deletions": 1}
    assert found.per_minute is not None
    assert found.behind_ms is not None
    assert found.as_json()["posts"][1]["brands"] == ["nordtel"]


def test_the_filter_by_brands_hides_nothing(tmp_path: Path) -> None:
    source = files(tmp_path, "a", *posts(4, text="Nichts davon")) | {"brand_filter": True, "unmatched_share": 0}
    (found,) = checked(source)
    assert (found.result, found.counts["posts"]) == ("good", 4)


def test_each_source_is_told_apart_and_one_that_fails_does_not_hold_up_the_others(tmp_path: Path) -> None:
    found = checked(
        files(tmp_path, "good", *posts(3)),
        files(tmp_path, "refused", {"refused": "the token is wrong: make another"}),
        files(tmp_path, "unreachable", {"unavailable": "no host answers"}),
        files(tmp_path, "defect", {"bug": "out of range"}),
        files(tmp_path, "quiet"),
        files(tmp_path, "stalls", {"stalls": True}),
        files(tmp_path, "map", *posts(3, id=None)),
        files(tmp_path, "bad", {"bad": "broken_json"}),
    )
    assert {each.id: each.result for each in found} == {
        "good": "good", "refused": "failed", "unreachable": "failed", "quiet": "quiet", "stalls": "quiet",
        "map": "failed", "bad": "failed", "defect": "failed",
    }  # fmt: skip
    why = {each.id: each.why for each in found}
    assert why["refused"] == "the token is wrong: make another"
    assert why["unreachable"] == "no host answers"
    assert "out of range" in why["defect"]
    assert "none of 3 records is a post: " in why["map"]
    assert "'id'" in why["map"]
    assert "broken_json" in why["bad"]


def test_posts_with_some_defects_are_good_with_a_remark(tmp_path: Path) -> None:
    (found,) = checked(files(tmp_path, "a", *posts(3), {"bad": "broken_json"}))
    assert (found.result, found.counts["bad"]) == ("good", 1)
    assert "some records can't be used (broken_json" in found.why


def test_records_that_are_no_posts_are_counted_by_their_reason_where_no_post_came(tmp_path: Path) -> None:
    untold = posts(3, text="")
    (found,) = checked(files(tmp_path, "a", *untold, {"skipped": "repost"}, {"skipped": "no_post"}))
    assert found.result == "quiet"
    assert found.why.endswith(
        " seconds; of the records that came, 3 have no text, 1 repeat other posts, 1 are no posts"
    )


def test_a_source_that_listens_is_only_asked_and_tells_where(tmp_path: Path) -> None:
    (found,) = checked({"id": "push", "kind": "webhook", "listen": "127.0.0.1:8480"})
    assert found.result == "not read"
    assert found.facts["listens on"] == "http://127.0.0.1:8480/v1/posts"
    assert "waits for posts" in found.why


def test_a_file_of_secrets_that_is_missing_is_told_with_its_setting(tmp_path: Path) -> None:
    sender = {"id": "partner", "token_file": str(tmp_path / "none")}
    (found,) = checked({"id": "push", "kind": "webhook", "senders": [sender]})
    assert found.result == "failed"
    assert str(tmp_path / "none") in found.why
