"""The files of the folder deploy/ that travel with firewatch."""

from __future__ import annotations

from pathlib import Path

import streams

SHIPPED = "shipped"
"""Folder of the wheel's package `streams` that holds deploy/, as pyproject.toml has it."""


def deploy_folder() -> Path:
    """Return the folder deploy/: inside the package if firewatch was installed from a wheel, else of the checkout."""
    package = Path(streams.__file__).resolve().parent
    shipped = package / SHIPPED / "deploy"
    return shipped if shipped.is_dir() else package.parent / "deploy"


def is_checkout() -> bool:
    """Return whether this firewatch runs from a source checkout, not from a wheel."""
    return deploy_folder().parent.name != SHIPPED
