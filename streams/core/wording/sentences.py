"""Building of sentences from parts."""

from __future__ import annotations

_ENDS = (".", "!", "?", "…")


def sentence(text: str) -> str:
    """Return a text as a sentence: with a capital letter, and with a full stop unless it ends like one.

    >>> sentence("over after 5 days"), sentence("abgeklungen nach 1 Std. 47 Min."), sentence("")
    ('Over after 5 days.', 'Abgeklungen nach 1 Std. 47 Min.', '')
    """
    if not text:
        return ""
    return f"{text[0].upper()}{text[1:]}{'' if text.endswith(_ENDS) else '.'}"


def joined(*parts: str, by: str = ", ") -> str:
    """Return the parts that are not empty, joined.

    >>> joined("30 mentions", "", "80% negative")
    '30 mentions, 80% negative'
    """
    return by.join(part for part in parts if part)
