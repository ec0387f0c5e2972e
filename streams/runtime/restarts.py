"""How often the supervisor has restarted a worker, handed on from process to process through the environment.

A process starts with counters at zero; this one has to outlive it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, cast, get_args

from streams.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE: Final = "FIREWATCH_RESTARTS"
"""Environment variable of the worker, such as ``failed=1,outage=3``; a number without a reason counts as failed."""

RestartReason = Literal["failed", "outage", "unresponsive"]
"""Why a worker is restarted: it ended by itself, Kafka did not answer, or it did not respond and was killed."""

REASONS: Final[tuple[RestartReason, ...]] = get_args(RestartReason)

_ITEM: Final = re.compile(rf"(?P<reason>{'|'.join(REASONS)})=(?P<count>[0-9]{{1,9}})")


def to_text(restarts: Mapping[RestartReason, int]) -> str:
    """Return the value of the variable.

    >>> to_text({"failed": 1, "outage": 3})
    'failed=1,outage=3'
    """
    return ",".join(f"{reason}={count}" for reason, count in restarts.items())


def from_environment(environment: Mapping[str, str]) -> dict[RestartReason, int]:
    """Return how often this worker was restarted, for every reason.

    >>> from_environment({"FIREWATCH_RESTARTS": "outage=3"})
    {'failed': 0, 'outage': 3, 'unresponsive': 0}

    Raises
    ------
    ConfigError
        If the variable has another form.
    """
    restarts = dict.fromkeys(REASONS, 0)
    text = environment.get(VARIABLE, "").strip()
    for item in filter(None, text.split(",")):
        found = _ITEM.fullmatch(f"failed={item}" if item.isdecimal() else item)
        if found is None:
            raise ConfigError(
                [
                    f"environment variable {VARIABLE}: must be a whole number, or numbers by reason "
                    f"({', '.join(REASONS)}) such as failed=1,outage=3; got {text!r}"
                ]
            )
        restarts[cast("RestartReason", found["reason"])] += int(found["count"])
    return restarts
