"""How many posts a second each step of the hot path carries, on texts as long as tweets (about 100 characters).

Measured in processor time, so that other work on the machine counts little. The floors are a fraction of what one core
of a small machine does: a step that has become several times slower fails. Run with ``-s`` to see the figures.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest

from streams.core.sentiment import LABELS, LinearModel
from streams.core.sentiment.learner import OnlineSentiment
from streams.core.text.brand_terms import BrandTerms
from streams.core.text.clean import normalise, signature
from streams.core.text.language import detect
from streams.core.text.matching import Matcher
from streams.core.text.terms import terms
from streams.sources.weights import load_model, read_weights

if TYPE_CHECKING:
    from collections.abc import Callable

POSTS = 5000
BRANDS = 1000

OPENINGS = (
    "Seit Stunden kein Netz bei",
    "Danke für die schnelle Hilfe,",
    "Why is there no answer from",
    "So happy with",
    "Störung?",
)
MIDDLES = (
    "die Hotline ist nicht erreichbar",
    "my order never arrived",
    "echt schön geworden!",
    "wir warten immer noch 😡",
    "#KeinNetz",
)
ENDS = (
    "und niemand sagt etwas dazu",
    "please fix this today",
    "https://a.example/x1y2",
    "@someone_else what do you think?",
    "...",
)


def _brand_name(number: int) -> str:
    syllables = ("nor", "ka", "tel", "mi", "bra", "zu", "lex", "to", "fin", "wa")
    return "".join(syllables[int(digit)] for digit in f"{number:04}")


def _brands() -> list[BrandTerms]:
    names = [_brand_name(number) for number in range(BRANDS)]
    return [BrandTerms(n, any=(n, f"@{n}", f"#{n}", f"{n} deutschland"), none=(f"{n} arena",)) for n in names]


def _texts() -> list[str]:
    draw = random.Random(2)
    names = [_brand_name(number) for number in range(BRANDS)]
    return [
        " ".join((draw.choice(OPENINGS), draw.choice(names), draw.choice(MIDDLES), draw.choice(ENDS), str(number)))
        for number in range(POSTS)
    ]


MATCHER = Matcher(_brands())
MODEL = load_model()
LEARNER = OnlineSentiment.from_snapshot(read_weights())
TEXTS = _texts()


@pytest.mark.parametrize(
    ("step", "floor"),
    [
        pytest.param(lambda text: normalise(text, 10_000), 30_000, id="normalise"),
        pytest.param(MATCHER.match, 20_000, id="match, 1,000 brands x 5 terms"),
        pytest.param(detect, 15_000, id="language"),
        pytest.param(lambda text: MODEL.predict(text, "de"), 15_000, id="sentiment"),
        pytest.param(lambda text: LEARNER.learn_one({"text": text}, LABELS[len(text) % 3]), 4_000, id="learning"),
        pytest.param(signature, 20_000, id="signature"),
        pytest.param(terms, 15_000, id="terms"),
    ],
)
def test_posts_per_second(step: Callable[[str], object], floor: int, request: pytest.FixtureRequest) -> None:
    detect("x y")  # loads its model once
    best = 0.0
    for attempt in range(3):
        texts = [f"{text}{attempt}" for text in TEXTS]  # nothing is answered from a cache
        started = time.process_time()
        for text in texts:
            step(text)
        best = max(best, POSTS / (time.process_time() - started))
    print(f"\n{request.node.callspec.id}: {best:,.0f} posts/s")
    assert best >= floor


def test_a_snapshot_is_swapped_in_at_once() -> None:
    content = read_weights()
    times = []
    for _ in range(5):
        started = time.perf_counter()
        LinearModel.from_snapshot(content).predict("Kein Netz", "de")
        times.append(time.perf_counter() - started)
    print(f"\nswap: {1000 * sorted(times)[2]:.0f} ms")
    assert min(times) < 0.2
