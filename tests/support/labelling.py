"""Labels that can be learned from, and what came of them."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import TYPE_CHECKING

from streams.core.learn.label_filter import AcceptedLabel, LabelFilter
from streams.core.learn.trainer import Trainer
from streams.core.sentiment import LABELS
from streams.errors import RecordError
from streams.kafka.topics import Topics
from streams.records import Label, PublishedModel, model_from_bytes
from streams.sources.weights import load_model, read_weights
from tests.support.broker import read_topic, send

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streams.config import Config
    from streams.records import Verdict

NOW_MS = 1_750_000_000_000
SAYS = {
    "negative": ["Nordtel knarzt", "Nordtel rumpelt", "Nordtel flimmert"],
    "neutral": ["Nordtel liegt im Flur", "Nordtel hat ein Gehäuse", "Nordtel steht oben"],
    "positive": ["Nordtel schnurrt", "Nordtel flutscht", "Nordtel fluppt"],
}
WHERE = ["hier", "bei uns", "drüben", "im Büro", "daheim", "oben", "in Köln", "in Kiel", "am Markt", "im Keller"]
WHEN = ["heute", "gestern", "seit Montag", "wieder", "immer", "oft", "morgens", "abends", "neuerdings", "dauernd"]


def labels(count: int, seed: int = 1, by: str = "anna", first: int = 0) -> list[Label]:
    rng = random.Random(seed)
    found = []
    for number in range(first, first + count):
        label = rng.choice(LABELS)
        text = f"{rng.choice(SAYS[label])} {rng.choice(WHERE)} {rng.choice(WHEN)} {rng.choice(WHEN)}"
        fields = {"post": f"forum:{number}", "text": text, "lang": "de", "label": label, "by": by, "at_ms": NOW_MS}
        found.append(Label.model_validate(fields))
    return found


async def say(config: Config, said: Iterable[Label | Verdict | bytes]) -> None:
    records = [(b"raw", each) if isinstance(each, bytes) else (each.key, each.to_bytes()) for each in said]
    await send(config, Topics(config.topics).labels.name, records)


async def published(config: Config) -> dict[int, PublishedModel]:
    """The readable ones by version, without those that a tombstone took away."""
    found: dict[bytes, bytes | None] = {}
    for record in await read_topic(config, Topics(config.topics).models.name):
        found[record.key] = record.value
    models = {}
    for value in found.values():
        with suppress(RecordError):  # such as tests put there
            model = model_from_bytes(value)
            models[model.header.version] = model
    return models


async def uninterrupted(config: Config, said: list[Label]) -> int:
    """How many labels are learned by one who is never disturbed."""
    feedback, trainer = LabelFilter(config), Trainer(config.sentiment.learn, read_weights(), load_model())
    taken = [feedback.accept(label.to_bytes(), NOW_MS) for label in said]
    return [trainer.add(answer) for answer in taken if isinstance(answer, AcceptedLabel)].count("learned")
