"""Types that several sections of a config share, and the reading of secrets."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, NamedTuple, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    SecretStr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from streams.config.text_files import read_text
from streams.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BrandId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
DetectorName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Term = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100)]
Language = Literal["en", "de"]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]

QualityName = Literal["fast", "best"]
"""Quality of a sentiment model: ``fast`` looks at words alone, ``best`` at whole sentences too."""

QUALITIES: Final[tuple[QualityName, ...]] = ("fast", "best")


_CONTROL: Final = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_CONTROL_BUT_LINES: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Settings(BaseModel):
    """Base of all sections; refuses unknown keys, numbers that are not finite, and truth values as numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _a_truth_value_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse ``yes`` for a number, which pydantic takes for 1."""
        if isinstance(value, bool) and info.field_name is not None:
            annotation = cls.model_fields[info.field_name].annotation
            if {int, float} & {annotation, *get_args(annotation)}:
                raise ValueError("must be a number")
        return value


class Misfit(NamedTuple):
    """Settings that are allowed each, but not together.

    Parameters
    ----------
    path
        Keys and list positions that lead to the setting to change, from the model that is checked.
    message
        Description of the problem for people, with the way out.
    """

    path: tuple[str | int, ...]
    message: str


def refuse_misfits(model: str, misfits: Sequence[Misfit]) -> None:
    """Raise one error with all misfits, each at its own path; do nothing if there are none.

    Raises
    ------
    ValidationError
        If there are any. A validator of a model of this name lets it pass, and pydantic adds it to the others.
    """
    if misfits:
        details = [
            InitErrorDetails(
                type=PydanticCustomError("misfit", "{text}", {"text": each.message}), loc=each.path, input=None
            )
            for each in misfits
        ]
        raise ValidationError.from_exception_data(model, details, hide_input=True)


def secret(variable: str, file: Path | None, setting: str, *, is_line: bool = False) -> SecretStr | None:
    """Return the secret in an environment variable, or else in the file that a setting names.

    White space around it is no part of it, and an empty variable counts as unset.

    Parameters
    ----------
    variable
        Name of the environment variable.
    file, setting
        The file, if one is named, and the key that names it.
    is_line
        Whether the secret must be a single line, since it becomes part of a request's head.

    Raises
    ------
    ConfigError
        If the file can't be read or is empty, or the secret is not text as expected; no problem shows it.
    """
    if text := os.environ.get(variable, "").strip():
        return _checked_secret(text, variable, is_line=is_line)
    return None if file is None else secret_in(file, setting, is_line=is_line)


def secret_in(file: Path, setting: str, *, is_line: bool = False) -> SecretStr:
    """Return the secret in a file, as `secret`.

    Raises
    ------
    ConfigError
        If the file can't be read or is empty, or the secret is not text as expected; no problem shows it.
    """
    place = f"{setting}: {file}"
    try:
        text = read_text(file).strip()
    except ConfigError as error:
        raise ConfigError([f"{place}: {error.problems[0]}"]) from error
    if not text:
        raise ConfigError([f"{place} is empty"])
    return _checked_secret(text, place, is_line=is_line)


def _checked_secret(text: str, place: str, *, is_line: bool) -> SecretStr:
    if (_CONTROL if is_line else _CONTROL_BUT_LINES).search(text):
        expected = "one line of text" if is_line else "text"
        raise ConfigError([f"{place} must hold {expected}, without control characters"])
    return SecretStr(text)
