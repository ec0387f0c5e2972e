"""Read labelled incidents from a YAML file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self, TypeVar

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from detectors.base import Severity
from streams.config.base import BrandId, Name, Settings
from streams.config.loader import UniqueKeyLoader, problem
from streams.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


FileModel = TypeVar("FileModel", bound=Settings)


class Expected(Settings):
    """An incident that must be raised.

    It counts as found from `severity` on.
    """

    brand: BrandId
    from_: datetime = Field(alias="from")
    to: datetime
    severity: Severity = "warning"
    name: Name | None = None

    @field_validator("from_", "to")
    @classmethod
    def _without_a_zone_it_is_utc(cls, moment: datetime) -> datetime:
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

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
        tree = yaml.load(path.read_text(encoding="utf-8"), Loader=UniqueKeyLoader)  # noqa: S506  a SafeLoader
        return model.model_validate(tree)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: can't be read ({error})") from error
    except yaml.YAMLError as error:
        raise InputError(f"{path}: is not valid YAML ({error})") from error
    except ValidationError as error:
        problems = (f"{path}: {problem(item, model)}" for item in error.errors(include_url=False))
        raise InputError("\n".join(problems)) from error
