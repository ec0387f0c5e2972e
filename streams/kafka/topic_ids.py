"""IDs of topics: a topic that was deleted and recreated has the same name but another ID."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from aiokafka.errors import NoError

from streams.kafka.clients import translated_errors
from streams.kafka.metadata import topic_metadata

if TYPE_CHECKING:
    from aiokafka.client import AIOKafkaClient

    from streams.config import KafkaSettings

CHECK_SECONDS: Final = 10.0
"""Time between two requests for the ID of a topic."""


class TopicId:
    """The ID of a topic, requested again every `CHECK_SECONDS`.

    The requests also notice an outage: a consumer that waits for records does not notice that no broker is there.

    Attributes
    ----------
    current
        The ID in the last answer; empty before the first answer.
    """

    def __init__(self, client: AIOKafkaClient, settings: KafkaSettings, topic: str) -> None:
        self._client = client
        self._settings = settings
        self._topic = topic
        self._requested: float | None = None
        self._answered = time.monotonic()
        self.current = ""

    def invalidate(self) -> None:
        """Have the next call of `changed` request the ID, however recent the last answer is."""
        self._requested = None

    async def changed(self) -> bool:
        """Request the ID if it is time to, and return whether the topic was recreated since the last answer.

        Raises
        ------
        KafkaError
            If the topic does not exist or the broker does not answer.
        """
        now = time.monotonic()
        if self._requested is not None and now - self._requested < CHECK_SECONDS:
            return False
        self._requested = now  # an `invalidate` that comes during the request stays in force
        found = await topic_id(self._client, self._settings, self._topic)
        changed = self.current not in {"", found}
        self.current, self._answered = found, time.monotonic()
        return changed

    def unanswered_for(self) -> str | None:
        """Return for how long the broker has not answered, as a sentence, if that is too long; else None."""
        seconds = time.monotonic() - self._answered
        return f"the broker has not answered for {seconds:.0f} s" if seconds > 2 * CHECK_SECONDS else None


async def topic_id(client: AIOKafkaClient, settings: KafkaSettings, topic: str) -> str:
    """Return the ID of a topic as ``kafka-topics.sh --describe`` shows it.

    Raises
    ------
    KafkaError
        If the topic does not exist or the broker does not answer.
    """
    with translated_errors(settings, f"reading the id of topic {topic}"):
        metadata = (await topic_metadata(client, [topic]))[topic]
        if metadata.error is not NoError:
            raise metadata.error
    return metadata.id
