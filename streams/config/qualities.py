"""Names of the qualities of sentiment: known wherever config is read, without the models' numpy."""

from __future__ import annotations

from typing import Final, Literal

QualityName = Literal["fast", "best"]
"""What a model looks at: ``fast`` at words alone, ``best`` at whole sentences too."""

QUALITIES: Final[tuple[QualityName, ...]] = ("fast", "best")
