"""Commands that read a config, and the schemas of configs and records."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Final

import click

from streams.cli.options import config_argument
from streams.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from streams.config import Config, DetectorSettings
    from streams.operate.config_check import ConfigCheck

_MAX_REMARKS: Final = 20


@click.command("check-config")
@config_argument
@click.option(
    "--no-files", is_flag=True, help="Do not look for files that the config names, which another machine has."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def check_config(config_path: Path, *, no_files: bool, as_json: bool) -> None:
    """Validate a config and summarise it.

    Prints all problems of FILE at once, each with its line, setting and way out, or, if there is none, the brands, the
    detectors that run and the broker, warnings, and remarks on terms that two brands share or that an exclusion makes
    useless.

    \b
    Example:
      firewatch check-config firewatch.yaml
      firewatch check-config firewatch.yaml --json --no-files
    """
    from streams.operate.config_check import check_file

    check = check_file(config_path, os.environ, look_for_files=not no_files)
    if as_json:
        import orjson

        click.echo(orjson.dumps(check.as_json(), option=orjson.OPT_INDENT_2, default=str).decode())
    elif check.config is None:
        for problem in check.problems:
            click.echo(problem.located(config_path), err=True)
        count = len(check.problems)
        click.echo(f"{config_path}: {count} problem{'s' if count > 1 else ''}", err=True)
    else:
        _summarise(check, check.config)
    if check.config is None:
        sys.exit(ConfigError.exit_code)


def _summarise(check: ConfigCheck, config: Config) -> None:
    brands = [brand.id for brand in config.brands]
    click.echo(f"{check.file}: good")
    click.echo(f"  brands     {len(brands)}: {', '.join(brands[:10])}{' ...' if len(brands) > 10 else ''}")
    click.echo(f"  detectors  {', '.join(_detector(each, check.added) for each in config.detectors)}")
    click.echo(f"  kafka      {config.kafka.bootstrap_servers} {config.kafka.security_protocol}")
    click.echo(f"  version    {config.version}")
    for warning in check.warnings:
        click.echo(f"warning: {warning}", err=True)
    for remark in check.remarks[:_MAX_REMARKS]:
        click.echo(f"remark: {remark}", err=True)
    if len(check.remarks) > _MAX_REMARKS:
        click.echo(f"remark: and {len(check.remarks) - _MAX_REMARKS} more on terms", err=True)


def _detector(detector: DetectorSettings, added: Sequence[str]) -> str:
    notes = [detector.kind]
    notes += [detector.mode] if detector.mode != "live" else []
    notes += ["added: a default"] if detector.name in added else []
    return f"{detector.name} ({', '.join(notes)})"


@click.command("explain-config")
@config_argument
@click.option("--brand", help="Id of a brand; without it, the settings of brands that override nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def explain_config(config_path: Path, brand: str | None, *, as_json: bool) -> None:
    """Show effective settings and their origin.

    Prints each setting of FILE with its effective value and where it comes from: a default, a preset, a line of the
    file, or the environment.

    \b
    Example:
      firewatch explain-config firewatch.yaml --brand nordtel
    """
    from streams.config.explain import explain

    explained = explain(config_path, brand, os.environ)
    if as_json:
        import orjson

        rows = [{"setting": each.setting, "value": each.value, "origin": each.origin} for each in explained]
        click.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2, default=str).decode())
        return
    table = [(each.setting, _shown(each.value), each.origin) for each in explained]
    widths = [max(len(row[column]) for row in table) for column in (0, 1)]
    for setting, value, origin in table:
        click.echo(f"{setting:<{widths[0]}}  {value:<{min(widths[1], 40)}}  {origin}")


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_shown(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(_shown_inside(each) for each in value) or "[]"
    return "null" if value is None else f"{value:g}" if isinstance(value, float) else str(value) or '""'


def _shown_inside(value: object) -> str:
    """Return an entry of a list, in brackets if it has several parts."""
    shown = _shown(value)
    return f"{{{shown}}}" if isinstance(value, dict) else f"[{shown}]" if isinstance(value, list) else shown


@click.command()
@click.argument("what", type=click.Choice(["alert", "label", "verdict", "config", "asyncapi", "openapi"]))
def schema(what: str) -> None:
    """Print JSON Schemas or an API document.

    WHAT is a record that firewatch publishes (alert) or accepts (label, verdict), the config, the AsyncAPI document
    of all topics, or the OpenAPI document of sources of the kind webhook. deploy/contract/ contains the same documents.

    \b
    Example:
      firewatch schema alert > alert.schema.json
    """
    import orjson

    from streams.config.schema import DIALECT, config_schema
    from streams.contract.asyncapi import asyncapi
    from streams.records import Alert, Label, Verdict

    if what == "openapi":
        from streams.sources.live.webhook.openapi import openapi

        click.echo(openapi(), nl=False)
        return
    tree: dict[str, Any]
    match what:
        case "asyncapi":
            tree = asyncapi()
        case "config":
            tree = config_schema()
        case "alert":
            tree = {"$schema": DIALECT} | Alert.model_json_schema(mode="serialization")
        case "label":
            tree = {"$schema": DIALECT} | Label.model_json_schema(mode="validation")
        case _:
            tree = {"$schema": DIALECT} | Verdict.model_json_schema(mode="validation")
    click.echo(orjson.dumps(tree, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode(), nl=False)
