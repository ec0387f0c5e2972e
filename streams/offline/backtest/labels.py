"""Read labelled incidents from a YAML file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self, TypeVar

from pydantic import AfterValidator, Field, ValidationError, model_validator

from detectors.base import Severity
from streams.config.base import BrandId, Name, Settings
from streams.config.loader import problems
from streams.config.moments import Moment, in_utc
from streams.config.yaml_document import read_document
from streams.errors import ConfigError, InputError

if TYPE_CHECKING:
    from pathlib import Path


FileModel = TypeVar("FileModel", bound=Settings)

_UtcMoment = Annotated[Moment, AfterValidator(in_utc)]


class Expected(Settings):
    """An incident that must be raised.

    It counts as found from `severity` on.
    """

    brand: BrandId
    from_: _UtcMoment = Field(alias="from")
    to: _UtcMoment
    severity: Severity = "warning"
    name: Name | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to <= self.from_:
            raise ValueError(".to: must be after `from`")
        return self

    @property
    def title(self) -> str:
        """Return the name, or brand and beginning where it has none."""
        return self.name or f"{self.brand} {self.from_:%Y-%m-%d %H:%M}"


class _File(Settings):
    incidents: list[Expected]


def read_expected(path: Path) -> list[Expected]:
    """Read ``incidents: [{brand, from, to, severity, name}, ...]``.

    Raises
    ------
    InputError
        If the file can't be used; the message names the file and the place of each problem.
    """
    return read_yaml(path, _File).incidents


def read_yaml(path: Path, model: type[FileModel]) -> FileModel:
    """Read a YAML file that a model describes.

    Raises
    ------
    InputError
        If the file can't be used; the message names the file and the place of each problem.
    """
    try:
        document = read_document(path)
        return model.model_validate(document.tree)
    except ConfigError as error:
        raise InputError(str(error)) from error
    except ValidationError as error:
        found = (f"{path}: {problem}" for problem in problems(error, document, model))
        raise InputError("\n".join(found)) from error
