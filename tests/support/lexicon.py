"""Checks JSON against a lexicon of the AT Protocol: the types and formats that Jetstream's one uses."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORMATS: Final = {
    "did": re.compile(r"did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]"),
    "nsid": re.compile(r"[a-zA-Z]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)+\.[a-zA-Z]\w*"),
    "record-key": re.compile(r"(?!\.\.?$)[A-Za-z0-9._:~-]{1,512}"),
    "tid": re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}"),
    "cid": re.compile(r"baf[a-z2-7]{50,}"),
}
"""Forms of strings (atproto.com/specs/lexicon, section String Formats)."""


def problems_of(value: Any, schema: Mapping[str, Any], path: str = "") -> list[str]:
    """Return what in a value does not fit to a definition of a lexicon.

    Fields that the definition does not have count as problems, though a lexicon allows them: a server of the tests'
    own has no reason for any.
    """
    match schema["type"]:
        case "object":
            return _problems_of_object(value, schema, path)
        case "integer":
            return [] if type(value) is int else [f"{path}: {value!r} is no integer"]
        case "string":
            return _problems_of_string(value, schema, path)
        case "unknown" | "ref":
            return [] if isinstance(value, dict) else [f"{path}: {value!r} is no object"]
    raise AssertionError(f"{path}: the lexicon has another type, {schema['type']}")


def _problems_of_object(value: Any, schema: Mapping[str, Any], path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path}: {value!r} is no object"]
    known = schema["properties"]
    found = [f"{path}.{name}: is missing" for name in schema.get("required", ()) if name not in value]
    found += [f"{path}.{name}: is unknown" for name in value if name not in known and name != "$type"]
    return found + [
        problem
        for name, each in known.items()
        if name in value
        for problem in problems_of(value[name], each, f"{path}.{name}")
    ]


def _problems_of_string(value: Any, schema: Mapping[str, Any], path: str) -> list[str]:
    if not isinstance(value, str):
        return [f"{path}: {value!r} is no string"]
    if value not in schema.get("knownValues", [value]):
        return [f"{path}: {value!r} is none of the known values"]
    form = schema.get("format")
    if form == "datetime":
        datetime.fromisoformat(value)
        return [] if value.endswith("Z") else [f"{path}: {value!r} is no time of UTC"]
    return [] if form is None or _FORMATS[form].fullmatch(value) else [f"{path}: {value!r} is no {form}"]
