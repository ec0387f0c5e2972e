"""What becomes of an item of a live source before anything is sent: a record, or the reason why there is none."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, cast

from streams.core.ingest.fields import OptionalFields
from streams.core.ingest.parsing import Normaliser
from streams.core.score.authors import AuthorHash
from streams.core.text.language import settled_tag
from streams.core.text.matching import Matcher
from streams.errors import RecordError
from streams.records import MAX_ID_CHARS, AuthorDeletion, Deletion, Post
from streams.sources.live.base import Skipped

if TYPE_CHECKING:
    from collections import Counter

    from streams.config import Config
    from streams.config.sources.base import SourceSettings
    from streams.sources.live.base import Found

_SHARES: Final = 2**64


class Door:
    """Decides on the posts of one source.

    Parameters
    ----------
    config
        Brands, section `ingest`, and the key of authors.
    settings
        Entry of the source in the section `sources`.
    claims_language
        Whether the language of a post is only what its author's program claims.

    Attributes
    ----------
    hashes_authors
        Whether authors enter Kafka as keyed hashes, and records that can't be used, which may name one, not at all.
    """

    def __init__(self, config: Config, settings: SourceSettings, *, claims_language: bool) -> None:
        self._settings = settings
        self._claims_language = claims_language
        self._import_after_ms = config.ingest.import_after_seconds * 1000
        self._normaliser = Normaliser(config.ingest, settings.id)
        self._authors = AuthorHash(config.author_key(), config.ingest.unknown_authors)
        self.hashes_authors = config.ingest.hash_authors
        self._matcher = Matcher.of(config) if settings.brand_filter else None

    def use(self, config: Config) -> None:
        """Filter by the brands of another config."""
        if self._settings.brand_filter:
            self._matcher = Matcher.of(config)

    @property
    def altered(self) -> Counter[tuple[str, str]]:
        """Return how often an optional field of a post was converted or left out, by its name and the outcome."""
        return self._normaliser.altered

    def deletion(self, identity: str) -> Deletion:
        """Return the deletion of the post with an id.

        Raises
        ------
        RecordError
            If no post can have it.
        """
        record = self._normaliser.record_of({"id": identity, "delete": True}, 0)
        return cast("Deletion", record)

    def admit(self, found: Found, now_ms: int) -> Post | Deletion | Skipped:
        """Return the record to send, or why there is none.

        Its event time is the earliest of the time that it claims, the moment at which the platform received it, and the
        present.

        Raises
        ------
        RecordError
            If it is no usable post.
        """
        witnessed_ms = now_ms if found.witnessed_ms is None else min(now_ms, found.witnessed_ms)
        fields = found.fields
        if "source" in fields:  # the source is this one, whatever its records say
            fields = {name: value for name, value in fields.items() if name != "source"}
        try:
            post = self._normaliser.record_of(fields, witnessed_ms)
        except RecordError as error:
            if error.reason != "timestamp_in_future" or found.witnessed_ms is None:
                raise
            post = self._normaliser.record_of(fields | {"created_at": witnessed_ms}, witnessed_ms)
        if post is None:
            return Skipped("no_text")
        if isinstance(post, Deletion):
            return post
        if found.edited and witnessed_ms - post.ts_ms > self._import_after_ms:
            return Skipped("backdated")  # the post itself may have been counted before all that is remembered
        if not self._is_wanted(post):
            return Skipped("filtered")
        if post.lang is not None and self._claims_language:
            post = post._replace(lang=settled_tag(post.text, post.lang))
        if post.author is not None and self.hashes_authors:
            post = post._replace(author=self._shown(post.author))
        if found.witnessed_ms is not None and now_ms - post.ts_ms > self._import_after_ms:
            post = post._replace(delayed=witnessed_ms - post.ts_ms <= self._import_after_ms)
        return post

    def author_deletion(self, author: str) -> AuthorDeletion | None:
        """Return the deletion of all posts of an author; None if no author can have this name."""
        name = OptionalFields({"author": author}).name("author", MAX_ID_CHARS)
        return AuthorDeletion(self._shown(name), self._settings.id) if name else None

    def _shown(self, author: str) -> str:
        """Return the name under which an author enters Kafka."""
        return self._authors.name_of(self._settings.id, author) if self.hashes_authors else author

    def _is_wanted(self, post: Post) -> bool:
        """Return whether a post names a brand, or belongs to the sample of the others, which is the same each time."""
        if self._matcher is None or self._matcher.match(post.text, post.tag):
            return True
        drawn = int.from_bytes(hashlib.blake2b(post.key, digest_size=8).digest())
        return drawn < self._settings.unmatched_share * _SHARES
