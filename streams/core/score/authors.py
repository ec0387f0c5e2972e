"""Who wrote a post: a keyed hash of the author, or nobody in particular.

Sources write a placeholder where an author has deleted the account or has none, and service accounts post on behalf of
many. Taken for one person, it makes a storm look like the work of a few.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from streams.records import unambiguous_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.records import Post

UNKNOWN: Final = 0
"""In place of the hash of an author who is not known."""

_EDGES: Final = " \t[](){}<>*_~'\"-\u2013\u2014.?!@#/\\|"
_PREFIXES: Final = ("u/", "user/")


def plain_name(author: str) -> str:
    """Return the name of an author without case, brackets and other signs around it; it may be empty.

    >>> [plain_name(author) for author in ("[deleted]", "@Anonymous", "/u/AutoModerator", "-", "anna_k")]
    ['deleted', 'anonymous', 'automoderator', '', 'anna_k']
    """
    name = author.casefold().strip(_EDGES)
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix).strip(_EDGES)
    return name


class AuthorHash:
    """Hashes the authors of posts.

    Parameters
    ----------
    key
        Key of the hash.
    unknown
        Names that stand for nobody in particular, in any case and with any signs around them.

    Examples
    --------
    >>> from streams.records import Post
    >>> author_hash = AuthorHash(b"secret", ["[deleted]"])
    >>> [author_hash.of(Post("1", "forum", 0, "text", author=author)) for author in (None, "[Deleted]", "anna")]
    [0, 0, 143938278254696]
    """

    def __init__(self, key: bytes, unknown: Iterable[str]) -> None:
        self._key = key
        self._unknown = frozenset({"", *map(plain_name, unknown)})

    def of(self, post: Post) -> int:
        """Return a number of 48 bits that the posts of one author in one source share, `UNKNOWN` for nobody."""
        return self.of_name(post.source, post.author)

    def of_name(self, source: str, author: str | None) -> int:
        """Return the number of an author that a source names, as `of`."""
        if not author or plain_name(author) in self._unknown:
            return UNKNOWN
        return int.from_bytes(self._digest(source, author, 6)) or 1

    def name_of(self, source: str, author: str) -> str:
        """Return a name in place of that of an author; placeholders for nobody in particular stay as they are.

        >>> AuthorHash(b"secret", ["[deleted]"]).name_of("forum", "anna")
        '2fda4418a9be2889193ff5a04e46861f'
        """
        return author if plain_name(author) in self._unknown else self._digest(source, author, 16).hex()

    def _digest(self, source: str, author: str, size: int) -> bytes:
        return hashlib.blake2b(unambiguous_key(source, author).encode(), digest_size=size, key=self._key).digest()
