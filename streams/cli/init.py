"""The command `firewatch init`."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Final

import click

from streams.cli.options import FILE
from streams.errors import OutputError

TEMPLATES: Final = Path(__file__).parent / "templates"


@click.command()
@click.argument("folder", metavar="[DIR]", default=Path(), type=FILE)
@click.option(
    "--deploy",
    "with_deploy",
    is_flag=True,
    help="Also write deploy/: example configs, Grafana boards, Prometheus rules, and the services for Docker Compose.",
)
def init(folder: Path, *, with_deploy: bool) -> None:
    """Write a config to start from.

    Writes firewatch.yaml into DIR (by default the current folder), with comments and an example brand. Existing files
    are never overwritten.

    \b
    Example:
      firewatch init
      firewatch init watching --deploy
    """
    files = {folder / "firewatch.yaml": (TEMPLATES / "firewatch.yaml").read_bytes()}
    if with_deploy:
        files |= {folder / "deploy" / path: content for path, content in _deploy_files().items()}
    for path in files:
        if path.exists():
            raise OutputError(path, FileExistsError(errno.EEXIST, "it exists, and init never overwrites a file"))
    for path, content in files.items():
        _write(path, content)
    config = folder / "firewatch.yaml"
    click.echo(f"wrote {config}" + (f" and {folder / 'deploy'}" if with_deploy else ""))
    click.echo(_next_steps(config, folder / "deploy" / "compose.yaml" if with_deploy else None))


def _deploy_files() -> dict[Path, bytes]:
    """Return the content of each file below deploy/; its image is built from the index rather than from a checkout."""
    from streams import __version__
    from streams.cli.deploy_files import files_for_operators

    files = {target: source.read_bytes() for source, target in files_for_operators()}
    dockerfile = (TEMPLATES / "Dockerfile").read_text(encoding="utf-8")
    files[Path("Dockerfile")] = dockerfile.replace("@VERSION@", __version__).encode()
    files[Path("Dockerfile.dockerignore")] = b"*\n!deploy/constraints.txt\n"
    return files


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise OutputError(path, error) from error


def _next_steps(config: Path, compose: Path | None) -> str:
    steps = [
        ("Fill in your brands, then check the config:", f"firewatch check-config {config}"),
        ("Try it on recorded posts, without Kafka:", f"firewatch replay posts.jsonl -c {config} --alerts alerts.jsonl"),
        ("Run it on Kafka:", f"firewatch run -c {config} --posts posts.jsonl"),
    ]
    if compose:
        command = f"CONFIG=../{config.name} docker compose -f {compose} up --build --detach"
        steps.append(("Or run everything with Docker, Kafka and Grafana included:", command))
    lines = (f"  {number}. {what}\n     {command}" for number, (what, command) in enumerate(steps, 1))
    return "\n".join(("next steps:", *lines))
