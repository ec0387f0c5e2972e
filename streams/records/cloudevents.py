"""An alert as a CloudEvent 1.0 in binary mode: attributes in the record's headers, the body as it is.

The mapping is that of the Kafka protocol binding for CloudEvents 1.0.2, section 3.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streams.records import Alert

HEADERS: Final = {
    "ce_specversion": "1.0",
    "ce_id": "The alert's id: the same step of the same incident has the same one, so repeats can be dropped",
    "ce_source": "The installation that raised it",
    "ce_type": "io.firewatch.incident. and the alert's kind",
    "ce_subject": "Brand id",
    "ce_time": "Event time of the step, ISO 8601",
    "content-type": "application/json",
}
"""Of a record of `social.alerts`, and what each says."""


def headers(alert: Alert, source: str) -> list[tuple[str, bytes]]:
    """Headers of the record that carries `alert`.

    Parameters
    ----------
    source
        Names the installation that raised it; with the alert's id it identifies the event.
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
