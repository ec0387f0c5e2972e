"""The colours of charts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from detectors.base import Severity

INK, GREY, BLUE, SKY, MARK = "#222222", "#888888", "#0072B2", "#56B4E9", "#9A0794"
LINES: Final = (BLUE, "#D55E00", "#009E73", "#CC79A7", SKY, "#E69F00", INK)
"""Okabe and Ito's palette, whose colours are distinct for any colour vision: one for each kind of detector."""

SEVERITY_COLOURS: Final[dict[Severity, str]] = {"watch": "#F0E442", "warning": "#E69F00", "critical": "#CC3311"}


def colours_of(names: Sequence[str]) -> dict[str, str]:
    """Return a colour for each line, in order; the colours repeat after the last one."""
    return {name: LINES[place % len(LINES)] for place, name in enumerate(names)}
