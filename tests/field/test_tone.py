"""Single sentences whose tone was misread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.core.text import clean, language
from streams.sources.weights import load_model

if TYPE_CHECKING:
    from pathlib import Path

    from tests.field.conftest import Recorder

LATER = "the tone model does not read these kinds yet"


def test_sentences_that_users_saw_misread(incoming: Path, record: Recorder) -> None:
    model = load_model()
    wrong = total = 0
    for file in sorted(incoming.glob("tone-*.tsv")):
        for line in file.read_text(encoding="utf-8").splitlines():
            want, text = line.split("\t")
            text = clean.normalise(text, 10_000)
            negative, neutral, positive = model.predict(text, language.detect(text, None))
            shares = {"neg": negative, "neu": neutral, "pos": positive}
            got = max(shares, key=shares.__getitem__)
            total += 1
            wrong += got != want and (not want.startswith("not") or want == f"not{got}")
    record("tone-*.tsv", f"{total} of {total} right", f"{total - wrong} right", ok=not wrong, later=LATER)
