"""Writing as the only writer; tests/integration has the reading and the taking over."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiokafka.errors import InvalidProducerEpoch, LeaderNotAvailableError, MessageSizeTooLargeError, ProducerFenced

from streams.config import KafkaSettings
from streams.errors import KafkaError
from streams.kafka import exclusive_writer
from streams.kafka.exclusive_writer import ExclusiveWriter, Fenced


class Transactions:
    """A producer that records what it is asked for, and fails at one step."""

    def __init__(self, step: str = "", error: Exception | None = None) -> None:
        self.steps: list[str] = []
        self._step, self._error = step, error

    def _do(self, step: str) -> None:
        self.steps.append(step)
        if step == self._step and self._error:
            raise self._error

    async def begin_transaction(self) -> None:
        self._do("begin")

    async def send(self, topic: str, value: bytes | None, *, key: bytes, partition: int) -> asyncio.Future[Any]:
        self._do(f"send {topic}[{partition}] {key!r}={value!r}")
        return asyncio.ensure_future(asyncio.sleep(0))

    async def abort_transaction(self) -> None:
        self._do("abort")
        self._error = None

    async def commit_transaction(self) -> None:
        self._do("commit")


def writer(client: Transactions, sent: list[str] | None = None) -> ExclusiveWriter:
    note = client.steps if sent is None else sent
    return ExclusiveWriter(
        KafkaSettings(),
        client,
        "topic",
        "saving",
        sent=lambda: note.append("sent"),
    )


async def test_records_are_written_in_one_transaction() -> None:
    client = Transactions()
    await writer(client).write(3, [(b"a", b"1"), (b"b", None)])
    assert client.steps == ["begin", "send topic[3] b'a'=b'1'", "send topic[3] b'b'=None", "sent", "commit"]


@pytest.mark.parametrize("error", [ProducerFenced(), InvalidProducerEpoch()])
@pytest.mark.parametrize("step", ["begin", "commit"])
async def test_a_writer_that_another_has_replaced_is_fenced(step: str, error: Exception) -> None:
    with pytest.raises(Fenced, match=r"topic\[0\]"):
        await writer(Transactions(step, error)).write(0, [(b"a", b"1")])


async def test_other_errors_name_what_failed() -> None:
    with pytest.raises(KafkaError, match="saving"):
        await writer(Transactions("commit", MessageSizeTooLargeError())).write(0, [(b"a", b"1")])


async def test_a_broker_that_was_not_there_for_a_moment_is_asked_again_if_the_writer_is_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exclusive_writer, "RETRY_SECONDS", 0.0)
    send = "send topic[0] b'a'=b'1'"
    client = Transactions(send, LeaderNotAvailableError())
    await ExclusiveWriter(KafkaSettings(), client, "topic", "saving", retries=True).write(0, [(b"a", b"1")])
    assert client.steps == ["begin", send, "abort", "begin", send, "commit"]
    with pytest.raises(KafkaError):
        await writer(Transactions(send, LeaderNotAvailableError())).write(0, [(b"a", b"1")])
    refused = ExclusiveWriter(
        KafkaSettings(), Transactions(send, MessageSizeTooLargeError()), "topic", "saving", retries=True
    )
    with pytest.raises(KafkaError):
        await refused.write(0, [(b"a", b"1")])
