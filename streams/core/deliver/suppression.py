"""Which steps are not passed on: what must page nobody, and what people have silenced."""

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
    """Silences that people started with their verdicts.

    A silence holds for the incidents of a brand up to the severity that the judged incident had: what gets worse than
    that is passed on all the same. Confirming an incident ends the silence of its brand.
    """

    def __init__(self) -> None:
        self._of_brand: dict[str, _Silence] = {}

    def take(self, verdict: Verdict, broker_ms: int) -> None:
        """Take the next verdict; the latest of a brand holds.

        Parameters
        ----------
        broker_ms
            When the broker took it: a silence begins then and is no longer than `MAX_SILENCE_MS`, whatever it says.
        """
        if verdict.silence_until_ms is not None:
            until_ms = min(verdict.silence_until_ms, broker_ms + MAX_SILENCE_MS)
            self._of_brand[verdict.brand] = _Silence(verdict.severity, broker_ms, until_ms)
        elif verdict.verdict == "confirmed":
            self._of_brand.pop(verdict.brand, None)

    def holds(self, alert: Alert, at_ms: int) -> bool:
        """Whether a step is silenced at some moment, milliseconds since the epoch."""
        silence = self._of_brand.get(alert.brand)
        return (
            silence is not None
            and silence.from_ms <= at_ms < silence.until_ms
            and SEVERITIES.index(alert.severity) <= SEVERITIES.index(silence.severity)
        )


class Holding:
    """Decides what is held back.

    Parameters
    ----------
    silences
        Of people.
    send_suppressed
        As `bridge.send_suppressed`.
    """

    def __init__(self, silences: Silences, *, send_suppressed: bool) -> None:
        self._silences = silences
        self._send_suppressed = send_suppressed

    def reason(self, alert: Alert, at_ms: int) -> str | None:
        """Why a step is held back at some moment: ``silenced``, or as `Alert.suppressed`; None if it is not."""
        if alert.suppressed is not None and not self._send_suppressed:
            return alert.suppressed
        return "silenced" if self._silences.holds(alert, at_ms) else None
