"""Files that a config names and that are not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.config import Config
from streams.config.named_files import missing_files

if TYPE_CHECKING:
    from pathlib import Path


def test_each_file_that_can_not_be_used_is_named_by_its_setting(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "good").write_text("x")
    config = Config.model_validate(
        {
            "brands": [{"id": "a", "name": "A", "match": {"any": ["aa"]}}],
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
