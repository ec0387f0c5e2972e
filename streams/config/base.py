"""Types that several sections of a config share, and the reading of secrets."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, SecretStr, StringConstraints

from streams.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

BrandId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
DetectorName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Term = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100)]
Language = Literal["en", "de"]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]

QualityName = Literal["fast", "best"]
"""Quality of a sentiment model: ``fast`` looks at words alone, ``best`` at whole sentences too."""

QUALITIES: Final[tuple[QualityName, ...]] = ("fast", "best")


class Settings(BaseModel):
    """Base of all sections; refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def secret(variable: str, file: Path | None, setting: str) -> SecretStr | None:
    """Return the secret in an environment variable, or else in the file that a setting names.

    Raises
    ------
    ConfigError
        If the file can't be read.
    """
    if variable in os.environ:
        return SecretStr(os.environ[variable])
    if file is None:
        return None
    try:
        return SecretStr(file.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{setting}: {file} can't be read ({type(error).__name__})"]) from error
