"""Which versions of models are kept, and which version comes next."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from streams.config import Config
from streams.kafka.model_store import ModelStore


def store(*versions: int, keep: int = 2, pin: int | None = None) -> ModelStore:
    brands = [{"id": "nordtel", "name": "Nordtel", "match": {"any": ["nordtel"]}}]
    sentiment: dict[str, Any] = {"learn": {"keep_versions": keep}, "pin": pin}
    store = ModelStore(Config.model_validate({"brands": brands, "sentiment": sentiment}), object(), "train")
    for version in versions:
        model: Any = SimpleNamespace(header=SimpleNamespace(version=version))
        store.add(model)
    return store


def test_an_empty_topic_begins_with_version_one() -> None:
    assert store().next_version() == 1
    assert store().outdated() == set()


def test_only_the_newest_models_are_kept_in_memory_and_the_others_are_outdated() -> None:
    published = store(1, 2, 3, 4)
    assert sorted(published.models) == [3, 4]
    assert published.outdated() == {1, 2}
    assert published.next_version() == 5


def test_the_pinned_model_is_kept() -> None:
    published = store(1, 2, 3, 4, pin=1)
    assert sorted(published.models) == [1, 3, 4]
    assert published.outdated() == {2}


def test_the_version_of_a_model_that_can_not_be_read_is_not_given_again() -> None:
    published = store(1, 2)
    published.versions |= {3, 4}
    assert published.next_version() == 5
