"""Send a message without its blocks and links where it is refused with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from streams.errors import DeliveryRefused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from streams.workers.receivers.base import Attempt
    from streams.workers.receivers.slack.blocks import Json
    from streams.workers.receivers.slack.message import SlackMessage

T = TypeVar("T")

REDUCED: Final = "a message was sent without its blocks and links, with which it was refused"


async def send_or_reduce(
    message: SlackMessage, incident: str, attempt: Attempt, send: Callable[[Json], Awaitable[T]]
) -> T:
    """Send a message as a whole, or its lines alone if that is refused, and return what `send` returns.

    Parameters
    ----------
    message, incident
        The message, and the fingerprint of its incident for the warning that it was reduced.
    attempt
        The attempt, which gets the warning.
    send
        Sends the body of a message.

    Raises
    ------
    DeliveryRefused
        If the lines are refused too; it is the refusal of the whole message.
    """
    try:
        return await send(message.body())
    except DeliveryRefused as refusal:
        try:
            answer = await send(message.plain_body())
        except DeliveryRefused:
            raise refusal from None
        attempt.warn(incident, REDUCED, DeliveryRefused("blocks_refused", refusal.detail))
        return answer
