"""Find the tags of one name in HTML or XML, well-formed or not, in a time that is linear in its length."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_INSIDE: Final = r"""\b((?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+)>"""
"""The rest of a tag: attributes, in whose values there may be ``>`` but no ``<``."""

_ATTRIBUTE: Final = re.compile(r"""(?<![\w:.-])([\w:.-]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'<>=]++))""")


class FoundTag(NamedTuple):
    """A tag.

    Parameters
    ----------
    line
        Its line, from 1.
    attributes
        Its attributes, by their names in small letters; entities are resolved.
    """

    line: int
    attributes: dict[str, str]


def tags_of(text: str, name: str) -> Iterator[FoundTag]:
    """Yield the opening tags of a name outside of comments.

    >>> [each.attributes for each in tags_of("<!-- <a x=1> --><A HREF='/b?c&amp;d' title=\\"x > y\\">", "a")]
    [{'href': '/b?c&d', 'title': 'x > y'}]
    """
    text = _without_comments(text)
    line = 1
    counted = 0
    for tag in re.finditer(f"<{name}{_INSIDE}", text, re.IGNORECASE):
        line += text.count("\n", counted, tag.start())
        counted = tag.start()
        attributes = {
            found[1].lower(): html.unescape(found[2] or found[3] or found[4] or "").strip()
            for found in _ATTRIBUTE.finditer(tag[1])
        }
        yield FoundTag(line, attributes)


def _without_comments(text: str) -> str:
    """Return a text without its comments, but with their lines."""
    first, *others = text.split("<!--")
    parts = [first]
    for other in others:
        comment, _, rest = other.partition("-->")
        parts += ["\n" * comment.count("\n"), rest]
    return "".join(parts)
