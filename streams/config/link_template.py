"""The template of a link: checked when the config is read, so that filling it in can't fail when an alert is made."""

from __future__ import annotations

import re
from string import Formatter
from typing import Annotated, Final
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator

from streams.config.addresses import http_url

PLACEHOLDERS: Final = ("brand", "from_ms", "to_ms")

MAX_CHARS: Final = 2_000

_URL_CHARACTERS: Final = ":/?#[]@!$&'()*+,;=-._~%"
"""What a URL may hold besides letters and digits (RFC 3986, section 2)."""

_BRACED_NAME: Final = re.compile(rf"\{{\{{(?:{'|'.join(PLACEHOLDERS)})\}}\}}")

_STRAY_PERCENT: Final = re.compile("%(?![0-9A-Fa-f]{2})")


class LinkTemplate:
    """The template of a link, in which ``{brand}``, ``{from_ms}`` and ``{to_ms}`` are filled in.

    Doubled braces stand for single ones. Only the names themselves are placeholders: no attributes, no indexes, no
    conversions and no formats, which could show anything of the program or fail.

    Parameters
    ----------
    text
        The template.

    Raises
    ------
    ValueError
        If it has another placeholder, or is no URL of HTTP.

    Examples
    --------
    >>> template = LinkTemplate("https://grafana.example/d/x?var-brand={brand}&from={from_ms}&q={{}}")
    >>> template.filled(brand="a b", from_ms=1, to_ms=2)
    'https://grafana.example/d/x?var-brand=a%20b&from=1&q=%7B%7D'
    """

    def __init__(self, text: str) -> None:
        if len(text) > MAX_CHARS:
            raise ValueError(f"must have at most {MAX_CHARS:,} characters")
        if braced := _BRACED_NAME.search(text):
            raise ValueError(f"{braced[0]} is text in braces: write {braced[0][1:-1]} to have it filled in")
        self._parts: list[tuple[str, str | None]] = []
        for literal, name, form, conversion in _parsed(text):
            if name is not None and (name not in PLACEHOLDERS or form or conversion):
                written = name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "")
                raise ValueError(
                    f"{{{written}}} is no placeholder; there are {', '.join(f'{{{each}}}' for each in PLACEHOLDERS)}, "
                    "and {{ and }} stand for braces"
                )
            if _STRAY_PERCENT.search(literal):
                raise ValueError("% must be followed by two hexadecimal digits: write %25 for a per cent sign")
            self._parts.append((quote(literal, safe=_URL_CHARACTERS), name))
        sample = "".join(literal + (name or "") for literal, name, *_ in _parsed(text))
        if not (urlsplit(http_url(sample)).hostname or "").isascii():
            raise ValueError("must name its host in ASCII letters: write xn--... for a name with others")

    def filled(self, *, brand: str, from_ms: int, to_ms: int) -> str:
        """Return the link of a brand and a span of time, in milliseconds since the epoch."""
        values = {"brand": brand, "from_ms": str(from_ms), "to_ms": str(to_ms)}
        return "".join(literal + (quote(values[name], safe="") if name else "") for literal, name in self._parts)


def _parsed(text: str) -> list[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"{error}: {{{{ and }}}} stand for braces") from None


def link_template(text: str) -> str:
    """Return the text of a template, if it is one; raises as `LinkTemplate`."""
    LinkTemplate(text)
    return text


def none_if_blank(value: object) -> object:
    """Return None for text without any character, which stands for no link."""
    return None if value == "" else value


LinkText = Annotated[str, AfterValidator(link_template)]
