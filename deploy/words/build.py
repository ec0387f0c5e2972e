"""Write the list of words by which hashtags are read: ``python -m deploy.words.build``.

The list comes from the German and English dictionaries of pyspellchecker (MIT; inflected forms and compounds, with
their number of occurrences in subtitles). `streams.core.text.dictionary` reads it. It is a file of firewatch, and not
looked up in the library, so that an update of the library can't change which posts match.
"""

from __future__ import annotations

import lzma
from collections import defaultdict
from typing import Final

from spellchecker import SpellChecker

from streams.core.text.brand_terms import UMLAUTS_WITH_E
from streams.core.text.clean import fold
from streams.core.text.dictionary import FILE, MAX_LETTERS

LANGUAGES: Final = ("de", "en")

LISTED_ONLY: Final = 50
"""Count that the dictionaries give to words that are in a word list but not in the subtitles. Of three letters, these
are mostly abbreviations, so that nearly any hashtag could be read with them."""

SHORT: Final = """am an as at be by da do du er es go he if im in is it ja me mr my ms no of on or pm so to uk um up us
    we wo zu"""
"""Words of two letters. The dictionaries have 286, few of which are words."""

MORE: Final = """abmahnung abzocke akw app apps boykott boykottiert boycott boycotts cancelled datenleck datenpanne
    dsgvo epic exit exposed fail fails fake gmbh hack hacked hof hotline insolvenz leak leaked lol malware mobbing omg
    outage outages petition phishing pleite querdenker ransomware rip scam scammer scammers shitstorm sos sucks
    systemausfall tot uninstall unfollow vegan wlan wtf"""
"""Words of hashtags about companies that the dictionaries lack, or that are too short for them."""


def words() -> set[str]:
    """Return the words, folded, with both spellings of an umlaut."""
    found = set((SHORT + " " + MORE).split())
    for language in LANGUAGES:
        for word, count in SpellChecker(language=language).word_frequency.items():
            for spelling in {fold(word), fold(word.translate(UMLAUTS_WITH_E))}:
                shortest = 3 if count > LISTED_ONLY else 4
                if spelling.isascii() and spelling.isalpha() and shortest <= len(spelling) <= MAX_LETTERS:
                    found.add(spelling)
    return found


def content() -> bytes:
    """Return the file, not yet compressed: line N has the words of N letters in order, without blanks."""
    by_length: defaultdict[int, list[str]] = defaultdict(list)
    for word in sorted(words()):
        by_length[len(word)].append(word)
    return "\n".join("".join(by_length[length]) for length in range(MAX_LETTERS + 1)).encode()


if __name__ == "__main__":
    FILE.write_bytes(lzma.compress(content(), preset=9 | lzma.PRESET_EXTREME))
