"""Names of the workers, of their parts, and of their consumer groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from streams.config import QualityName, TopicSettings

Worker = Literal["topics", "ingest", "sources", "score", "detect", "train", "label", "bridge"]
WORKERS: Final[tuple[Worker, ...]] = ("topics", "ingest", "sources", "score", "detect", "train", "label", "bridge")

MODEL_DEAD_LETTERS: Final = "train-letters"
"""Name of the part of `train` that writes the dead letters of models: of its group and its transactional ID."""


def worker_name(worker: str, quality: QualityName) -> str:
    """Return the name of a worker's part for a quality, as in metrics, logs and consumer groups.

    >>> worker_name("train", "fast"), worker_name("train", "best")
    ('train', 'train-best')
    """
    return worker if quality == "fast" else f"{worker}-{quality}"


def bridge_name(receiver: str) -> str:
    """Return the name of the bridge worker to a receiver in logs and consumer groups.

    >>> bridge_name("slack")
    'bridge-slack'
    """
    return f"bridge-{receiver}"


def group_of(name: str, settings: TopicSettings) -> str:
    """Return the consumer group of a worker or of a part of it; it is also the name of the Faust app of `detect`."""
    return f"{settings.prefix}firewatch-{name}"
