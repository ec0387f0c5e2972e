"""Which entries of a feed were there before, in a few bytes each: a cursor holds the memory of a thousand feeds."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Final, Literal, Self

from streams.sources.live.feeds.identity import ALIAS_BYTES, CONTENT_BYTES, ID_BYTES, EntryMarks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_RECORD_BYTES: Final = ID_BYTES + CONTENT_BYTES + ALIAS_BYTES

Novelty = Literal["new", "same", "edited"]


class SeenEntries:
    """The entries of the last document of a feed, and some of those before.

    Parameters
    ----------
    marks
        Marks of entries: those of the last document first.
    last
        How many of them are of the last document.

    Examples
    --------
    >>> marks = EntryMarks(b"id_01", b"con", b"alia")
    >>> seen = SeenEntries().after([marks], limit=10)
    >>> seen.novelty(marks), seen.novelty(marks._replace(content=b"CON")), seen.novelty(marks._replace(id=b"id_02"))
    ('same', 'edited', 'same')
    >>> SeenEntries.from_text(seen.to_text(), 1).novelty(marks)
    'same'
    """

    def __init__(self, marks: Iterable[EntryMarks] = (), last: int = 0) -> None:
        self._marks = tuple(marks)
        self.last = min(last, len(self._marks))
        self._contents = {each.id: each.content for each in self._marks}
        self._aliases = {each.alias for each in self._marks}
        self._last_ids = {each.id for each in self._marks[: self.last]}
        self._last_aliases = {each.alias for each in self._marks[: self.last]}

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._marks)

    def novelty(self, marks: EntryMarks) -> Novelty:
        """Return whether an entry is new, the same as before, or edited; under another id it is the same."""
        content = self._contents.get(marks.id)
        if content is None:
            return "same" if marks.alias in self._aliases else "new"
        return "same" if content == marks.content else "edited"

    def was_in_last(self, marks: EntryMarks) -> bool:
        """Return whether an entry was in the last document, edited or not."""
        return marks.id in self._last_ids or marks.alias in self._last_aliases

    def after(self, marks: Sequence[EntryMarks], limit: int) -> Self:
        """Return the memory after another document: its entries, and earlier ones as far as there is room.

        Parameters
        ----------
        marks
            Marks of the entries of the document; the first are remembered rather than the last.
        limit
            Largest number of entries.
        """
        current = list(dict.fromkeys(marks))[:limit]
        ids = {each.id for each in current}
        earlier = [each for each in self._marks if each.id not in ids]
        return type(self)([*current, *earlier[: limit - len(current)]], len(current))

    def to_text(self) -> str:
        """Return the marks as text."""
        return b64encode(b"".join(part for each in self._marks for part in each)).decode()

    @classmethod
    def from_text(cls, text: str, last: int) -> Self:
        """Return the entries of `to_text`; none of what is no such text."""
        try:
            data = b64decode(text, validate=True)
        except ValueError:
            data = b""
        if len(data) % _RECORD_BYTES:
            data = b""
        alias = ID_BYTES + CONTENT_BYTES
        records = (data[start : start + _RECORD_BYTES] for start in range(0, len(data), _RECORD_BYTES))
        return cls((EntryMarks(each[:ID_BYTES], each[ID_BYTES:alias], each[alias:]) for each in records), last)
