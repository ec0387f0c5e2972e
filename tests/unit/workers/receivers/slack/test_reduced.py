"""A message that is refused with its blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.errors import DeliveryFailed, DeliveryRefused
from streams.workers.receivers.slack.message import SlackMessage
from streams.workers.receivers.slack.reduced import send_or_reduce
from tests.support.receivers import Outcomes

if TYPE_CHECKING:
    from streams.errors import DeliveryError
    from streams.workers.receivers.slack.blocks import Json

MESSAGE = SlackMessage([{"type": "divider"}], ["line"])


class Channel:
    """Raises the given errors, one for each message (None for one that is accepted), and then accepts everything."""

    def __init__(self, *errors: DeliveryError | None) -> None:
        self.errors = list(errors)
        self.sent: list[Json] = []

    async def send(self, body: Json) -> int:
        self.sent.append(body)
        if self.errors and (error := self.errors.pop(0)):
            raise error
        return len(self.sent)


async def test_a_message_that_is_accepted_is_sent_once() -> None:
    channel, outcomes = Channel(), Outcomes()
    assert await send_or_reduce(MESSAGE, "i1", outcomes.attempt(), channel.send) == 1
    assert (channel.sent, outcomes.warnings) == ([MESSAGE.body()], [])


async def test_a_message_that_is_refused_is_sent_without_its_blocks_with_a_warning() -> None:
    channel, outcomes = Channel(DeliveryRefused("http_400", "blocks")), Outcomes()
    assert await send_or_reduce(MESSAGE, "i1", outcomes.attempt(), channel.send) == 2
    assert channel.sent == [MESSAGE.body(), MESSAGE.plain_body()]
    assert outcomes.warnings == [("i1", "blocks_refused")]


async def test_a_message_that_is_refused_without_blocks_too_is_refused_for_the_first_reason() -> None:
    channel, outcomes = Channel(DeliveryRefused("http_422", "a"), DeliveryRefused("http_400", "b")), Outcomes()
    with pytest.raises(DeliveryRefused, match="http_422: a"):
        await send_or_reduce(MESSAGE, "i1", outcomes.attempt(), channel.send)
    assert outcomes.warnings == []


@pytest.mark.parametrize("refused", [0, 1])
async def test_a_failure_is_no_refusal(refused: int) -> None:
    channel = Channel(*[DeliveryRefused("http_400", "blocks")] * refused, DeliveryFailed("http_503", "down"))
    outcomes = Outcomes()
    with pytest.raises(DeliveryFailed):
        await send_or_reduce(MESSAGE, "i1", outcomes.attempt(), channel.send)
    assert (len(channel.sent), outcomes.warnings) == (refused + 1, [])
