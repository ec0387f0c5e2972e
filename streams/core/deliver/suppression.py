"""Suppression: which steps are not delivered, because they must not page or because operators have silenced them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from streams.records import MAX_SILENCE_MS, SEVERITIES

if TYPE_CHECKING:
    from detectors.base import Severity
    from streams.records import Alert, Verdict


class _Silence(NamedTuple):
    severity: Severity
    from_ms: int
    until_ms: int


class Silences:
    """Silences that operators have started with their verdicts.

    A silence mutes the incidents of a brand up to the severity of the incident that the verdict was given on; incidents
    of a higher severity are delivered all the same. Confirming an incident ends the silence of its brand.
    """

    def __init__(self) -> None:
        self._of_brand: dict[str, _Silence] = {}

    def add(self, verdict: Verdict, broker_ms: int) -> None:
        """Apply the next verdict; the latest silence of a brand replaces earlier ones.

        Parameters
        ----------
        verdict
            The verdict, which may start a silence or end it.
        broker_ms
            When the broker appended the verdict, in milliseconds since the epoch. A silence begins then and lasts at
            most `MAX_SILENCE_MS`, whatever the times in the verdict are.
        """
        if verdict.silence_until_ms is not None:
            until_ms = min(verdict.silence_until_ms, broker_ms + MAX_SILENCE_MS)
            self._of_brand[verdict.brand] = _Silence(verdict.severity, broker_ms, until_ms)
        elif verdict.verdict == "confirmed":
            self._of_brand.pop(verdict.brand, None)

    def mutes(self, alert: Alert, at_ms: int) -> bool:
        """Return whether a silence mutes a step at a time, given in milliseconds since the epoch."""
        silence = self._of_brand.get(alert.brand)
        return (
            silence is not None
            and silence.from_ms <= at_ms < silence.until_ms
            and SEVERITIES.index(alert.severity) <= SEVERITIES.index(silence.severity)
        )


class Suppression:
    """Decides which steps are suppressed.

    Parameters
    ----------
    silences
        The silences of operators.
    send_suppressed
        The setting `bridge.send_suppressed`.
    """

    def __init__(self, silences: Silences, *, send_suppressed: bool) -> None:
        self._silences = silences
        self._send_suppressed = send_suppressed

    def reason(self, alert: Alert, at_ms: int) -> str | None:
        """Return why a step is suppressed at a time: ``silenced``, a value of `Alert.suppressed`, or None."""
        if alert.suppressed is not None and not self._send_suppressed:
            return alert.suppressed
        return "silenced" if self._silences.mutes(alert, at_ms) else None
