"""A step without its links: nothing else of the record changes."""

from __future__ import annotations

import orjson

from streams.records import SamplePost
from tests.support.alerts import step


def test_links_of_the_alert_and_of_its_samples_are_left_out() -> None:
    sample = SamplePost(id="1", source="forum", url="http://[", text=None, negative=0.5, at=None, copies=1)
    made = step(generator_url="grafana", samples=[sample])
    newer = made._replace(value=orjson.dumps(orjson.loads(made.value) | {"new_field": 1}))
    plain = newer.without_links()
    assert plain is not None
    assert plain.alert == made.alert.model_copy(
        update={"generator_url": None, "samples": [sample.model_copy(update={"url": None})]}
    )
    before, after = orjson.loads(newer.value), orjson.loads(plain.value)
    assert {name for name in before if before[name] != after[name]} == {"generator_url", "samples"}
    assert after["samples"] == [before["samples"][0] | {"url": None}]
    assert (plain.offset, plain.partition, plain.broker_ms) == (made.offset, made.partition, made.broker_ms)


def test_a_step_without_links_has_no_plainer_form() -> None:
    assert step().without_links() is None
