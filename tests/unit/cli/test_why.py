"""`firewatch why`: the conclusion in one sentence, the tables, the picture, and what a mistake ends in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from detectors.units import HOUR_MS, MINUTE_MS
from streams.errors import ConfigError, InputError
from tests.support.backtest import CONFIG, STORM_MS, iso, run, write_files
from tests.support.two_brands import START

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("why")
    write_files(made)
    return made


def lines(folder: Path, minute: float, *arguments: str, config: str = "@now.yaml", brand: str = "nordtel") -> list[str]:
    result = run(
        folder, "why", "--brand", brand, "--at", iso(START + round(minute * MINUTE_MS)), "--posts", "@posts.jsonl",
        "-c", config, *arguments,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    found: list[str] = result.stdout.splitlines()
    return found


def tree(folder: Path, minute: float, **changed: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads("\n".join(lines(folder, minute, "--json", **changed)))
    return found


def write_config(folder: Path, name: str, **sections: Any) -> str:
    (folder / name).write_text(yaml.safe_dump(yaml.safe_load(CONFIG) | sections))
    return f"@{name}"


def test_without_an_alert_the_conclusion_says_what_was_lacking(folder: Path) -> None:
    found = tree(folder, 300)
    nearest = max(found["moment"]["detectors"], key=lambda each: (each["score"]["value"], -each["lacking_mentions"]))
    what = "negative mentions" if nearest["lacking_are_negative"] else "mentions"
    assert found["conclusion"] == (
        f"No alert at 05:00: {nearest['name']} {nearest['score']['value']:.2f} of 1; "
        f"it lacked {nearest['lacking_mentions']} {what}."
    )


def test_what_would_fire_with_a_mention_or_two_also_lacks_what_an_incident_takes(folder: Path) -> None:
    posts = [json.loads(line) for line in (folder / "posts.jsonl").read_text().splitlines()]
    known = [{**post, "id": f"q{n}", "text": "Quietco"} for n, post in enumerate(posts[:400:20])]
    (folder / "quiet.jsonl").write_text("".join(f"{json.dumps(post)}\n" for post in known + posts))
    brands = [{"id": "quietco", "name": "Quietco", "match": {"any": ["quietco"]}, "usual_posts_per_day": 0.01}]
    config = write_config(folder, "quiet.yaml", brands=brands)
    at = iso(START + 9 * HOUR_MS)
    result = run(folder, "why", "--brand", "quietco", "--at", at, "--posts", "@quiet.jsonl", "-c", config)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0].endswith(", and an incident opens with 5 mentions by 3 authors.")


def test_without_posts_for_a_while_the_conclusion_says_since_when(folder: Path) -> None:
    found = lines(folder, 640)[0]
    assert found.startswith("No alert at 10:40: no posts came after 10:0")
    assert found.endswith(", so nothing was evaluated.")


def test_at_the_time_of_an_alert_the_conclusion_names_the_detectors_that_raised_it(folder: Path) -> None:
    opened = next(alert for alert in tree(folder, 300)["alerts"] if alert["kind"] == "open")
    at = opened["at"].replace("Z", "+00:00")
    result = run(folder, "why", "--brand", "nordtel", "--at", at, "--posts", "@posts.jsonl", "-c", "@now.yaml")
    conclusion = result.stdout.splitlines()[0]
    assert conclusion.startswith(f"Alert at {opened['at'][11:19].removesuffix(':00')}: the incident was opened as ")
    for name in opened["detectors"]:
        assert f"{name} 1." in conclusion


def test_each_step_of_an_incident_is_told_in_a_sentence(folder: Path) -> None:
    """They were "escalated as critical" and "grown as critical"."""
    told = {"open": "was opened as {}", "reopen": "was reopened as {}", "escalate": "was escalated to {}",
            "update": "({}) was updated", "grow": "({}) had grown", "resolve": "({}) was resolved"}  # fmt: skip
    alerts = tree(folder, 300)["alerts"]
    assert len({alert["step"] for alert in alerts}) > 2
    for alert in alerts:
        at = alert["at"].replace("Z", "+00:00")
        result = run(folder, "why", "--brand", "nordtel", "--at", at, "--posts", "@posts.jsonl", "-c", "@now.yaml")
        assert f"the incident {told[alert['step']].format(alert['severity'])}" in result.stdout.splitlines()[0]


def test_a_detector_that_has_not_learned_is_not_the_nearest(folder: Path) -> None:
    """Where all scores were 0, the conclusion named one that can't fire yet, in place of the mentions that lacked."""
    config = write_config(folder, "drift.yaml", detectors=[{"name": "trend", "kind": "drift"}])
    found = lines(folder, 300, config=config)
    assert "it lacked " in found[0]
    assert "trend" not in found[0]


def test_while_an_incident_is_open_the_conclusion_says_so(folder: Path) -> None:
    assert lines(folder, 440.1)[0].startswith("No further alert at 07:20:06: the incident since ")


def test_a_suppression_is_named_with_its_reason(folder: Path) -> None:
    event = {"reason": "Sommerfest", "from": iso(STORM_MS - HOUR_MS), "to": iso(STORM_MS + 3 * HOUR_MS)}
    config = write_config(folder, "event.yaml", expected_events=[event])
    opened = next(alert for alert in tree(folder, 300, config=config)["alerts"] if alert["kind"] == "open")
    at = opened["at"].replace("Z", "+00:00")
    result = run(folder, "why", "--brand", "nordtel", "--at", at, "--posts", "@posts.jsonl", "-c", config)
    found = result.stdout.splitlines()
    assert " that does not page: the incident was opened as " in found[0]
    assert found[0].endswith("suppressed: expected event “Sommerfest”.")
    assert "  expected event: Sommerfest" in found
    assert "  it is suppressed: expected event" in found


def test_a_detector_in_shadow_is_shown_and_not_part_of_the_conclusion(folder: Path) -> None:
    kinds = {"volume": "shadow", "sentiment_shift": "live", "composite": "off"}
    names = {"sentiment_shift": "tone", "composite": "crisis"}
    shadow = [{"name": names.get(kind, kind), "kind": kind, "mode": mode} for kind, mode in kinds.items()]
    config = write_config(folder, "shadow.yaml", detectors=shadow)
    found = lines(folder, 300, config=config)
    assert found[0].startswith("No alert at 05:00: tone ")
    assert any(line.startswith("volume, in shadow: score ") for line in found)


def test_a_brand_that_is_not_known_yet_says_how_much_of_its_history_is_missing(folder: Path) -> None:
    brands = [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}]
    found = lines(folder, 60, config=write_config(folder, "new.yaml", brands=brands))
    known = [line for line in found if line.strip().startswith("brand is known")]
    assert known
    assert all(line.endswith("  NO") for line in known)


def test_a_score_without_enough_evidence_says_what_an_incident_takes(folder: Path) -> None:
    config = write_config(folder, "evidence.yaml", incidents={"min_mentions": 1_000, "min_authors": 70})
    found = tree(folder, 414.5, config=config)
    emerging = found["moment"]["emerging"]
    highest = max(found["moment"]["detectors"], key=lambda each: float(each["score"]["value"]))
    assert highest["score"]["value"] >= 1
    assert found["moment"]["incident"] is None
    assert found["conclusion"] == (
        f"No alert at 06:54:30: {highest['name']} {highest['score']['value']:.2f} of 1, but an incident opens with "
        f"1,000 mentions by 70 authors, and there were {emerging['mentions']} by {emerging['people']}."
    )
    assert found["moment"]["needed"] == {"mentions": 1_000, "people": 70}
    assert any("one emerges since " in line for line in lines(folder, 414.5, config=config))


@pytest.mark.parametrize("minute", [1, 100, 300, 405, 440, 520])
def test_every_table_fits_into_eighty_columns(folder: Path, minute: float) -> None:
    conclusion, *others = lines(folder, minute)
    assert conclusion.endswith(".")
    assert [line for line in others if len(line) > 80] == []


def test_every_kind_is_explained_within_eighty_columns(folder: Path) -> None:
    others = {"a-level": "drift", "a-tone-level": "tone_drift", "together": "multivariate", "of-river": "river"}
    detectors = [{"name": name, "kind": kind, "mode": "shadow"} for name, kind in others.items()]
    falls = {"name": "falls", "kind": "volume", "direction": "both", "at_least_times": 3}
    _, *found = lines(folder, 430, config=write_config(folder, "all.yaml", detectors=[*detectors, falls]))
    assert [line for line in found if len(line) > 80] == []
    for name, kind in others.items():
        place = next(at for at, line in enumerate(found) if line.startswith(f"{name} ({kind}), in shadow: score 0"))
        assert found[place + 1] != "  it fires"
    assert any(line.startswith("    large enough") for line in found)


def test_the_nearest_firings_and_how_much_was_read_are_printed(folder: Path) -> None:
    found = lines(folder, 380)
    text = "\n".join(found)
    assert "Nearest times at 1 and more:\n  after " in text
    assert "Nearest alerts:\n  after " in text
    assert any(line.endswith("detectors had learned from 6.3 h by 06:20") for line in found)
    assert "posts, " in text


@pytest.mark.parametrize("name", ["picture.png", "picture.html"])
def test_a_picture_is_written(folder: Path, name: str) -> None:
    lines(folder, 405, "--picture", f"@{name}")
    written = (folder / name).read_bytes()
    assert written.startswith(b"\x89PNG" if name.endswith("png") else b"<!doctype html>")
    assert len(written) > 20_000
    if name.endswith("html"):
        assert b"alone enough" in written


def test_the_moment_may_have_a_zone(folder: Path) -> None:
    result = run(
        folder, "why", "--brand", "nordtel", "--at", iso(START + HOUR_MS).replace("01:00:00+00:00", "03:00+02:00"),
        "--posts", "@posts.jsonl", "-c", "@now.yaml",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("No alert at 01:00: ")


def test_times_are_in_the_time_zone_of_the_alerts(folder: Path) -> None:
    config = write_config(folder, "berlin.yaml", alerts={"timezone": "Europe/Berlin"})
    in_berlin = iso(START + 3 * HOUR_MS).removesuffix("+00:00")
    arguments = ("why", "--brand", "nordtel", "--at", in_berlin, "--posts", "@posts.jsonl", "-c", config)
    found = run(folder, *arguments).stdout.splitlines()
    assert found[0].startswith("No alert at 03:00: ")
    assert found[2].startswith(f"Nordtel, as of {in_berlin[:10]} 02:59:")
    assert found[2].endswith(" Europe/Berlin")
    assert found[3].startswith("  bucket 02:55 to 03:00 (open, 4 min")


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["--brand", "nordtle"], ConfigError.exit_code, "has no brand 'nordtle'; did you mean nordtel?"),
        (["--brand", "Südmilch"], ConfigError.exit_code, "did you mean suedmilch?"),
        (["--brand", "zzz"], ConfigError.exit_code, "it has nordtel, suedmilch"),
        (["--at", "2031-01-01"], InputError.exit_code, "2031-01-01 00:00:00 UTC is not in"),
        (["--at", "yesterday"], 2, "must be a moment such as 2026-03-01T22:00:00+01:00, got 'yesterday'"),
        (["--picture", "@picture.gif"], 2, "'picture.gif' must end in .html or .png"),
        (["--topic", "social.mentions"], 2, "one of them"),
        (["--from", "2025-01-01"], 2, "--from goes with --topic"),
    ],
)
def test_a_mistake_is_named(folder: Path, arguments: list[str], exit_code: int, message: str) -> None:
    usual = ["--brand", "nordtel", "--at", iso(STORM_MS), "--posts", "@posts.jsonl", "-c", "@now.yaml"]
    result = run(folder, "why", *usual, *arguments)
    assert result.exit_code == exit_code, result.output
    assert message in result.output
    assert "Traceback" not in result.output


def test_a_brand_that_no_post_names_is_named(folder: Path) -> None:
    brands = [*yaml.safe_load(CONFIG)["brands"], {"id": "acme", "name": "Acme", "match": {"any": ["acme"]}}]
    config = write_config(folder, "acme.yaml", brands=brands)
    arguments = ("--brand", "acme", "--at", iso(STORM_MS), "--posts", "@posts.jsonl", "-c", config)
    result = run(folder, "why", *arguments)
    assert result.exit_code == InputError.exit_code
    assert "none of its posts names 'acme'" in result.output
