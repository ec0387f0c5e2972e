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


def test_a_secret_comes_from_its_variable_or_else_from_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key"
    file.write_text(" of the file \n")

    def found(value: str, file: Path | None = file) -> str | None:
        monkeypatch.setenv("FIREWATCH_TEST_SECRET", value)
        text = secret("FIREWATCH_TEST_SECRET", file, "test.file")
        return text.get_secret_value() if text else None

    assert found("of the variable\n") == found("\tof the variable ") == "of the variable"
    assert found("") == found(" \n") == "of the file"
    assert found("", None) is None
    monkeypatch.delenv("FIREWATCH_TEST_SECRET")
    assert secret("FIREWATCH_TEST_SECRET", None, "test.file") is None


@pytest.mark.parametrize("content", [None, b"", b" \n", b"hunter2\nhunter2", b"hunter2\xff", b"hunter2\0"])
def test_a_file_without_a_usable_secret_is_refused_by_its_setting(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FIREWATCH_TEST_SECRET", raising=False)
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    with pytest.raises(ConfigError, match=r"test\.file: .*key") as caught:
        secret("FIREWATCH_TEST_SECRET", tmp_path / "key", "test.file", is_line=True)
    assert "hunter2" not in str(caught.value)


def test_a_variable_of_two_lines_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREWATCH_TEST_SECRET", "hunter2\r\nX-Header: 1")
    with pytest.raises(ConfigError, match="FIREWATCH_TEST_SECRET must hold one line of text") as caught:
        secret("FIREWATCH_TEST_SECRET", None, "test.file", is_line=True)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan"), "inf", "nan", "1e999", True, False])
def test_a_number_is_finite_and_no_truth_value(value: object) -> None:
    class Numbers(Settings):
        a: float = 0.0
        b: int | None = None
        c: bool = False

    for name in ("a", "b"):
        with pytest.raises(ValidationError):
            Numbers.model_validate({name: value})
    assert Numbers.model_validate({"a": "1.5", "b": 2, "c": True}) == Numbers(a=1.5, b=2, c=True)
