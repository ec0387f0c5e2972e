"""What all sections share: unknown keys are refused, values are not shown, names have a form, and secrets are
read from the environment or a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from streams.config import QUALITIES, QualityName
from streams.config.base import BrandId, Settings, Term, secret
from streams.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


class Section(Settings):
    """A section with one key."""

    port: int = 1


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Section.model_validate({"porrt": 2})


def test_a_message_does_not_show_the_value() -> None:
    with pytest.raises(ValidationError) as caught:
        Section.model_validate({"port": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_a_section_can_not_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Section().port = 2  # type: ignore[misc]


@pytest.mark.parametrize("id", ["nordtel", "fjell-air", "a", "0_1", "x" * 64])
def test_ids_of_brands(id: str) -> None:
    assert TypeAdapter(BrandId).validate_python(id) == id


@pytest.mark.parametrize("id", ["", "Nordtel", "-a", "a.b", "a b", "x" * 65])
def test_no_ids_of_brands(id: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(BrandId).validate_python(id)


def test_a_term_is_stripped_and_one_letter_is_none() -> None:
    assert TypeAdapter(Term).validate_python(" fjell air ") == "fjell air"
    with pytest.raises(ValidationError):
        TypeAdapter(Term).validate_python(" f ")


def test_the_qualities_are_those_of_the_type() -> None:
    assert get_args(QualityName) == QUALITIES


def test_a_secret_is_stripped_and_absent_without_variable_and_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FIREWATCH_TEST_SECRET", raising=False)
    assert secret("FIREWATCH_TEST_SECRET", None, "test.file") is None
    with pytest.raises(ConfigError, match=r"test\.file: .*none can't be read \(FileNotFoundError\)"):
        secret("FIREWATCH_TEST_SECRET", tmp_path / "none", "test.file")
