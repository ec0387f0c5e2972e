"""Build JSON Schemas of records from their types and docstrings, self-contained and in draft 7 as AsyncAPI needs."""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel, Field, create_model


def record_schema(record: type[Any], version: int, **constants: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a record whose bytes are a JSON object with the fields of a type.

    Parameters
    ----------
    record
        A named tuple or dataclass whose docstring has a section on its parameters.
    version
        Value of the field ``v``.
    constants
        Schemas of fields that are on the wire but not in the type.

    Examples
    --------
    >>> from streams.records import Post
    >>> schema = record_schema(Post, 1)
    >>> schema["required"], schema["properties"]["ts_ms"]["description"]
    (['v', 'id', 'source', 'ts_ms', 'text'], 'When the post was written (event time).')
    """
    about, defaults = _parameters(record), _defaults(record)
    fields: dict[str, Any] = {
        name: (kind, Field(defaults.get(name, ...), description=about.get(name)))
        for name, kind in get_type_hints(record).items()
    }
    model: type[BaseModel] = create_model(record.__name__, __doc__=_summary(record), **fields)
    schema: dict[str, Any] = model.model_json_schema(mode="serialization")
    for kind in get_type_hints(record).values():
        for part in _tuples(kind):
            schema["$defs"][part.__name__] |= _positional(part, schema["$defs"][part.__name__])
    schema["properties"] |= constants
    schema["required"] = [*constants, *schema["required"]]
    return described(schema, version)


def described(schema: dict[str, Any], version: int) -> dict[str, Any]:
    """Return a schema without references, with ``v`` as its first and a required field."""
    plain = inlined(schema)
    properties = {"v": {"const": version, "description": "Version of this record."}} | {
        name: each for name, each in plain["properties"].items() if name != "v"
    }
    required = ["v", *(name for name in plain.get("required", []) if name != "v")]
    return plain | {"properties": properties, "required": required}


def inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema with its references resolved and its tuples in the form of draft 7."""
    definitions = schema.get("$defs", {})

    def plain(node: Any) -> Any:
        if isinstance(node, list):
            return [plain(each) for each in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            named = definitions[node["$ref"].removeprefix("#/$defs/")]
            return plain(named | {name: each for name, each in node.items() if name != "$ref"})
        tree = {name: plain(each) for name, each in node.items() if name not in {"$defs", "title"}}
        if isinstance(node.get("title"), dict):  # a property of that name
            tree["title"] = plain(node["title"])
        if "prefixItems" in tree:
            tree |= {"items": tree.pop("prefixItems"), "additionalItems": False}
        return tree

    resolved: dict[str, Any] = plain(schema)
    return {"title": schema["title"]} | resolved


def _positional(part: type[Any], schema: dict[str, Any]) -> dict[str, Any]:
    about = _parameters(part)
    names = list(get_type_hints(part))
    items = [
        item | {"description": " ".join(filter(None, [f"{name}.", about.get(name)]))}
        for name, item in zip(names, schema["prefixItems"], strict=True)
    ]
    return {"prefixItems": items, "description": _summary(part)}


def _tuples(kind: Any) -> list[type[Any]]:
    """Return the named tuples in a type hint."""
    if hasattr(kind, "_fields"):
        return [kind]
    return [found for part in get_args(kind) for found in _tuples(part)]


def _defaults(record: type[Any]) -> dict[str, Any]:
    if dataclasses.is_dataclass(record):
        return {
            field.name: field.default
            for field in dataclasses.fields(record)
            if field.default is not dataclasses.MISSING
        }
    return dict(getattr(record, "_field_defaults", {}))


def _summary(record: type[Any]) -> str:
    text = inspect.getdoc(record) or ""
    return " ".join(text.split("\n\n")[0].split()).replace("`", "")


def _parameters(record: type[Any]) -> dict[str, str]:
    """Return the description of each parameter in a numpy docstring."""
    text = inspect.getdoc(record) or ""
    section = text.partition("Parameters\n----------\n")[2].partition("\n\n")[0]
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=\S)", section):
        names, _, about = entry.partition("\n")
        for name in names.split(", "):
            found[name.strip()] = " ".join(about.split()).replace("`", "")
    return found
