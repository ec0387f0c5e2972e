"""Posts worth a label: those of which the model is least certain, and no near-duplicates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.learn.uncertainty import most_uncertain
from streams.records import Post

if TYPE_CHECKING:
    from streams.core.sentiment import Probabilities


class Scripted:
    """A model that reads its prediction from the text."""

    version = "scripted"

    def predict(self, text: str, lang: str) -> Probabilities:  # noqa: ARG002
        negative = float(next(word for word in text.split() if word.startswith("0.")))
        return negative, 1 - negative, 0.0


def posts(*texts: str) -> list[Post]:
    return [Post(str(number), "forum", 0, text) for number, text in enumerate(texts)]


def chosen(found: list[Post], limit: int) -> list[str]:
    return [uncertain.post.id for uncertain in most_uncertain(found, Scripted(), limit)]


def test_the_least_sure_come_first_and_no_more_than_wanted() -> None:
    found = posts("einer sagt 0.9", "ein anderer meint 0.52", "und noch jemand 0.45", "die vierte findet 0.1")
    assert chosen(found, 10) == ["1", "2", "0", "3"]
    assert chosen(found, 2) == ["1", "2"]


def test_of_equal_margins_the_first_is_chosen() -> None:
    found = posts("einer sagt 0.5", "ein anderer meint 0.5", "und noch jemand 0.5")
    assert chosen(found, 2) == ["0", "1"]


def test_near_duplicates_and_bare_words_are_left_out() -> None:
    found = posts(
        "Das Netz ist weg 0.5", "RT @bob: das netz ist WEG!! 0.6 https://example.org", "weg 0.5", "Das Netz ist da 0.5"
    )
    assert chosen(found, 10) == ["0", "3"]
