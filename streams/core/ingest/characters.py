"""Characters that have no place in ids, sources, names and links: they hide, reorder or command what is shown.

These are controls (C0 and C1), line separators, marks of the direction of writing, characters without width, tags and
noncharacters. The list is fixed, not taken from the interpreter's Unicode tables, so that the key of a post is the same
under every version of Python.
"""

from __future__ import annotations

import re
from typing import Final

_HIDDEN: Final = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # controls
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # soft hyphen, joiners, fillers
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, line ends, direction of writing, invisible operators
    "\ud800-\udfff\ufeff\ufff0-\ufffb\ufffe\uffff"  # surrogates, byte order mark, annotations, noncharacters
    "\U000e0000-\U000e0fff"  # tags
    "]"
)


def has_hidden(value: str) -> bool:
    """Return whether a text has characters that hide, reorder or command what is shown."""
    return not (value.isascii() and value.isprintable()) and _HIDDEN.search(value) is not None


def without_hidden(value: str) -> str:
    """Return a text without these characters; white space at its ends goes too.

    >>> without_hidden("Nord\\u200btel\\u202e ")
    'Nordtel'
    """
    return _HIDDEN.sub("", value).strip()


def escaped(value: str) -> str:
    r"""Return a text with an escape for each of these characters: two texts that differ still do.

    >>> escaped("a\x9b31m\u202e")
    'a\\u009b31m\\u202e'
    """
    return _HIDDEN.sub(_escape, value) if has_hidden(value) else value


def _escape(hidden: re.Match[str]) -> str:
    code = ord(hidden[0])
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
