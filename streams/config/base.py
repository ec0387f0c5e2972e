"""Types that several sections of a config share."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

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
