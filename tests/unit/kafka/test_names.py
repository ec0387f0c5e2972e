"""Names of consumer groups, under which positions are stored."""

from __future__ import annotations

from streams.config import TopicSettings
from streams.kafka.names import MODEL_DEAD_LETTERS, bridge_name, group_of, worker_name


def test_the_names_of_groups_never_change() -> None:
    settings = TopicSettings(prefix="staging.")
    names = ["score", "detect", worker_name("train", "fast"), worker_name("train", "best"), MODEL_DEAD_LETTERS]
    assert [group_of(name, settings) for name in [*names, bridge_name("alertmanager")]] == [
        "staging.firewatch-score",
        "staging.firewatch-detect",
        "staging.firewatch-train",
        "staging.firewatch-train-best",
        "staging.firewatch-train-letters",
        "staging.firewatch-bridge-alertmanager",
    ]
