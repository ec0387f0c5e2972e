"""The files of the folder deploy/ that travel with firewatch, so that an installation needs no source checkout."""

from __future__ import annotations

import re
from os.path import normpath
from pathlib import Path
from typing import TYPE_CHECKING, Final

import streams

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SHIPPED: Final = "shipped"
"""The folder inside the package `streams` to which pyproject.toml copies the files when a wheel is built."""

_FOR_OPERATORS: Final = (
    "RUNBOOKS.md",
    "alertmanager/*.yml",
    "compose.yaml",
    "config.example.yaml",
    "contract/*.json",
    "demo.yaml",
    "examples/*.yaml",
    "grafana/dashboards/*.json",
    "grafana/provisioning/*/*.yaml",
    "prometheus/*.yml",
    "prometheus/assets/*.html",
    "prometheus/rules/*.yml",
)
"""What an operator needs of deploy/: configs, boards, rules, runbooks, schemas, and the services of Docker Compose."""

_DOCS: Final = ("*.md", "*/*.md", "images/*")

RUNBOOKS_URL: Final = "{{ $externalURL }}/user/runbooks.html"
"""Where the alert rules find the runbooks by default: in Prometheus itself, which fills in its own
address."""


def deploy_folder() -> Path:
    """Return the folder deploy/: inside the package if firewatch was installed from a wheel, else of the checkout."""
    package = Path(streams.__file__).resolve().parent
    shipped = package / _SHIPPED / "deploy"
    return shipped if shipped.is_dir() else package.parent / "deploy"


def is_checkout() -> bool:
    """Return whether this firewatch runs from a source checkout, not from a wheel."""
    return deploy_folder().parent.name != _SHIPPED


def files_for_operators() -> Iterator[tuple[Path, Path]]:
    """Yield each file that an operator needs, and its path in the operator's folder.

    The versions that firewatch was tested with come along as deploy/constraints.txt, and the documentation, to which
    the runbooks link, as docs/.
    """
    folder = deploy_folder()
    for pattern in _FOR_OPERATORS:
        for path in sorted(folder.glob(pattern)):
            yield path, Path("deploy") / path.relative_to(folder)
    yield folder.with_name("constraints.txt"), Path("deploy", "constraints.txt")
    docs = folder.with_name("docs")
    for pattern in _DOCS:
        for path in sorted(docs.glob(pattern)):
            yield path, Path("docs") / path.relative_to(docs)


_LINK: Final = re.compile(r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")


def with_links_within(files: Mapping[Path, bytes]) -> dict[Path, bytes]:
    """Return the files with every link of a page of Markdown as plain text that leads to none of them.

    Links to the web, and those within a page, stay.
    """
    known = {Path(normpath(path)) for path in files}
    folders = {parent for path in known for parent in path.parents}

    def leads_somewhere(page: Path, target: str) -> bool:
        file = target.partition("#")[0]
        return not file or "://" in target or Path(normpath(page.parent / file)) in known | folders

    def rewritten(page: Path, text: str) -> str:
        return _LINK.sub(lambda link: link[0] if leads_somewhere(page, link["target"]) else link["text"], text)

    return {
        path: rewritten(path, content.decode()).encode() if path.suffix == ".md" else content
        for path, content in files.items()
    }
