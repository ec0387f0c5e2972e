"""Character encodings of text: UTF-16 and UTF-32 become UTF-8 as a stream, Windows-1252 line by line.

Lines and JSON can be split in Windows-1252 as in UTF-8, since all structure is ASCII in both. So such a file keeps its
own offsets, and it does not matter how far into the file its first umlaut is.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Final

from streams.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

WINDOWS_1252: Final = "cp1252"

SNIFFED_BYTES: Final = 16
"""First bytes from which `wide_encoding` recognises an encoding."""

_BOMS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_MAX_LETTER_SHARE: Final = 0.2
"""Share of letters with accents beyond which text is no Western language in Windows-1252."""

_MAX_SHARE: Final = 0.4
"""The same of all characters beyond ASCII, such as quotation marks."""

_MIN_LINES: Final = 5
"""Lines from which a whole source is refused; fewer are rejected one by one."""

_LETTER: Final = re.compile(rb"[A-Za-z\x80-\xff]")
_BEYOND_ASCII: Final = re.compile(rb"[\x80-\xff]")
_ACCENTED: Final = re.compile(rb"[\xc0-\xff]")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def wide_encoding(head: bytes) -> str | None:
    r"""Return the encoding of two or four bytes a character in which a text begins, None if there is none.

    Without a byte order mark it is recognised by the zeros in its first characters, which are ASCII in JSON and tables.

    Examples
    --------
    >>> wide_encoding(b"\xff\xfe{\0"), wide_encoding('{"id":1}'.encode("utf-16-be")), wide_encoding(b'{"id":1}')
    ('utf-16', 'utf-16-be', None)
    """
    marked = next((encoding for bom, encoding in _BOMS if head.startswith(bom)), None)
    if marked:
        return marked
    zeros = bytes(byte == 0 for byte in head[:SNIFFED_BYTES])
    for encoding, unit in (
        ("utf-32-le", b"\0\1\1\1"), ("utf-32-be", b"\1\1\1\0"), ("utf-16-le", b"\0\1"), ("utf-16-be", b"\1\0"),
    ):  # fmt: skip
        if len(zeros) >= 2 * len(unit) and zeros == (unit * SNIFFED_BYTES)[: len(zeros)]:
            return encoding
    return None


def as_utf8(blocks: Iterator[bytes], encoding: str, *, is_final: bool) -> Iterator[bytes]:
    """Yield blocks of text in another encoding as UTF-8, without a byte order mark.

    Parameters
    ----------
    blocks
        Blocks of the text; empty ones are passed on.
    encoding
        Name of its encoding, as Python spells it. Bytes that it does not have become U+FFFD.
    is_final
        Whether half a character at the end becomes U+FFFD; otherwise it is left out.
    """
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    at_start = True
    for block in blocks:
        text = decoder.decode(block)
        if at_start and text:
            text, at_start = text.removeprefix("\ufeff"), False
        yield text.encode(errors="replace")
    if is_final:
        yield decoder.decode(b"", final=True).encode(errors="replace")


def narrow_encoding(block: bytes, name: str) -> str:
    """Return ``utf-8`` or `WINDOWS_1252`: the encoding of lines of text that are not all ASCII.

    Parameters
    ----------
    block
        Lines; the last one may be cut.
    name
        Name of the source, for messages.

    Raises
    ------
    InputError
        If most lines are in neither.
    """
    lines = [line for line in block.split(b"\n") if line]
    beyond_ascii = [line for line in lines if not line.isascii()]
    broken = [line for line in beyond_ascii if not _is_utf8(line, may_be_cut=True)]
    if 2 * len(broken) <= len(beyond_ascii):
        return "utf-8"  # lines that are broken are rejected one by one
    sample = b"\n".join(broken)
    is_text = 20 * len(_CONTROL.findall(sample)) <= len(sample)
    letters = len(_LETTER.findall(sample))
    is_western = (
        len(_ACCENTED.findall(sample)) <= _MAX_LETTER_SHARE * letters
        and len(_BEYOND_ASCII.findall(sample)) <= _MAX_SHARE * letters
    )
    if is_text and is_western:
        return WINDOWS_1252
    if len(lines) < _MIN_LINES or 2 * len(broken) < len(lines):
        return "utf-8"
    if not is_text:
        raise InputError(f"{name}: is no text but a binary file of an unknown kind")
    raise InputError(
        f"{name}: is text in an encoding that is neither UTF-8, UTF-16 nor Windows-1252; name it by --encoding, such "
        "as --encoding cp1251"
    )


def _is_utf8(line: bytes, *, may_be_cut: bool = False) -> bool:
    try:
        codecs.utf_8_decode(line, "strict", not may_be_cut)
    except UnicodeDecodeError:
        return False
    return True


def utf8_of(line: bytes) -> bytes:
    r"""Return a line as UTF-8: as it is if it is that already, otherwise converted from Windows-1252.

    Examples
    --------
    >>> utf8_of(b"St\xf6rung").decode(), utf8_of("Störung".encode()).decode()
    ('Störung', 'Störung')
    """
    if line.isascii() or _is_utf8(line):
        return line
    return line.decode(WINDOWS_1252, errors="replace").encode()
