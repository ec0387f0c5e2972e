"""A monitor that explains itself decides like one that does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.detect.explaining import ExplainedMoment, ExplainingMonitor
from streams.core.detect.partition import PartitionMonitor, PartitionScoring
from streams.core.detect.quarantine import Quarantine
from tests.support.storm import config, stream

if TYPE_CHECKING:
    from streams.core.detect.scoring import Evaluation


def test_explaining_every_evaluation_changes_no_alert_and_no_window() -> None:
    settings = config()
    quarantine = Quarantine(settings, after=0)
    moments: list[ExplainedMoment] = []
    scores = []

    def explain(evaluation: Evaluation, monitor: ExplainingMonitor) -> None:
        explained = monitor.explain(evaluation)
        if explained is not None:
            moments.append(explained)
            scores.append(evaluation.scores)

    explaining = PartitionScoring(
        settings, lambda brand: ExplainingMonitor(settings, settings.version, brand, quarantine, explain)
    )
    plain = PartitionMonitor(settings, 0)
    for records in stream()[280:420]:
        for record in records:
            explaining.absorb(record)
            plain.absorb(record)
        seen, expected = explaining.advance(), plain.advance()
        assert [each.to_bytes() for each in seen.alerts] == [each.to_bytes() for each in expected.alerts]
        assert [each.to_bytes() for each in seen.windows] == [each.to_bytes() for each in expected.windows]
    for moment, live in zip(moments, scores, strict=True):
        for each in moment.detectors:
            assert live[each.name].value == each.value
            assert (each.lacking == 0) == (each.value >= 1)
    assert any(moment.incident is not None for moment in moments)
    assert {moment.closes for moment in moments} == {True, False}
