"""Field maps: where the fields of posts are in the records of a source, in the language of the config.

A map is the name of a format, or a mapping from fields of a post to *rules*. A rule is a dotted path, a mapping (a path
with the form of its times, a constant, or several values joined), or a list of these, of which the first with a value
counts. `streams.sources.field_map` applies the rules.
"""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, get_args

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from streams.config.moments import zone_name
from streams.config.suggestions import did_you_mean

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema

FormatName = Literal[
    "twitter_v1", "twitter_v2", "jetstream", "bluesky", "mastodon", "activitypub", "reddit", "meltwater", "brandwatch",
]  # fmt: skip
"""A format of a platform whose posts `streams.sources.presets` finds."""

PostField = Literal[
    "id", "created_at", "text", "source", "author", "lang", "url", "brand", "repost_of", "reply_to", "likes", "reposts",
    "replies",
]  # fmt: skip
"""A field of a post on its way in (`streams.core.ingest.parsing`)."""

POST_FIELDS: Final[tuple[PostField, ...]] = get_args(PostField)

DELETE: Final = "delete"
"""The field that makes a record a deletion."""

MapField = PostField | Literal["delete"]

MAP_FIELDS: Final = (*POST_FIELDS, DELETE)
"""The fields that a map can name."""

EPOCHS: Final[dict[str, int]] = {"epoch_s": 1, "epoch_ms": 1_000, "epoch_us": 1_000_000, "epoch_ns": 1_000_000_000}
"""Names of the forms of times that are numbers, with their units a second."""

ISO: Final = "iso"
"""Name of the form of times of ISO 8601, also without a time of day."""

TIME_FORMATS: Final = (*EPOCHS, ISO)

_MAX_ALTERNATIVES: Final = 20
_MAX_CHARS: Final = 1_000
_SEPARATOR_CHARS: Final = 100

_VALUES: Final = ("path", "const", "join")
_KEYS: Final = (*_VALUES, "separator", "format", "timezone", "equals")
_SAMPLE_TIME: Final = datetime(2026, 11, 30, 22, 58, 41, 123_456, tzinfo=UTC)

FieldRule = dict[str, Any]
"""A rule that is more than a path: ``path`` or ``join`` or ``const``, with ``format``, ``timezone``, ``separator`` or
``equals``."""

FieldSource = str | FieldRule | list[str | FieldRule]
"""Where the value of one field is: a path, a rule, or several of which the first with a value counts."""

FieldRules = dict[str, FieldSource]
"""Where the value of each field is in the records of a source."""

FORMATS: Final = get_args(FormatName)


def checked_mapping(value: Any) -> Any:
    """Return the name of a format or the rules of fields as they are.

    Raises
    ------
    ValueError
        With the part that is wrong, and with what it can be.
    """
    if isinstance(value, str):
        if value not in FORMATS:
            raise ValueError(
                f"there is no format {value!r}; there are {', '.join(FORMATS)}, or give the path of each field"
                f"{did_you_mean(value, FORMATS)}"
            )
        return value
    if not isinstance(value, dict):
        raise ValueError(  # noqa: TRY004  pydantic wants it
            "must be the name of a format, such as reddit, or the path of each field, such as {text: post.body}"
        )
    if not value:
        raise ValueError("must name the path of a field, such as {text: post.body}, or be left out")
    for field, source in value.items():
        if field not in MAP_FIELDS:
            near = did_you_mean(field, MAP_FIELDS)
            raise ValueError(f"a post has no field {field!r}; it has {', '.join(MAP_FIELDS)}{near}")
        _check_source(field, source)
    return value


def _check_source(field: str, source: Any) -> None:
    alternatives = source if isinstance(source, list) else [source]
    if not alternatives:
        raise _no_path(field, source)
    if len(alternatives) > _MAX_ALTERNATIVES:
        raise ValueError(f".{field}: must have at most {_MAX_ALTERNATIVES} alternatives, got {len(alternatives)}")
    for position, each in enumerate(alternatives):
        if isinstance(each, dict):
            _check_rule(field, each, f".{field}[{position}]" if isinstance(source, list) else f".{field}")
        elif not _is_path(each):
            raise _no_path(field, source)


def _is_path(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= _MAX_CHARS


def _no_path(field: str, source: Any) -> ValueError:
    return ValueError(f"the path of {field} must be the name of a field, such as user.name, got {source!r}")


def _check_rule(field: str, rule: FieldRule, place: str) -> None:
    for key in rule:
        if key not in _KEYS:
            near = did_you_mean(key, _KEYS)
            raise ValueError(f"{place}: unknown key {key!r}; allowed here: {', '.join(_KEYS)}{near}")
    given = [key for key in _VALUES if key in rule]
    if len(given) != 1:
        raise ValueError(f"{place}: must have one of {', '.join(_VALUES)}, got {' and '.join(given) or 'none'}")
    if "const" in rule:
        _check_constant(field, rule["const"], f"{place}.const")
    if "path" in rule:
        paths = rule["path"] if isinstance(rule["path"], list) else [rule["path"]]
        if not paths or len(paths) > _MAX_ALTERNATIVES or not all(map(_is_path, paths)):
            raise ValueError(f"{place}.path: must be the name of a field, such as user.name, got {rule['path']!r}")
    if "join" in rule:
        _check_parts(rule["join"], f"{place}.join")
    if "separator" in rule:
        separator = rule["separator"]
        if "join" not in rule:
            raise ValueError(f"{place}.separator: belongs to join, which is not given")
        if not isinstance(separator, str) or len(separator) > _SEPARATOR_CHARS:
            raise ValueError(f"{place}.separator: must be text of at most {_SEPARATOR_CHARS} characters")
    _check_meaning(field, rule, place)


def _check_meaning(field: str, rule: FieldRule, place: str) -> None:
    """Check the keys of a rule that only one field has."""
    for key in ("format", "timezone"):
        if key in rule and (field != "created_at" or "const" in rule):
            raise ValueError(f"{place}.{key}: belongs to the path of created_at; only times have a {key}")
    if "equals" in rule:
        values = rule["equals"] if isinstance(rule["equals"], list) else [rule["equals"]]
        if field != DELETE:
            raise ValueError(f"{place}.equals: belongs to delete, which is true where the value is one of these")
        if not values or not all(isinstance(each, str | int | bool) for each in values):
            raise ValueError(f"{place}.equals: must be a text or number, or a list of them")
    if "format" in rule:
        _check_format(rule["format"], f"{place}.format")
    if "timezone" in rule:
        if not isinstance(rule["timezone"], str):
            raise ValueError(f"{place}.timezone: must be a time zone, such as Europe/Berlin")
        try:
            zone_name(rule["timezone"])
        except ValueError as error:
            raise ValueError(f"{place}.timezone: {error}") from None


def _check_constant(field: str, value: Any, place: str) -> None:
    if field == "id":
        raise ValueError(f"{place}: an id that is the same for all records would make one post of them; name a path")
    is_number = isinstance(value, int | float) and isfinite(value)
    if not (is_number or (isinstance(value, str) and value.strip() and len(value) <= _MAX_CHARS)):
        raise ValueError(f"{place}: must be a text or a number, got {value!r}")


def _check_parts(parts: Any, place: str) -> None:
    if not isinstance(parts, list) or not 2 <= len(parts) <= _MAX_ALTERNATIVES:
        raise ValueError(f"{place}: must be a list of 2 to {_MAX_ALTERNATIVES} paths, such as [title, body]")
    for position, part in enumerate(parts):
        if isinstance(part, dict) and set(part) == {"const"}:
            if not isinstance(part["const"], str | int | float) or len(str(part["const"])) > _MAX_CHARS:
                raise ValueError(f"{place}[{position}].const: must be a text or a number, got {part['const']!r}")
        elif not _is_path(part):
            raise ValueError(f"{place}[{position}]: must be a path, or {{const: TEXT}}, got {part!r}")
    if not any(isinstance(part, str) for part in parts):
        raise ValueError(f"{place}: must have a path, not only constants")


def _check_format(form: Any, place: str) -> None:
    if form in TIME_FORMATS:
        return
    if not isinstance(form, str) or "%" not in form or len(form) > _SEPARATOR_CHARS:
        near = did_you_mean(form, TIME_FORMATS)
        raise ValueError(
            f"{place}: must be {', '.join(TIME_FORMATS)}, or a pattern such as '%d.%m.%Y %H:%M:%S', got {form!r}{near}"
        )
    if "%Z" in form.replace("%%", ""):
        raise ValueError(f"{place}: %Z reads no zone; use %z, which reads +0100 and Z, or give timezone")
    try:
        text = _SAMPLE_TIME.strftime(form)
        for part in ("year", "month", "day"):
            other = _SAMPLE_TIME.replace(**{part: getattr(_SAMPLE_TIME, part) - 1})
            if other.strftime(form) == text:
                raise ValueError(f"lacks the {part}, so no time follows from it")  # noqa: TRY301
        read = datetime.strptime(text, form)  # noqa: DTZ007  only its date is looked at
    except ValueError as error:
        raise ValueError(f"{place}: {form!r} is no pattern of a time ({error})") from None
    if read.date() != _SAMPLE_TIME.date():
        raise ValueError(f"{place}: {form!r} does not give the whole date: it needs year, month and day")


class FieldRuleForm(BaseModel):
    """Where the value of a field is, if it is not at one path; the form that editors complete."""

    model_config = ConfigDict(extra="forbid")

    path: str | list[str] = Field(
        default=[], description="Path of the value, or several of which the first with a value counts."
    )
    const: str | float | bool = Field(default="", description="Value that is the same for every record.")
    join: list[str | dict[Literal["const"], str | float]] = Field(
        default=[], description="Paths, and constants, whose values are joined without those that are missing."
    )
    separator: str = Field(
        default="",
        description="Text between joined values: if it is left out, a line end in texts, a colon in ids, otherwise a "
        "blank.",
    )
    format: str = Field(
        default="", description=f"Form of times: {', '.join(TIME_FORMATS)}, or a pattern such as %d.%m.%Y %H:%M:%S."
    )
    timezone: str = Field(default="", description="Time zone of times that name none, such as Europe/Berlin.")
    equals: str | int | list[str | int] = Field(default=[], description="Values by which a record is a deletion.")


_SourceForm = str | FieldRuleForm | list[str | FieldRuleForm]


class _SchemaOf:
    """Gives a type the JSON Schema of another."""

    def __init__(self, form: Any) -> None:
        self._form = form

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return handler(TypeAdapter(self._form).core_schema)


FieldMapping = Annotated[
    FormatName | FieldRules, BeforeValidator(checked_mapping), _SchemaOf(FormatName | dict[MapField, _SourceForm])
]
"""Where the fields of posts are in records: the name of a format, or the rule of each field."""


def sourceless_mapping(value: Any) -> Any:
    """Return a checked map for an entry of `sources`, whose posts have its id as their source.

    Raises
    ------
    ValueError
        If it names where the source is.
    """
    if isinstance(value, dict) and "source" in value:
        raise ValueError(
            ".source: can't be mapped here, the source of all posts of this entry is its id; if ids repeat over "
            "networks, join both: id: {join: [network, uid]}"
        )
    return value


LiveMapping = Annotated[FieldMapping, BeforeValidator(sourceless_mapping)]
"""The map of an entry of `sources`."""


def _checked_id(value: Any) -> Any:
    """Return the rule of an id as it is.

    Raises
    ------
    ValueError
        With the part that is wrong.
    """
    try:
        _check_source("id", value)
    except ValueError as error:
        raise ValueError(str(error).removeprefix(".id: ").removeprefix(".id")) from None
    return value


RuleOfOneField = Annotated[FieldSource, BeforeValidator(_checked_id), _SchemaOf(_SourceForm)]
"""The rule of an id outside of a map."""


def parse_field_map(text: str) -> FormatName | FieldRules:
    """Return where the fields of posts are from the form that it has on the command line.

    Raises
    ------
    ValueError
        If it is neither the name of a format, nor a list of fields and paths, nor a mapping in YAML or JSON.

    Examples
    --------
    >>> parse_field_map("reddit"), parse_field_map("text=title|body, created_at=date")
    ('reddit', {'text': ['title', 'body'], 'created_at': 'date'})
    >>> parse_field_map("{created_at: {path: date, format: epoch_ms}, lang: {const: de}}")
    {'created_at': {'path': 'date', 'format': 'epoch_ms'}, 'lang': {'const': 'de'}}
    """
    if text.lstrip().startswith("{"):
        try:
            found = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError, RecursionError):
            raise ValueError(f"{text!r} is no mapping in YAML, such as {{text: body, lang: {{const: de}}}}") from None
        return _checked_text(found)
    if "=" not in text:
        return _checked_text(text.strip())
    paths: dict[str, Any] = {}
    for part in text.split(","):
        field, equals, path = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise ValueError(f"{part.strip()!r} is no field with its path; write it as text=body")
        paths[field] = [each.strip() for each in path.split("|")] if "|" in path else path
    return _checked_text(paths)


def _checked_text(mapping: Any) -> FormatName | FieldRules:
    try:
        return checked_mapping(mapping)  # type: ignore[no-any-return]
    except ValueError as error:
        raise ValueError(str(error).removeprefix(".")) from None
