"""Words known to carry sentiment before anything is learned: a list of our own, and VADER's for English and emoji.

VADER: Hutto & Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text", ICWSM 2014
(MIT). Needed for learning alone: what these words are worth is in the weights that ship.
"""

from __future__ import annotations

from collections import defaultdict
from importlib.resources import files
from typing import Final

from streams.sentiment.linear import ANY_LANGUAGE
from streams.sentiment.tokens import NEGATED, tokens, word_form

OWN_WORDS: Final = "weights/lexicon.txt"

CHANNELS: Final = ("vader+", "vader-", "strong+", "strong-", "weak+", "weak-")
"""Kinds of evidence that learning weighs against each other; own words of strength 1 are weak."""

NEGATED_GOOD: Final = -0.74
"""What a negation makes of a good word: VADER's factor, from its raters. A negated bad word (``not bad``) is worth
nothing: left to itself, the model learned for it neither one nor the other."""

Strengths = dict[str, dict[str, float]]
"""By language, then by token: < 0 bad, > 0 good."""


class Lexicon:
    """Strength of words, stems, emoticons and emoji.

    Attributes
    ----------
    own, stems
        In -3..3; what is a stem stands for all words that begin so.
    vader
        In -4..4.
    """

    def __init__(self) -> None:
        self.own, self.stems = _own()
        self.vader = _vader()

    def evidence(self, token: str, lang: str) -> tuple[float, ...] | None:
        """Strength of a token in each of `CHANNELS`, each >= 0; None where the lexicon says nothing."""
        word = token.removeprefix(NEGATED)
        strengths = (self.vader[lang].get(word, 0.0), self._own_strength(word, lang))
        vader, own = (NEGATED_GOOD * max(0.0, s) for s in strengths) if word != token else strengths
        if not vader and not own:
            return None
        strong, weak = (own, 0.0) if abs(own) > 1 else (0.0, own)
        return tuple(max(0.0, sign * strength) for strength in (vader, strong, weak) for sign in (1, -1))

    def entries(self, lang: str) -> set[str]:
        """All words the lexicon lists for a language, stems with their ``*``."""
        return self.own[lang].keys() | self.vader[lang].keys() | {f"{stem}*" for stem in self.stems[lang]}

    def _own_strength(self, word: str, lang: str) -> float:
        exact = self.own[lang].get(word)
        if exact is not None:
            return exact
        stems = self.stems[lang]
        return next((stems[word[:n]] for n in range(len(word), 0, -1) if word[:n] in stems), 0.0)


def _own() -> tuple[Strengths, Strengths]:
    words: Strengths = defaultdict(dict)
    stems: Strengths = defaultdict(dict)
    for line in _lines("streams.sentiment", OWN_WORDS):
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
        if len(parts) == 1:  # as the model sees it; phrases and unusual emoticons are none of its tokens
            strengths["en" if parts[0][0].isalpha() else ANY_LANGUAGE].setdefault(parts[0], float(mean))
    for line in _lines("vaderSentiment", "emoji_utf8_lexicon.txt"):
        emoji, description = line.split("\t")
        rated = [strengths["en"][word] for word in tokens(description, "en") if word in strengths["en"]]
        if rated and tokens(emoji, "en") == [emoji]:
            strengths[ANY_LANGUAGE].setdefault(emoji, sum(rated) / len(rated))
    return strengths


def _lines(package: str, name: str) -> list[str]:
    return files(package).joinpath(name).read_text(encoding="utf-8").splitlines()
