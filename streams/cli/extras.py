"""Optional packages that some options need, checked before the work starts."""

from __future__ import annotations

from importlib.util import find_spec

from streams.errors import MissingPackage


def can_draw() -> bool:
    """Return whether matplotlib, which draws all charts, is installed."""
    return find_spec("matplotlib") is not None


def require_charts(option: str) -> None:
    """Check that charts can be drawn.

    Raises
    ------
    MissingPackage
        Naming the option that needs them, and the extra to install.
    """
    if not can_draw():
        raise MissingPackage(option, "matplotlib", "plot")
