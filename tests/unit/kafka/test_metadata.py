"""Commits read from the coordinator of a group: with metadata, and never taken for absent while it is not ready."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka import TopicPartition
from aiokafka.client import ConnectionGroup
from aiokafka.errors import GroupAuthorizationFailedError, GroupLoadInProgressError, NotCoordinatorForGroupError

from streams.kafka import metadata
from streams.kafka.metadata import committed_offsets, when_coordinated

if TYPE_CHECKING:
    from collections.abc import Iterable

ONE, TWO = (TopicPartition("social.posts", number) for number in range(2))
FINE = [("social.posts", [(0, 7, '["first"]', 0), (1, -1, None, 0)])]


class Client:
    """Answers each request with the next of some answers: error code of the group, and topics."""

    def __init__(self, answers: Iterable[tuple[int, list[Any]]]) -> None:
        self.answers = iter(answers)
        self.asked: list[str] = []

    async def coordinator_lookup(self, _kind: object, group: str) -> int:
        self.asked.append(group)
        return 3

    async def send(self, node: int, _request: object, *, group: object) -> SimpleNamespace:
        assert (node, group) == (3, ConnectionGroup.COORDINATION)
        error_code, topics = next(self.answers)
        return SimpleNamespace(error_code=error_code, topics=topics)


async def test_commits_have_their_metadata_and_absent_ones_are_minus_one() -> None:
    client = Client([(0, FINE)])
    assert await committed_offsets(client, "group", [ONE, TWO]) == {ONE: (7, '["first"]'), TWO: (-1, "")}
    assert client.asked == ["group"]


@pytest.mark.parametrize(
    ("code", "error"),
    [(14, GroupLoadInProgressError), (16, NotCoordinatorForGroupError), (30, GroupAuthorizationFailedError)],
)
@pytest.mark.parametrize("of_the_group", [True, False])
async def test_an_error_is_never_taken_for_a_group_without_commits(
    code: int, error: type[Exception], *, of_the_group: bool
) -> None:
    answer = (code, []) if of_the_group else (0, [("social.posts", [(0, -1, "", code)])])
    with pytest.raises(error):
        await committed_offsets(Client([answer]), "group", [ONE])


async def test_a_coordinator_that_is_not_ready_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "_POLL_SECONDS", 0)
    client = Client([(14, []), (16, []), (0, FINE)])
    found = await when_coordinated(lambda: committed_offsets(client, "group", [ONE, TWO]))
    assert found[ONE] == (7, '["first"]')
    assert client.asked == ["group"] * 3
