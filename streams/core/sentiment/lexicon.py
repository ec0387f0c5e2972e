"""Look up words known to carry sentiment: a list of the project's own, and VADER's for English and emoji.

VADER: Hutto & Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text", ICWSM 2014
(MIT). The weights of these words are learned: the lexicon only lists them.
"""

from __future__ import annotations

from collections import defaultdict
from importlib.resources import files
from typing import Final

from streams.core.sentiment.tokens import NEGATED, tokens, word_form

OWN_WORDS: Final = "weights/lexicon.txt"

ANY_LANGUAGE: Final = "*"
"""Language of the tokens that all languages share: emoji, emoticons, punctuation."""

_LOOKED_UP: Final = {"de": ("de", "en"), "en": ("en", "de")}
"""Languages to look up in turn: posts mix German and English, so a word may be listed in the other language only."""

_FRIENDS: Final = """arm ass bald dick die fallen fast gift god gross grosse grossen grosser grosses hand hell herb hut
    kind kinder lag lied lose lust mag mia mist not rat rot stern toll war wars wut"""
_FALSE_FRIENDS: Final = frozenset(_FRIENDS.split())
"""Words that mean something else in the other language."""

CHANNELS: Final = ("vader+", "vader-", "strong+", "strong-", "weak+", "weak-")
"""Kinds of evidence with a learned weight each; words of the project's own list with strength 1 are weak."""

NEGATED_GOOD: Final = -0.74
"""Factor on the strength of a negated good word, from VADER's raters. A negated bad word (``not bad``) has no strength:
a model that could choose learned neither sign for it."""

Strengths = dict[str, dict[str, float]]
"""Strength by language, then by token: < 0 bad, > 0 good."""


class Lexicon:
    """Strength of words, stems, emoticons and emoji.

    Attributes
    ----------
    own, stems
        Strengths of words, and of stems, each of which stands for all words that begin with it; from -3 to 3.
    vader
        Strengths from VADER's lists; from -4 to 4.
    """

    def __init__(self) -> None:
        self.own, self.stems = _own()
        self.vader = _vader()
        self._longest_stem = max(len(stem) for stems in self.stems.values() for stem in stems)

    def evidence(self, token: str, lang: str) -> tuple[float, ...] | None:
        """Return the strength of a token in each of `CHANNELS`, each >= 0; None for a token that is not listed.

        Parameters
        ----------
        token
            A token from `streams.core.sentiment.tokens.tokens`.
        lang
            ``de`` or ``en``; anything else is looked up as English first.
        """
        word = token.removeprefix(NEGATED)
        lists = _LOOKED_UP.get(lang, _LOOKED_UP["en"]) if word[0].isalpha() else (ANY_LANGUAGE,)
        strengths = (0.0, 0.0)
        for listed in lists:
            if listed != lists[0] and word in _FALSE_FRIENDS:
                continue
            strengths = (self.vader[listed].get(word, 0.0), self._own_strength(word, listed))
            if any(strengths):
                break
        vader, own = (NEGATED_GOOD * max(0.0, s) for s in strengths) if word != token else strengths
        if not vader and not own:
            return None
        strong, weak = (own, 0.0) if abs(own) > 1 else (0.0, own)
        return tuple(max(0.0, sign * strength) for strength in (vader, strong, weak) for sign in (1, -1))

    def content(self) -> list[tuple[str, str, str, float]]:
        """Return all entries, sorted: kind of list, language, word or stem, strength."""
        lists = {"own": self.own, "stems": self.stems, "vader": self.vader}
        return sorted(
            (kind, lang, word, strength)
            for kind, languages in lists.items()
            for lang, words in languages.items()
            for word, strength in words.items()
        )

    def _own_strength(self, word: str, lang: str) -> float:
        exact = self.own[lang].get(word)
        if exact is not None:
            return exact
        stems = self.stems[lang]
        return next(
            (stems[word[:n]] for n in range(min(len(word), self._longest_stem), 0, -1) if word[:n] in stems), 0.0
        )


def _own() -> tuple[Strengths, Strengths]:
    words: Strengths = defaultdict(dict)
    stems: Strengths = defaultdict(dict)
    for line in _lines("streams.core.sentiment", OWN_WORDS):
        if not line.strip() or line.startswith("#"):
            continue
        lang, strength, *listed = line.split()
        for word in listed:
            form = word_form(word)
            if form.endswith("*"):
                stems[lang].setdefault(form[:-1], float(strength))
            else:
                words[lang].setdefault(form, float(strength))
    return words, stems


def _vader() -> Strengths:
    strengths: Strengths = defaultdict(dict)
    for line in _lines("vaderSentiment", "vader_lexicon.txt"):
        entry, mean, *_ = line.split("\t")
        parts = tokens(entry, "en")
        # Only entries that the tokeniser keeps whole: phrases are split, and unusual emoticons leave a single letter.
        if len(parts) == 1 and not (len(parts[0]) == 1 and parts[0].isalpha()):
            strengths["en" if parts[0][0].isalpha() else ANY_LANGUAGE].setdefault(parts[0], float(mean))
    for line in _lines("vaderSentiment", "emoji_utf8_lexicon.txt"):
        emoji, description = line.split("\t")
        rated = [strengths["en"][word] for word in tokens(description, "en") if word in strengths["en"]]
        if rated and tokens(emoji, "en") == [emoji]:
            strengths[ANY_LANGUAGE].setdefault(emoji, sum(rated) / len(rated))
    return strengths


def _lines(package: str, name: str) -> list[str]:
    return files(package).joinpath(name).read_text(encoding="utf-8").splitlines()
