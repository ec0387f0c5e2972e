"""What ingest and replay ask of a source."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterator


class Line(NamedTuple):
    """One record as the source has it.

    Parameters
    ----------
    data
        Its bytes without the line end; of a record that is too long only the beginning, one byte more than is allowed.
    cursor
        Where the source stands after it: everything before has been yielded.
    """

    data: bytes
    cursor: int


class Source(Protocol):
    """Yields lines of JSON, in order."""

    @property
    def name(self) -> str:
        """For messages: the path of the file, ``standard input``, ..."""

    @property
    def consumed_bytes(self) -> int:
        """How much of `total_bytes` has been read."""

    @property
    def total_bytes(self) -> int | None:
        """Size of the whole input, None where it has no end or no known one."""

    def chunks(self) -> Iterator[list[Line]]:
        """Lines in chunks of bounded size; an empty chunk means that none came for a fraction of a second.

        Raises
        ------
        InputError
            If the source can't be read, or not read on.
        """


@runtime_checkable
class Seekable(Source, Protocol):
    """A source that can be read again, from the beginning or from a cursor."""

    def fingerprint(self, cursor: int) -> str:
        """Identity of what stands before `cursor`."""

    def resume(self, cursor: int) -> None:
        """Go on after `cursor`; to be called before `chunks`."""
