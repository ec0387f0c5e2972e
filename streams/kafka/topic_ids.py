"""Which incarnation of a topic the broker has: a topic deleted and made again has the same name but another id."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from aiokafka.errors import NoError

from streams.kafka.clients import translated_errors
from streams.kafka.metadata import topic_metadata

if TYPE_CHECKING:
    from aiokafka.client import AIOKafkaClient

    from streams.config import KafkaSettings

ASK_SECONDS: Final = 10.0
"""Time between two looks whether the topic is still the same one."""


class Incarnation:
    """Which incarnation of a topic the broker has, asked anew now and then. A consumer that waits for records does not
    notice that no broker is there; who asks does.

    Attributes
    ----------
    id
        As it was last; empty before the first answer.
    """

    def __init__(self, client: AIOKafkaClient, settings: KafkaSettings, topic: str) -> None:
        self._client = client
        self._settings = settings
        self._topic = topic
        self._asked: float | None = None
        self._answered = time.monotonic()
        self.id = ""

    def doubt(self) -> None:
        """Ask the next time in any case."""
        self._asked = None

    async def changed(self) -> bool:
        """Ask if it is time to; tells whether the topic was made anew since the last answer.

        Raises
        ------
        KafkaError
            If the topic does not exist or the broker does not answer.
        """
        now = time.monotonic()
        if self._asked is not None and now - self._asked < ASK_SECONDS:
            return False
        found = await topic_incarnation(self._client, self._settings, self._topic)
        changed = self.id not in {"", found}
        self.id, self._asked, self._answered = found, now, time.monotonic()
        return changed

    def silence(self) -> str | None:
        """For how long the broker owes an answer, if that is too long."""
        silent = time.monotonic() - self._answered
        return f"the broker has not answered for {silent:.0f} s" if silent > 2 * ASK_SECONDS else None


async def topic_incarnation(client: AIOKafkaClient, settings: KafkaSettings, topic: str) -> str:
    """Id of a topic as ``kafka-topics.sh --describe`` shows it.

    Raises
    ------
    KafkaError
        If the topic does not exist or the broker does not answer.
    """
    with translated_errors(settings, f"reading the id of topic {topic}"):
        told = (await topic_metadata(client, [topic]))[topic]
        if told.error is not NoError:
            raise told.error
    return told.id
