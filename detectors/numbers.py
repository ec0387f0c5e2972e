"""Numbers as people read them: never with an exponent."""

from __future__ import annotations

import math
from typing import Final

_PREFIXES: Final = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"))
"""SI prefixes, which replace digits that nobody counts."""

_FROM: Final = 1e7
"""Number from which a prefix is used: 9,999,999 is still read at a glance."""

_SMALLEST: Final = 1e-6


def shown(value: float) -> str:
    """Format a number with three significant digits below 1,000, and with thousands separators or an SI prefix above.

    >>> [shown(value) for value in (0, 0.01234, 2.5, 999.7, 1627.4, 48_200_000, -3e9)]
    ['0', '0.0123', '2.5', '1,000', '1,627', '48.2 M', '-3 G']
    >>> shown(0.00002), shown(1e-9), shown(float("nan")), shown(float("inf"))
    ('0.00002', 'less than 0.000001', 'unknown', 'infinite')
    """
    if not math.isfinite(value):
        return "unknown" if math.isnan(value) else "infinite" if value > 0 else "-infinite"
    size = abs(value)
    if size >= _FROM:
        scale, prefix = next((scale, prefix) for scale, prefix in _PREFIXES if size >= scale)
        return f"{_plain(value / scale)} {prefix}"
    if 0 < size < _SMALLEST:
        return f"less than {_SMALLEST:.6f}" if value > 0 else "0"
    return _plain(value)


def _plain(value: float) -> str:
    size = abs(value)
    if round(size) >= 1000:
        return f"{value:,.0f}"
    if size == 0:
        return "0"
    text = f"{value:.{max(0, 2 - math.floor(math.log10(size)))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
