"""A detector that raises where its parameters say, and a command line that knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from detectors import registry
from detectors.base import Bucket, Detector, Score
from streams.cli import main

if TYPE_CHECKING:
    from typing import Self

    import pytest


class Brittle(Detector):
    """Scores 0.5, and raises at the first bucket that starts at or after a moment.

    Parameters
    ----------
    from_ms
        The moment.
    doing
        The method that raises.
    usual_posts_per_day
        Only a brand that has it is hurt.
    """

    kind = "brittle"
    unit = "mentions"
    aspect = "attention"

    def __init__(self, from_ms: int, doing: str = "score_one", *, usual_posts_per_day: float | None = None) -> None:
        self._from_ms = from_ms
        self._doing = doing
        self._hurt = usual_posts_per_day is not None
        self._learned = 0

    def _break(self, doing: str, start_ms: int) -> None:
        if self._hurt and self._doing == doing and start_ms >= self._from_ms:
            raise ZeroDivisionError("no way to divide")

    def score_one(self, bucket: Bucket) -> Score:
        self._break("score_one", bucket.start_ms)
        return Score(0.5, bucket.count, 1.0, 0.0, 2.0)

    def _learn(self, bucket: Bucket) -> None:
        self._learned = bucket.start_ms
        self._break("learn_one", bucket.start_ms)

    def snapshot(self) -> bytes:
        self._break("snapshot", self._learned)
        return b"%d" % self._learned

    def restore(self, snapshot: bytes) -> Self:
        self._learned = int(snapshot)
        self._break("restore", self._learned)
        return self


KNOWN: Final = cast("dict[str, Any]", registry.KINDS)
SCHEMAS: Final = cast("dict[str, Any]", registry._SCHEMAS)
PARAMETERS: Final[dict[str, Any]] = {"from_ms": {"type": "integer"}, "doing": {"type": "string"}}


def make_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let configs of a test name it."""
    monkeypatch.setitem(KNOWN, Brittle.kind, Brittle)
    for name, schema in PARAMETERS.items():
        monkeypatch.setitem(SCHEMAS, name, schema)


if __name__ == "__main__":
    KNOWN[Brittle.kind] = Brittle
    SCHEMAS.update(PARAMETERS)
    main()
