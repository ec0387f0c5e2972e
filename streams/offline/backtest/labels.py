"""Read labelled incidents from a YAML file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self, TypeVar

from pydantic import AfterValidator, Field, ValidationError, model_validator

from detectors.base import Severity
from streams.config.base import Name, Settings
from streams.config.brand_ids import no_such_brand
from streams.config.moments import Moment, in_utc
from streams.config.problems import problems, text_of
from streams.config.yaml_document import read_document
from streams.errors import ConfigError, InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from streams.config.yaml_document import Document


FileModel = TypeVar("FileModel", bound=Settings)

_UtcMoment = Annotated[Moment, AfterValidator(in_utc)]


class LabelledSpan(Settings):
    """A span of time of a brand about which something is known."""

    brand: Name
    from_: _UtcMoment = Field(alias="from")
    to: _UtcMoment
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


class Expected(LabelledSpan):
    """An incident that must be raised.

    It counts as found from `severity` on.
    """

    severity: Severity = "warning"


class Labels(Settings):
    """A file of labels.

    Attributes
    ----------
    incidents
        Incidents that must be raised.
    false_alarms
        Spans in which an incident was raised that was none.
    undecided
        Spans in which an incident was raised of which nobody has said whether it was one: those that are raised there
        count neither as found nor as false.
    """

    incidents: list[Expected]
    false_alarms: list[LabelledSpan] = Field(default_factory=list)
    undecided: list[LabelledSpan] = Field(default_factory=list)


def read_labels(path: Path, brands: Mapping[str, str]) -> Labels:
    """Read ``incidents: [{brand, from, to, severity, name}, ...]``, and ``false_alarms`` and ``undecided`` likewise.

    Parameters
    ----------
    path
        The YAML file.
    brands
        Name of each brand that labels may name, by its id.

    Raises
    ------
    InputError
        If the file can't be used; the message names the file and the place of each problem.
    """
    labels, document = read_yaml(path, Labels)
    named = [
        ((section, number, "brand"), label.brand)
        for section in ("incidents", "false_alarms", "undecided")
        for number, label in enumerate(getattr(labels, section))
    ]
    found = list(unknown_brands(document, named, brands))
    if found:
        raise InputError("\n".join(f"{path}: {problem}" for problem in found))
    return labels


def unknown_brands(
    document: Document, named: Iterable[tuple[tuple[str | int, ...], str]], brands: Mapping[str, str]
) -> Iterator[str]:
    """Yield a problem for each brand that the config does not have, with the one that was probably meant.

    Parameters
    ----------
    document
        The document that names the brands.
    named
        The place of each brand in it, and its id.
    brands
        Name of each brand of the config, by its id.
    """
    for place, brand in named:
        if brand not in brands:
            yield str(Problem(no_such_brand(brand, brands), text_of(place), document.line(place)))


def read_yaml(path: Path, model: type[FileModel]) -> tuple[FileModel, Document]:
    """Read a YAML file that a model describes, and return it with the document, which knows the lines.

    Raises
    ------
    InputError
        If the file can't be used; the message names the file and the place of each problem.
    """
    try:
        document = read_document(path)
    except ConfigError as error:
        raise InputError(str(error)) from error
    try:
        return model.model_validate(document.tree), document
    except ValidationError as error:
        raise InputError(str(ConfigError(problems(error, document, model), path))) from error
