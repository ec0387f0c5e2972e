"""The languages of alerts: a new one is a file with its phrases and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streams.core.wording.english import ENGLISH
from streams.core.wording.german import GERMAN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.config import Language
    from streams.core.wording.phrases import Phrases

PHRASES: Final[Mapping[Language, Phrases]] = {"en": ENGLISH, "de": GERMAN}
