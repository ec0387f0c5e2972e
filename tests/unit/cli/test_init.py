"""`firewatch init` writes a config that is good, never over a file, and with --deploy what an operator needs."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from streams.cli import cli
from streams.cli.deploy_files import deploy_folder, files_for_operators, is_checkout
from streams.config.loader import load_config
from streams.errors import OutputError
from tests.support.paths import DEPLOY


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def firewatch(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)))


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_config_is_good_and_small_and_explains_itself(tmp_path: Path) -> None:
    done = firewatch("init")
    assert done.exit_code == 0
    assert done.stdout.startswith("wrote firewatch.yaml\nnext steps:\n")
    assert list(files_of(tmp_path)) == ["firewatch.yaml"]
    assert firewatch("check-config", "firewatch.yaml").exit_code == 0
    config = load_config(tmp_path / "firewatch.yaml", {})
    assert [brand.id for brand in config.brands] == ["acme"]
    lines = (tmp_path / "firewatch.yaml").read_text().splitlines()
    assert len(lines) <= 40
    assert sum("#" in line for line in lines) >= len(lines) // 3


def test_the_commented_sections_of_the_config_are_good_too(tmp_path: Path) -> None:
    firewatch("init")
    path = tmp_path / "firewatch.yaml"
    text, _, commented = path.read_text().partition("# bridge:\n")
    path.write_text(text + "bridge:\n" + commented.replace("# ", ""))
    assert load_config(path, {}).bridge.alertmanager.urls == ["http://127.0.0.1:9093"]


def test_the_next_steps_name_commands_that_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    steps = [line.strip().split() for line in firewatch("init", "watching", "--deploy").stdout.splitlines()]
    named = [words[1] for words in steps if words[0] == "firewatch"]
    assert named == ["check-config", "replay", "sources", "run"]


def test_the_next_steps_lead_to_a_kafka_before_they_need_one() -> None:
    steps = firewatch("init", "watching").stdout
    assert steps.index("kafka-start") < steps.index(" run ")


@pytest.mark.parametrize("existing", ["firewatch.yaml", "deploy/compose.yaml", "deploy/Dockerfile"])
def test_no_file_is_overwritten_and_none_written_before_the_refusal(existing: str, tmp_path: Path) -> None:
    path = tmp_path / existing
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    done = firewatch("init", tmp_path, "--deploy")
    assert done.exit_code == OutputError.exit_code
    assert f"{path} can't be written: it exists, and init never overwrites a file" in done.stderr
    assert files_of(tmp_path) == {existing: b"mine"}


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = firewatch("init", "file")
    assert done.exit_code == OutputError.exit_code
    assert "can't be written: " in done.stderr


def test_deploy_brings_what_compose_and_prometheus_read(tmp_path: Path) -> None:
    assert firewatch("init", "--deploy").exit_code == 0
    folder = tmp_path / "deploy"
    compose: dict[str, Any] = yaml.safe_load((folder / "compose.yaml").read_text())
    for name, service in compose["services"].items():
        for mount in service.get("volumes", ()):
            source = mount.removeprefix("${CONFIG:-").replace("}", "").split(":")[0]
            assert source in compose["volumes"] or (folder / source).exists(), (name, mount)
        if "build" in service:
            assert (folder / service["build"]["context"] / service["build"]["dockerfile"]).exists()
    assert {path.name for path in (folder / "grafana" / "dashboards").iterdir()} == {
        path.name for path in (DEPLOY / "grafana" / "dashboards").iterdir()
    }
    for path in (*folder.glob("*.yaml"), *folder.glob("examples/*.yaml")):
        if path.name != "compose.yaml":
            load_config(path, {})


def test_the_image_copies_only_what_its_context_holds(tmp_path: Path) -> None:
    firewatch("init", "--deploy")
    lines = (tmp_path / "deploy" / "Dockerfile").read_text().splitlines()
    allowed = (tmp_path / "deploy" / "Dockerfile.dockerignore").read_text().splitlines()
    for line in lines:
        assert "@" not in line
        if line.startswith("COPY") and "--from" not in line:
            (source,) = line.split()[1:-1]
            assert (tmp_path / source).exists()
            assert f"!{source}" in allowed


def test_in_a_checkout_the_files_are_those_of_its_folders() -> None:
    assert is_checkout()
    assert deploy_folder() == DEPLOY
    for source, target in files_for_operators():
        assert source.is_file()
        assert source == DEPLOY.parent / target or target.name == "constraints.txt"


def test_every_link_in_a_copied_page_leads_to_a_copied_file(tmp_path: Path) -> None:
    """An operator who follows a runbook at night has no checkout beside it."""
    firewatch("init", "--deploy")
    links = [
        (page, link.partition("#")[0])
        for page in tmp_path.rglob("*.md")
        for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
        if "://" not in link and not link.startswith("#")
    ]
    assert [(page, link) for page, link in links if not (page.parent / link).exists()] == []
    assert (tmp_path / "deploy" / "RUNBOOKS.md", "../docs/operations.md") in links


def test_every_page_of_the_documentation_is_copied(tmp_path: Path) -> None:
    """A link to a page that is left out becomes plain text, so the check of links does not miss it."""
    firewatch("init", "--deploy")
    docs = DEPLOY.with_name("docs")
    copied = {path.relative_to(tmp_path / "docs") for path in (tmp_path / "docs").rglob("*.md")}
    assert copied == {path.relative_to(docs) for path in docs.rglob("*.md")}


def runbook_urls(folder: Path) -> set[str]:
    (group,) = yaml.safe_load((folder / "deploy" / "prometheus" / "rules" / "alerts.yml").read_text())["groups"]
    return {rule["annotations"]["runbook_url"].partition("#")[0] for rule in group["rules"]}


def test_rules_link_to_the_runbooks_that_prometheus_serves_or_to_those_of_a_wiki(tmp_path: Path) -> None:
    firewatch("init", "default", "--deploy")
    assert runbook_urls(tmp_path / "default") == {"{{ $externalURL }}/user/runbooks.html"}
    assert (tmp_path / "default" / "deploy" / "prometheus" / "assets" / "runbooks.html").is_file()
    firewatch("init", "own", "--deploy", "--runbooks-url", "https://wiki.example/ops/firewatch")
    assert runbook_urls(tmp_path / "own") == {"https://wiki.example/ops/firewatch"}


@pytest.mark.parametrize(
    "url", ["wiki.example", "/runbooks", "https://wiki.example/#top", 'https://a"b', "https://a b"]
)
def test_an_address_of_runbooks_that_is_none_is_named(url: str, tmp_path: Path) -> None:
    done = firewatch("init", "--deploy", "--runbooks-url", url)
    assert done.exit_code == 2
    assert "must be an http:// or https:// address without a fragment" in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_address_of_runbooks_needs_rules() -> None:
    assert "give both" in firewatch("init", "--runbooks-url", "https://wiki.example").stderr
