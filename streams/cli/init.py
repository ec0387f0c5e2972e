"""The command `firewatch init`."""

from __future__ import annotations

import errno
import re
from pathlib import Path
from shlex import quote
from typing import Final

import click

from streams.cli.options import FILE
from streams.cli.program import program
from streams.errors import OutputError

TEMPLATES: Final = Path(__file__).parent / "templates"


@click.command()
@click.argument("folder", metavar="[DIR]", default=Path(), type=FILE)
@click.option(
    "--deploy",
    "with_deploy",
    is_flag=True,
    help="Also write deploy/ and docs/: example configs, Grafana boards, Prometheus rules, runbooks, the services for "
    "Docker Compose, and the documentation.",
)
@click.option(
    "--runbooks-url",
    metavar="URL",
    help="Where you publish deploy/RUNBOOKS.md, such as a page of a wiki: alert rules link to its sections. By default "
    "to the copy that Prometheus serves. Needs --deploy.",
)
def init(folder: Path, *, with_deploy: bool, runbooks_url: str | None) -> None:
    """Write a config to start from.

    Writes firewatch.yaml into DIR (by default the current folder), with comments and an example brand. Existing files
    are never overwritten.

    \b
    Example:
      firewatch init
      firewatch init watching --deploy
    """
    files = {folder / "firewatch.yaml": (TEMPLATES / "firewatch.yaml").read_bytes()}
    if runbooks_url is not None and not with_deploy:
        raise click.UsageError("--runbooks-url is about the files that --deploy writes: give both")
    if with_deploy:
        files |= {folder / path: content for path, content in _deploy_files(runbooks_url).items()}
    for path in files:
        if path.exists():
            raise OutputError(path, FileExistsError(errno.EEXIST, "it exists, and init never overwrites a file"))
    for path, content in files.items():
        _write(path, content)
    config = folder / "firewatch.yaml"
    click.echo(f"wrote {config}" + (f", {folder / 'deploy'} and {folder / 'docs'}" if with_deploy else ""))
    click.echo(_next_steps(config, folder / "deploy" / "compose.yaml" if with_deploy else None))


def _deploy_files(runbooks_url: str | None) -> dict[Path, bytes]:
    """Return the content of each file of --deploy; its image is built from the index rather than from a checkout."""
    from streams import __version__
    from streams.cli.deploy_files import RUNBOOKS_URL, files_for_operators, with_links_within

    files = {target: source.read_bytes() for source, target in files_for_operators()}
    if runbooks_url is not None:
        rules = Path("deploy", "prometheus", "rules", "alerts.yml")
        files[rules] = files[rules].replace(RUNBOOKS_URL.encode(), _address(runbooks_url).encode())
    dockerfile = (TEMPLATES / "Dockerfile").read_text(encoding="utf-8")
    files[Path("deploy", "Dockerfile")] = dockerfile.replace("@VERSION@", __version__).encode()
    files[Path("deploy", "Dockerfile.dockerignore")] = b"*\n!deploy/constraints.txt\n"
    return with_links_within(files)


def _address(url: str) -> str:
    """Return an absolute URL without a fragment, as it can stand between quotes in the rules."""
    if not re.fullmatch(r"https?://[^\s\"'#{}\\]+", url):
        raise click.BadParameter(f"must be an http:// or https:// address without a fragment, got {url!r}")
    return url


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise OutputError(path, error) from error


def _next_steps(config: Path, compose: Path | None) -> str:
    firewatch, config_path = program(), quote(str(config))
    steps = [
        ("Fill in your brands, then check the config:", f"{firewatch} check-config {config_path}"),
        (
            "Try it on recorded posts, without Kafka:",
            f"{firewatch} replay posts.jsonl -c {config_path} --alerts alerts.jsonl",
        ),
        ("See what its source delivers, Bluesky (needs a network):", f"{firewatch} sources check -c {config_path}"),
        _start_kafka(config, compose),
        ("Run it on Kafka:", f"{firewatch} run -c {config_path}"),
    ]
    if compose:
        command = f"CONFIG=../{config.name} docker compose -f {quote(str(compose))} up --build --detach"
        steps.append(("Or run everything with Docker, Kafka and Grafana included:", command))
    lines = (f"  {number}. {what}\n     {command}" for number, (what, command) in enumerate(steps, 1))
    return "\n".join(("next steps:", *lines))


def _start_kafka(config: Path, compose: Path | None) -> tuple[str, str]:
    """Return how to get a Kafka, by what there is on this machine."""
    from streams.cli.deploy_files import deploy_folder, is_checkout

    if is_checkout():
        root = quote(str(deploy_folder().parent))
        return f"Start a Kafka, or name yours in {config}:", f"make -C {root} kafka-start"
    if compose:
        command = f"docker compose -f {quote(str(compose))} up --detach kafka"
        return f"Start a Kafka, or name yours in {config}:", command
    return f"Name your Kafka in {config}; with Docker, this writes one to start:", f"{program()} init kafka --deploy"
