"""An alert as a CloudEvent, read by the library of the CloudEvents project."""

from __future__ import annotations

from typing import Any

import jsonschema
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event

from streams.records import Alert, cloudevents
from tests.support.contract import document, todays


def test_an_alert_is_a_cloudevent_in_binary_mode() -> None:
    alert = todays()[0][0]
    headers = dict(cloudevents.headers(alert, "firewatch"))
    assert headers.keys() == cloudevents.HEADERS.keys()
    event = from_binary_event(KafkaMessage(headers, alert.brand.encode(), alert.to_bytes()))
    assert (event.get_id(), event.get_source(), event.get_specversion()) == (alert.id, "firewatch", "1.0")
    assert event.get_type() == "io.firewatch.incident.open"
    assert event.get_subject() == alert.brand
    assert event.get_time() == alert.at
    assert event.get_datacontenttype() == "application/json"
    data: Any = event.get_data()
    assert Alert.model_validate(data) == alert
    described = document()["components"]["messages"]["alert"]["headers"]
    jsonschema.Draft7Validator(described).validate({name: value.decode() for name, value in headers.items()})
