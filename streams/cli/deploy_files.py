"""The files of the folder deploy/ that travel with firewatch, so that an installation needs no source checkout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import streams

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    "prometheus/rules/*.yml",
)
"""What an operator needs of deploy/: configs, boards, rules, schemas, and the services of Docker Compose."""


def deploy_folder() -> Path:
    """Return the folder deploy/: inside the package if firewatch was installed from a wheel, else of the checkout."""
    package = Path(streams.__file__).resolve().parent
    shipped = package / _SHIPPED / "deploy"
    return shipped if shipped.is_dir() else package.parent / "deploy"


def is_checkout() -> bool:
    """Return whether this firewatch runs from a source checkout, not from a wheel."""
    return deploy_folder().parent.name != _SHIPPED


def files_for_operators() -> Iterator[tuple[Path, Path]]:
    """Yield each file that an operator needs, and its path below the operator's folder deploy/.

    The versions that firewatch was tested with come along as constraints.txt.
    """
    folder = deploy_folder()
    for pattern in _FOR_OPERATORS:
        for path in sorted(folder.glob(pattern)):
            yield path, path.relative_to(folder)
    yield folder.with_name("constraints.txt"), Path("constraints.txt")
