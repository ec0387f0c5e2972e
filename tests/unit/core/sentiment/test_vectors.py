"""Vectors of texts: the features of tokens, pairs, the language and links."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.core.sentiment import vectors
from streams.core.sentiment.features import SLOTS, extractor
from streams.core.sentiment.tokens import tokens
from streams.core.sentiment.vectors import Vectors
from streams.core.text.clean import has_url

if TYPE_CHECKING:
    import pytest


@given(st.one_of(st.text(), st.text().map("www.a.example {}".format)), st.sampled_from(["de", "en", "und"]))
def test_a_vector_is_what_its_tokens_and_pairs_bring_in(text: str, lang: str) -> None:
    found, values = Vectors().of(text, lang)
    seen = tokens(text, lang)
    assert len(found) == len(values)
    assert ((found >= 0) & (found < SLOTS)).all()
    assert len(found) == sum(len(extractor().of_token(t, lang)[0]) for t in seen) + len(list(pairwise(seen))) + (
        lang != "und"
    ) + has_url(text)


def test_a_full_cache_is_cleared_and_the_vectors_stay_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "CACHED_TOKENS", 2)
    small, texts = Vectors(), ["kein Netz", "das Netz ist weg", "kein Netz"]
    for text in texts:
        for found, expected in zip(small.of(text, "de"), Vectors().of(text, "de"), strict=True):
            assert np.array_equal(found, expected)


def test_the_language_is_a_feature_only_where_it_is_known() -> None:
    assert len(Vectors().of("Netz", "de")[0]) == len(Vectors().of("Netz", "xx")[0]) + 1
