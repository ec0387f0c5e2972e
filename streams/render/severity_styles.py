"""How severities look on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from detectors.base import Severity

SEVERITY_STYLES: Final[dict[Severity, str]] = {"watch": "yellow", "warning": "dark_orange", "critical": "bold red"}
