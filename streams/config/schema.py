"""The JSON Schema of the config file, by which editors complete and check it."""

from __future__ import annotations

import inspect
from typing import Any, Final

from detectors import registry
from streams.config.brands import DetectorOverride, DetectorSettings
from streams.config.model import Config

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def config_schema() -> dict[str, Any]:
    """Return the schema of the whole file, with the parameters of each kind of detector.

    Some rules can't be expressed in it: that a brand has terms to match, unique ids, and lengths that divide a day.
    """
    tree = Config.model_json_schema(mode="validation")
    definitions = tree["$defs"]
    common = definitions[DetectorSettings.__name__]
    definitions[DetectorSettings.__name__] = {
        "description": common["description"],
        "oneOf": [
            *(_of_kind(kind, common) for kind in registry.KINDS),
            *(_default(name, kind, common) for name, kind in registry.DEFAULTS.items()),
        ],
    }
    override = definitions[DetectorOverride.__name__]
    every = {name: each.schema for kind in registry.KINDS for name, each in registry.parameters(kind).items()}
    override |= {"properties": override["properties"] | every, "additionalProperties": False}
    return {"$schema": DIALECT} | tree | {"title": "firewatch config"}


def _of_kind(kind: str, common: dict[str, Any]) -> dict[str, Any]:
    about = " ".join((inspect.getdoc(registry.KINDS[kind]) or "").partition("\n\n")[0].split())
    parameters = registry.parameters(kind)
    return {
        "title": kind,
        "type": "object",
        "description": about,
        "properties": common["properties"]
        | {"kind": {"const": kind, "description": about}}
        | {name: each.schema | {"default": each.default} for name, each in parameters.items()},
        "required": common["required"],
        "additionalProperties": False,
    }


def _default(name: str, kind: str, common: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an entry that changes a default detector, whose kind need not be named."""
    entry = _of_kind(kind, common)
    properties = {key: each for key, each in entry["properties"].items() if key != "kind"}
    name_schema = {"const": name, "description": properties["name"]["description"]}
    return entry | {"title": name, "properties": properties | {"name": name_schema}, "required": ["name"]}
