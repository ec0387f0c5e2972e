"""Write the background of key terms: ``python -m deploy.words.frequencies``.

German and English come from the word probabilities of spacy-lookups-data (MIT), which were counted in texts of the web,
posts and comments among them, with the spelling of nouns. The German counts of pyspellchecker (MIT) would not do: most
nouns have none, since its capitals were lost. Its counts of other languages, from subtitles, are good for their common
words, which must not pass for rare ones. `streams.core.text.frequencies` reads the file.
"""

from __future__ import annotations

import gzip
import json
import lzma
import math
from collections import defaultdict
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from spellchecker import SpellChecker

from streams.core.text.frequencies import AMBIGUOUS, FILE, LEVELS_PER_E, OTHER, TABLES
from streams.core.text.stopwords import STOPWORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHER_LANGUAGES: Final = ("es", "fr", "it", "nl", "pt")

LEAST: Final = {"de": 3e-6, "en": 3e-6, OTHER: 1e-5}
"""Probability from which a word is listed: a rarer German or English one is in fewer than one of 20,000 posts."""

FEWEST_LETTERS: Final = 3
"""Shorter words are no terms, and shorter hashtags say little."""

FILTERS: Final = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": 1 << 20}]
"""Reading takes the memory of a dictionary of 1 MiB, and not the 64 MiB of the preset."""

CLEAR: Final = 0.8
CLEAR_IF_SMALL: Final = {"de": 0.65, "en": 0.5, OTHER: 0.5}
"""Share of the occurrences of a word from which its most frequent spelling is the right one. The others of a word in
small letters are mostly at the beginning of a sentence; but of a German one with as many capitals as *betrug*, which is
a form of a verb, many are a noun (*Betrug*)."""


def _counted(language: str) -> Iterator[tuple[str, float]]:
    """Yield the words of a table as they are written, with their probability; a word may occur more than once."""
    if language != OTHER:
        packed = files("spacy_lookups_data").joinpath("data", f"{language}_lexeme_prob.json.gz").read_bytes()
        for word, logarithm in json.loads(gzip.decompress(packed)).items():
            yield word.replace("’", "'"), math.exp(logarithm)
        return
    highest: defaultdict[str, float] = defaultdict(float)
    for other in OTHER_LANGUAGES:
        words = SpellChecker(language=other).word_frequency
        total = sum(count for _, count in words.items())
        for word, count in words.items():
            highest[word] = max(highest[word], count / total)
    yield from highest.items()


def _table(language: str) -> str:
    """Return the words by level: line N has those whose probability is closest to exp(-N / LEVELS_PER_E)."""
    spellings: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for word, probability in _counted(language):
        spellings[word.lower()][word] += probability
    levels: defaultdict[int, list[str]] = defaultdict(list)
    for word in sorted(spellings):
        probability = sum(spellings[word].values())
        is_wanted = len(word) >= FEWEST_LETTERS and word.replace("'", "").isalpha() and word not in STOPWORDS
        if is_wanted and probability >= LEAST[language]:
            spelling, highest = max(spellings[word].items(), key=lambda item: (item[1], item[0]))
            clear = CLEAR_IF_SMALL[language] if spelling == word else CLEAR
            is_clear = highest >= clear * probability and spelling.lower() == word
            levels[round(-math.log(probability) * LEVELS_PER_E)].append(spelling if is_clear else word + AMBIGUOUS)
    return "\n".join(" ".join(levels[level]) for level in range(max(levels) + 1))


def content() -> bytes:
    """Return the file, not yet compressed."""
    return "\f".join(map(_table, TABLES)).encode()


if __name__ == "__main__":
    FILE.write_bytes(lzma.compress(content(), filters=FILTERS))
