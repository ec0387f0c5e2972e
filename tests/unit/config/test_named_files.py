"""Files that a config names and that are not there."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

import streams.config
from streams.config import Config
from streams.config.named_files import missing_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BRANDS = [{"id": "a", "name": "A", "match": {"any": ["aa"]}}]


def test_each_file_that_can_not_be_used_is_named_by_its_setting(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "good").write_text("x")
    config = Config.model_validate(
        {
            "brands": BRANDS,
            "author_key_file": str(tmp_path / "none"),
            "sentiment": {"weights": str(tmp_path)},
            "bridge": {
                "slack": {"url_file": str(tmp_path / "empty")},
                "webhook": {"signing_key_file": str(tmp_path / "good")},
            },
        }
    )
    found = {each.problem.field: each.problem.message for each in missing_files(config, {})}
    assert found == {
        "sentiment.weights": f"must be a file, and {tmp_path} is a folder",
        "bridge.slack.url_file": f"is empty: {tmp_path}/empty",
        "author_key_file": f"no such file: {tmp_path}/none",
    }
    variables = {"FIREWATCH_AUTHOR_KEY": "k", "FIREWATCH_SLACK_URL": "https://hooks.example"}
    assert {each.problem.field for each in missing_files(config, variables)} == {"sentiment.weights"}


def secrets() -> Iterator[tuple[str, str]]:
    """Yield the setting of the file and the environment variable of each secret that a section of the config reads."""
    for found in pkgutil.iter_modules(streams.config.__path__, "streams.config."):
        module = import_module(found.name)
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "secret":
                variable, _, setting = node.args
                assert isinstance(variable, ast.Name)
                yield ast.literal_eval(setting), getattr(module, variable.id)


def test_no_secret_is_overlooked() -> None:
    assert ("bridge.slack.token_file", "FIREWATCH_SLACK_TOKEN") in set(secrets())


@pytest.mark.parametrize(("setting", "variable"), sorted(secrets()))
def test_a_file_whose_variable_is_set_is_not_missed(setting: str, variable: str, tmp_path: Path) -> None:
    named: Any = str(tmp_path / "none")
    for key in reversed(setting.split(".")):
        named = {key: named}
    config = Config.model_validate({"brands": BRANDS, **named})
    assert [each.problem.field for each in missing_files(config, {variable: " "})] == [setting]
    assert list(missing_files(config, {variable: "x"})) == []


@pytest.mark.parametrize(
    ("source", "variable"),
    [
        ({"kind": "x", "spend_limit_usd_per_day": 1, "bearer_file": "none"}, "FIREWATCH_X_BEARER"),
        ({"kind": "reddit", "subreddits": ["acme"], "client_secret_file": "none"}, "FIREWATCH_REDDIT_CLIENT_SECRET"),
    ],
)
def test_a_file_of_a_source_whose_variable_is_set_is_not_missed(source: dict[str, Any], variable: str) -> None:
    config = Config.model_validate({"brands": BRANDS, "sources": [{"id": "one", **source}]})
    assert len(list(missing_files(config, {variable: " "}))) == 1
    assert list(missing_files(config, {variable: "x"})) == []


def test_a_folder_for_files_that_are_read_may_be_there_or_not_but_is_no_file(tmp_path: Path) -> None:
    def problems(folder: Path) -> list[str]:
        source = {"id": "inbox", "kind": "files", "paths": ["in"], "done": "move", "done_folder": str(folder)}
        config = Config.model_validate({"brands": BRANDS, "sources": [source]})
        return [each.problem.message for each in missing_files(config, {})]

    (tmp_path / "file").write_text("x")
    assert problems(tmp_path) == problems(tmp_path / "none") == []
    assert problems(tmp_path / "file") == [f"must be a folder, and {tmp_path / 'file'} is a file"]


def test_files_of_entries_of_lists_are_named_by_their_place(tmp_path: Path) -> None:
    missing = str(tmp_path / "none")
    sources = [
        {"id": "push", "kind": "webhook", "senders": [{"id": "crawler", "token_file": missing}]},
        {"id": "off", "kind": "webhook", "listen": "127.0.0.1:0", "certificate_file": missing, "key_file": missing},
    ]
    config = Config.model_validate({"brands": [{"id": "a", "name": "A", "match": {"any": ["aa"]}}], "sources": sources})
    assert {each.problem.field for each in missing_files(config, {})} == {
        "sources[0].senders[0].token_file",
        "sources[1].certificate_file",
        "sources[1].key_file",
    }
