"""Write the reference pages: ``python -m docs.build``; a test fails while a page differs from what the code gives.

The pages are generated from the config's JSON Schema, the catalogue of metrics, the error tree and the click commands,
so that a key, metric, exit code or option can't be missing from the documentation.
"""

from __future__ import annotations

import inspect
import json
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from detectors import registry
from streams import errors
from streams.cli import cli
from streams.config.model import Config
from streams.config.sources import SOURCES, kind_of
from streams.config.sources.base import SourceSettings
from streams.runtime.metrics import PROCESS, catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

FOLDER: Final = Path(__file__).parent / "reference"

NOTICE: Final = "<!-- Written by `make docs` from the code: change the code, not this file. -->"

HELP_WIDTH: Final = 100

_LIMITS: Final = {
    "minimum": "{} or more",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
}

_SUFFIX: Final = {"counter": "_total", "info": "_info"}
"""Endings that Prometheus adds to the name of a metric, by its type."""


class Key(NamedTuple):
    """One key of the config file.

    Parameters
    ----------
    path
        Where it stands, such as ``brands[].match.any``.
    node
        Its JSON Schema.
    required
        Whether the file must have it.
    """

    path: str
    node: dict[str, Any]
    required: bool

    @property
    def section(self) -> str:
        """The key at the top of the file below which it stands."""
        return self.path.replace("[]", "").split(".")[0]


def keys() -> list[Key]:
    """Return every key of the config file; those of detectors without the parameters of their kinds."""
    tree = Config.model_json_schema(mode="validation")
    return list(_keys(tree, tree["$defs"]))


def configuration() -> str:
    """Return the page of all config keys."""
    parts = [
        "Every key of the config file, with its default. [Configuration](../configuration.md) explains how presets, "
        "detectors and brands override one another; [config.example.yaml](../../deploy/config.example.yaml) is a file "
        "with all of them."
    ]
    parts += [f"## {name}\n\n{_table(list(found))}" for name, found in groupby(keys(), key=lambda key: key.section)]
    parts.append(
        "## Parameters of detectors\n\nBesides `name`, `kind` and `mode`, an entry of `detectors` takes the parameters "
        "of its kind; so does an entry of `brands[].detectors`, besides `mode`. [Detectors](../detectors.md) says "
        "what each kind looks at."
    )
    for kind in registry.KINDS:
        found = registry.parameters(kind).items()
        rows = [Key(name, each.schema | {"default": each.default}, required=False) for name, each in found]
        parts.append(f"### kind: {kind}\n\n{_table(rows)}")
    return _page("Configuration reference", *parts, *_sources())


def _sources() -> Iterator[str]:
    """Yield the settings that all sources share, then those of each kind."""
    tree = Config.model_json_schema(mode="validation")
    definitions = tree["$defs"]
    shared = list(SourceSettings.model_fields)
    yield (
        "## Settings of sources\n\nAn entry of `sources` takes these settings, and those of its kind; "
        "the folder `docs/sources` has a page for each kind.\n\n"
        + _table(list(_keys(SourceSettings.model_json_schema(mode="validation"), definitions, "sources[].")))
    )
    for settings in SOURCES:
        node = definitions[settings.__name__]
        own = {name: each for name, each in node["properties"].items() if name not in shared or name == "kind"}
        yield (
            f"### kind: {kind_of(settings)}\n\n{node['description']}\n\n"
            + _table(list(_keys(node | {"properties": own}, definitions, "sources[].")))
        )


def _table(rows: Sequence[Key]) -> str:
    head = "| key | type | default | allowed | meaning |\n|---|---|---|---|---|\n"
    return head + "\n".join(_row(key) for key in rows)


def metrics() -> str:
    """Return the page of all metrics."""
    rows = [
        _metric(family.name, family.type, metric._labelnames, family.documentation)  # noqa: SLF001  nothing public has them
        for metric in catalogue()
        for family in metric.describe()
    ]
    rows += [_metric(family.name, family.type, (), family.documentation) for family in PROCESS.collect()]
    return _page(
        "Metrics reference",
        "Every metric that workers serve at `/metrics`. A histogram has the series `_bucket`, `_sum` and `_count`. "
        "Prometheus adds the labels `job`, `instance` and `worker` "
        "([targets.yml](../../deploy/prometheus/targets.yml)).",
        "| metric | type | labels | meaning |\n|---|---|---|---|\n" + "\n".join(rows),
    )


def exit_codes() -> str:
    """Return the page of exit codes, from the error classes that have them."""
    by_code: dict[int, list[type[errors.FirewatchError]]] = {}
    for error in vars(errors).values():
        if inspect.isclass(error) and issubclass(error, errors.FirewatchError):
            by_code.setdefault(error.exit_code, []).append(error)
    rows = ["| 0 | | The command did its work, or ended in order after SIGTERM or SIGINT. |"]
    for code, classes in sorted(by_code.items()):
        meanings = [(f"`{each.__name__}`", (inspect.getdoc(each) or "").split("\n\n")[0]) for each in classes]
        rows += [f"| {code} | {name} | {_cell(meaning)} |" for name, meaning in meanings]
    return _page(
        "Exit codes",
        "Every command reports a known problem in one message and ends with one of these codes; a traceback means a "
        "defect of firewatch. `firewatch status` also ends with 1 when something is wrong, and any command with 2 when "
        "it is mistyped. [Operations](../operations.md) says what to do.",
        "| code | error | meaning |\n|---|---|---|\n" + "\n".join(rows),
    )


def commands() -> str:
    """Return the page with the help of every command."""
    parts = [f"## {ctx.command_path}\n\n```text\n{ctx.get_help()}\n```" for ctx in contexts()]
    return _page("Command reference", "The help of every command, as `firewatch COMMAND --help` prints it.", *parts)


def contexts() -> Iterator[click.Context]:
    """Yield a context for each command, groups before their commands."""
    yield from _contexts(cli, "firewatch", None)


def _contexts(command: click.Command, name: str, parent: click.Context | None) -> Iterator[click.Context]:
    ctx = click.Context(command, parent, name, **{**command.context_settings, "terminal_width": HELP_WIDTH})
    yield ctx
    if isinstance(command, click.Group):
        for below in command.list_commands(ctx):
            found = command.get_command(ctx, below)
            if found is not None and not found.hidden:
                yield from _contexts(found, below, ctx)


def _keys(node: dict[str, Any], definitions: dict[str, Any], prefix: str = "") -> Iterator[Key]:
    """Yield each key below a section, before those of the sections below it."""
    for name, child in node.get("properties", {}).items():
        path = f"{prefix}{name}"
        section, ending = _section(child, definitions)
        if section is None or ending:
            yield Key(path, child, name in node.get("required", ()))
        if section is not None:
            yield from _keys(section, definitions, f"{path}{ending}.")


def _section(node: dict[str, Any], definitions: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
    """Return the section that a key holds, and how its path continues: ``[]`` for a list, ``.NAME`` for a mapping."""
    mapped = next(iter(node.get("patternProperties", {}).values()), node.get("additionalProperties"))
    for holder, ending in (node, ""), (node.get("items"), "[]"), (mapped, ".NAME"):
        if isinstance(holder, dict) and "$ref" in holder:
            return definitions[holder["$ref"].rsplit("/", 1)[-1]], ending
    return None, ""


def _row(key: Key) -> str:
    cells = (f"`{key.path}`", _type(key.node), _default(key), _allowed(key.node), key.node.get("description", ""))
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _default(key: Key) -> str:
    if key.required:
        return "required"
    default = key.node.get("default", ...)
    if default is ... and key.path in Config.model_fields:
        default = Config.model_fields[key.path].get_default(call_default_factory=True)
        if isinstance(default, list):
            default = [each.model_dump() for each in default]
    if default is ...:
        default = {"array": [], "object": {}}.get(key.node.get("type", ""), ...)
    return "" if default is ... else f"`{json.dumps(default, ensure_ascii=False)}`"


def _type(node: dict[str, Any]) -> str:
    """Return the type of a value in words.

    >>> _type({"anyOf": [{"type": "integer"}, {"type": "null"}]})
    'integer or null'
    """
    if "anyOf" in node:
        return " or ".join(_type(each) for each in node["anyOf"])
    kind = node.get("format") or node.get("type") or ("object" if "$ref" in node else "string")
    if kind == "array":
        inside = node["items"].get("oneOf", [node["items"]] if "type" in node["items"] else [])
        return f"list of {' or '.join(dict.fromkeys(map(_plural, inside)))}" if inside else "list"
    if isinstance(kind, list):
        return " or ".join(kind)
    return {"object": "mapping"}.get(kind, str(kind))


def _plural(node: dict[str, Any]) -> str:
    return "lists" if node.get("type") == "array" else f"{_type(node)}s"


def _allowed(node: dict[str, Any]) -> str:
    """Return the values that are allowed.

    >>> _allowed({"type": "integer", "minimum": 1, "maximum": 20})
    '1 to 20'
    """
    if "anyOf" in node:
        return ", ".join(filter(None, (_allowed(each) for each in node["anyOf"])))
    if "enum" in node:
        return ", ".join(f"`{value}`" for value in node["enum"])
    if "const" in node:
        return f"`{node['const']}`"
    limits = [text.format(_number(node[name])) for name, text in _LIMITS.items() if name in node]
    if "minimum" in node and "maximum" in node:
        limits = [f"{_number(node['minimum'])} to {_number(node['maximum'])}"]
    if "pattern" in node:
        limits.append(f"`{node['pattern']}`")
    return ", ".join(limits)


def _number(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else str(value)


def _metric(name: str, kind: str, labels: Sequence[str], documentation: str) -> str:
    shown = ", ".join(f"`{label}`" for label in labels)
    return f"| `{name}{_SUFFIX.get(kind, '')}` | {kind} | {shown} | {_cell(documentation)} |"


def _cell(text: str) -> str:
    r"""Return text that a cell of a table can hold.

    >>> print(_cell("a|b"))
    a\|b
    """
    return " ".join(text.split()).replace("|", "\\|")


def _page(title: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", NOTICE, *parts)) + "\n"


PAGES: Final[dict[str, Callable[[], str]]] = {
    "configuration.md": configuration,
    "metrics.md": metrics,
    "exit-codes.md": exit_codes,
    "commands.md": commands,
}
"""The text of each page, by the name of its file."""


if __name__ == "__main__":
    for name, text in PAGES.items():
        (FOLDER / name).write_text(text(), encoding="utf-8")
