"""The JSON Schema of the config file, by which editors complete and check it."""

from __future__ import annotations

import inspect
from typing import Any, Final

from detectors import registry
from streams.config.brands import DetectorOverride, DetectorSettings
from streams.config.model import Config

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def config_schema() -> dict[str, Any]:
    """Of the whole file: what pydantic knows, and what each kind of detector takes.

    The file may break rules that no schema tells: terms to match, unique ids, what divides a day.
    """
    tree = Config.model_json_schema(mode="validation")
    definitions = tree["$defs"]
    common = definitions[DetectorSettings.__name__]
    definitions[DetectorSettings.__name__] = {
        "description": common["description"],
        "oneOf": [_of_kind(kind, common) for kind in registry.KINDS],
    }
    override = definitions[DetectorOverride.__name__]
    every = {name: each.schema for kind in registry.KINDS for name, each in registry.parameters(kind).items()}
    override |= {"properties": override["properties"] | every, "additionalProperties": False}
    return {"$schema": DIALECT} | tree | {"title": "firewatch config"}


def _of_kind(kind: str, common: dict[str, Any]) -> dict[str, Any]:
    says = (inspect.getdoc(registry.KINDS[kind]) or "").splitlines()[0]
    parameters = registry.parameters(kind)
    return {
        "title": kind,
        "type": "object",
        "description": says,
        "properties": common["properties"]
        | {"kind": {"const": kind, "description": says}}
        | {name: each.schema | {"default": each.default} for name, each in parameters.items()},
        "required": common["required"],
        "additionalProperties": False,
    }
