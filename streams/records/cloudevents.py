"""Headers that make an alert a CloudEvent 1.0 in binary mode; the body of the record is the alert itself.

The mapping is that of the Kafka protocol binding for CloudEvents 1.0.2, section 3.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streams.records import Alert

HEADERS: Final = {
    "ce_specversion": "1.0",
    "ce_id": "Id of the alert: the same step of the same incident has the same id, so repetitions can be dropped",
    "ce_source": "Installation of firewatch that raised the alert",
    "ce_type": "The prefix io.firewatch.incident. and the kind of the alert",
    "ce_subject": "Id of the brand",
    "ce_time": "Event time of the step, ISO 8601",
    "content-type": "Media type of the body, application/json",
}
"""Headers of a record of `social.alerts`, and the meaning of each."""


def headers(alert: Alert, source: str) -> list[tuple[str, bytes]]:
    """Return the headers of the record with an alert.

    Parameters
    ----------
    source
        Name of the installation that raised the alert; with the alert's id it identifies the event.
    """
    attributes = {
        "specversion": "1.0",
        "id": alert.id,
        "source": source,
        "type": f"io.firewatch.incident.{alert.kind}",
        "subject": alert.brand,
        "time": alert.at.isoformat().replace("+00:00", "Z"),
    }
    contents = [(f"ce_{name}", value.encode()) for name, value in attributes.items()]
    return [*contents, ("content-type", b"application/json")]
