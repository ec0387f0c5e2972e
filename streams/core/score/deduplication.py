"""Which records of a partition of `social.posts` repeat a post, and which edit one.

Sources deliver posts more than once, and so does ingest after a crash: such repeats are dropped. An edit has the same
id and another text. It counts for the brands that no version of the post has named before, and for no others.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from streams.records import Deletion, unambiguous_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from streams.records import Post

MAX_VERSIONS: Final = 64
"""Versions of a post that are compared; further edits count as repeats. People edit a post a few times."""

_DELETED: Final = None


NewInPost = tuple["Sequence[str]", bool]
"""Ids of the brands that a post names and no earlier version of it has named; whether there was an earlier version."""

_Version = tuple[str, int | None, int]
"""A record of the partition: key of its post, hash of what it says, and brands that it names, as bits. Both types are
plain tuples, which are made several times as fast as named ones, and for every post."""


class Deduplicator:
    """Recognises a post that was among the last `ingest.recent_ids` records of its partition.

    Two records are of the same post if source and id agree, and of the same version if text and tag do. What is known
    is a function of those records alone, unusable ones included, so that a scorer that reads as many records before its
    position drops the same repeats and counts the same edits as the one before it.

    Parameters
    ----------
    recent_ids
        Number of records that are remembered.

    Examples
    --------
    >>> from streams.records import Post
    >>> def named(text, tag):
    ...     return [brand for brand in ("acme", "nordtel") if brand in text]
    >>> deduplicator = Deduplicator(recent_ids=10)
    >>> texts = ("acme is down", "acme is down", "acme and nordtel are down", "sorry")
    >>> for text in texts:
    ...     print(deduplicator.new_in(Post("1", "forum", 0, text), named))
    (['acme'], False)
    None
    (['nordtel'], True)
    None
    """

    def __init__(self, recent_ids: int) -> None:
        self._size = recent_ids
        self._records: deque[_Version | None] = deque()
        self._known: dict[str, _Version | dict[int | None, _Version]] = {}
        """The latest record of each post or, if there is more than one version, of each version by its content."""
        self._bits: dict[str, int] = {}

    def new_in(
        self, record: Post | Deletion | None, match: Callable[[str, str | None], Sequence[str]]
    ) -> NewInPost | None:
        """Remember one record, None for an unusable one, and return what is new in it; None if nothing is.

        Parameters
        ----------
        record
            The next record.
        match
            Returns the ids of the brands that a text with a tag names.
        """
        if record is None:
            self._append(None)
            return None
        key = unambiguous_key(record.source, record.id)
        before = self._known.get(key)
        if isinstance(record, Deletion):
            self._remember((key, _DELETED, 0), before)
            return None
        content = hash((record.text, record.tag))  # compared within this process alone
        if before is None:
            brands = match(record.text, record.tag)
            self._remember((key, content, self._bits_of(brands)), None)
            return brands, False
        versions = before if isinstance(before, dict) else {before[1]: before}
        same = versions.get(content)
        if same is not None:
            self._remember((key, content, same[2]), before)
            return None
        brands = match(record.text, record.tag)
        new = self._first_named(brands, versions)
        self._remember((key, content, self._bits_of(brands)), before)
        return (new, True) if new else None

    def _first_named(self, brands: Sequence[str], before: Mapping[int | None, _Version]) -> Sequence[str]:
        if _DELETED in before or len(before) >= MAX_VERSIONS:
            return ()
        named = 0
        for version in before.values():
            named |= version[2]
        return [brand for brand in brands if not named & self._bit(brand)]

    def _bit(self, brand: str) -> int:
        return self._bits.setdefault(brand, 1 << len(self._bits))

    def _bits_of(self, brands: Sequence[str]) -> int:
        if not brands:
            return 0
        bits = 0
        for brand in brands:
            bits |= self._bit(brand)
        return bits

    def _remember(self, version: _Version, before: _Version | dict[int | None, _Version] | None) -> None:
        """Add a record; `before` is what is known of its post."""
        if not self._size:
            return
        key, content, _ = version
        if isinstance(before, dict):
            before[content] = version
        elif before is None or before[1] == content:
            self._known[key] = version
        else:
            self._known[key] = {before[1]: before, content: version}
        self._append(version)

    def _append(self, version: _Version | None) -> None:
        records = self._records
        records.append(version)
        if len(records) > self._size:
            self._forget(records.popleft())

    def _forget(self, version: _Version | None) -> None:
        if version is None:
            return
        key, content, _ = version
        known = self._known.get(key)
        if known is version:
            del self._known[key]
        elif isinstance(known, dict) and known[content] is version:
            del known[content]
            if not known:
                del self._known[key]
