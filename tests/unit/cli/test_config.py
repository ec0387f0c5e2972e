"""`firewatch check-config`, `explain-config` and `schema`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest
from click.testing import CliRunner, Result

from streams.cli import cli
from tests.support.cli import BRANDS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "brands.yaml"
    path.write_text(BRANDS)
    return path


def firewatch(*arguments: str | Path, **environment: str) -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)), env={"FIREWATCH_CONFIG": None, **environment})


@pytest.mark.parametrize("command", ["check-config", "explain-config"])
def test_a_config_may_be_an_argument_an_option_or_in_the_environment(command: str, config: Path) -> None:
    done = firewatch(command, config)
    assert done.exit_code == 0
    assert "nordtel" in done.stdout or "windows.bucket_seconds" in done.stdout
    assert firewatch(command, "-c", config).stdout == done.stdout
    assert firewatch(command, FIREWATCH_CONFIG=str(config)).stdout == done.stdout
    assert firewatch(command).exit_code == 2


def test_a_good_config_is_summarised(config: Path) -> None:
    done = firewatch("check-config", config)
    assert done.stdout.splitlines()[:2] == [f"{config}: good", "  brands     1: nordtel"]


def test_all_problems_are_printed_with_file_and_line_and_counted(config: Path) -> None:
    config.write_text(f"{BRANDS}topics: {{partitions: 0}}\nwindoes: {{}}\nauthor_key_file: nowhere\n")
    done = firewatch("check-config", config)
    assert (done.exit_code, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert lines[0] == f"{config}:3: topics.partitions: must be at least 1, got 0"
    assert lines[1].startswith(f"{config}:4: windoes: unknown key; allowed here: alerts, ")
    assert lines[2].startswith(f"{config}:5: author_key_file: no such file: nowhere (in ")
    assert lines[3:] == [f"{config}: 3 problems"]
    assert len(orjson.loads(firewatch("check-config", config, "--no-files", "--json").stdout)["problems"]) == 2


def test_the_detectors_that_run_are_listed_with_those_that_an_own_list_does_not_name(config: Path) -> None:
    config.write_text(f"{BRANDS}detectors: [{{name: tone, mode: shadow}}, {{name: level, kind: drift}}]\n")
    done = firewatch("check-config", config)
    assert (
        "  detectors  tone (sentiment_shift, shadow), level (drift), volume (volume, added: a default), "
        "crisis (composite, added: a default)" in done.stdout.splitlines()
    )
    assert "remark: detectors: the defaults volume, crisis run beside those in the list" in done.stderr


def test_a_missing_key_for_hashing_authors_is_a_warning_and_beyond_this_machine_an_error(config: Path) -> None:
    def check(**environment: str) -> Result:
        return firewatch("check-config", config, **{"FIREWATCH_AUTHOR_KEY": "", **environment})

    warned = check()
    assert warned.exit_code == 0
    assert "warning: author_key_file: authors are hashed with the key that ships with firewatch" in warned.stderr
    assert check(FIREWATCH_AUTHOR_KEY="own").stderr == ""
    refused = check(KAFKA_BOOTSTRAP="kafka.example:9092")
    assert refused.exit_code == 2
    assert "kafka.bootstrap_servers (kafka.example) is not on this machine alone: make a key" in refused.stderr
    assert check(KAFKA_BOOTSTRAP="kafka.example:9092", FIREWATCH_AUTHOR_KEY="own").exit_code == 0


def test_a_brand_that_matches_nothing_is_a_problem(config: Path) -> None:
    config.write_text(BRANDS.replace("[nordtel]", '["@#"]'))
    done = firewatch("check-config", config)
    assert (done.exit_code, "brands[0].match" in done.stderr) == (2, True), done.stderr


def test_terms_that_brands_share_are_remarked(config: Path) -> None:
    brands = [
        f"{{id: b{number}, name: B, match: {{any: [{name}]}}}}" for number, name in enumerate(("Müller", "mueller"))
    ]
    config.write_text(f"brands: [{', '.join(brands)}]")
    done = firewatch("check-config", config)
    assert done.exit_code == 0
    assert "remark: brands[1].match.any[0] ('mueller') is also a term of b0, brands[0].match.any[0]" in done.stderr


def test_many_remarks_are_cut(config: Path) -> None:
    config.write_text(f"brands: [{', '.join(f'{{id: b{n}, name: B, match: {{any: [same]}}}}' for n in range(30))}]")
    lines = firewatch("check-config", config).stderr.splitlines()
    assert sum("is also a term" in line for line in lines) == 20
    assert lines[-1] == "remark: and 9 more on terms"


def test_terms_with_a_case_and_in_groups_are_explained(config: Path) -> None:
    config.write_text(
        "brands: [{id: gap, name: G, match: {any: [{term: Gap, case: sensitive}], all: [{terms: [gap, [a1, b1]]}]}}]"
    )
    shown = firewatch("explain-config", config, "--brand", "gap").stdout
    assert "{term: Gap, case: sensitive}" in shown
    assert "{terms: gap, [a1, b1], within: 10}" in shown
    rows = orjson.loads(firewatch("explain-config", config, "--brand", "gap", "--json").stdout)
    values = {row["setting"]: row["value"] for row in rows}
    assert values["match.any"] == [{"term": "Gap", "case": "sensitive"}]
    assert values["match.all"] == [{"terms": ["gap", ["a1", "b1"]], "within": 10}]


@pytest.mark.parametrize("what", ["alert", "label", "verdict", "config", "asyncapi"])
def test_a_schema_is_a_json_document(what: str) -> None:
    done = firewatch("schema", what)
    assert isinstance(orjson.loads(done.stdout), dict)
    assert done.stdout.endswith("}\n")
