"""Questions to an annotator: which key writes which label, and what is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.core.learn.uncertainty import UncertainPost
from streams.errors import InputError
from streams.operate.label import LabelSummary, answer
from streams.records import Label, Post

if TYPE_CHECKING:
    from collections.abc import Callable


def question(number: int, text: str = "Nordtel ist heute da") -> UncertainPost:
    return UncertainPost(Post(str(number), "forum", 1_750_000_000_000, text), "de", (0.5, 0.3, 0.2))


def pressing(*keys: str | type[BaseException]) -> Callable[[], str]:
    left = iter(keys)

    def read_key() -> str:
        key = next(left)
        if isinstance(key, str):
            return key
        raise key

    return read_key


async def answered(
    read_key: Callable[[], str], *questions: UncertainPost, by: str = "anna"
) -> tuple[LabelSummary, list[Label], list[str]]:
    labels: list[Label] = []
    shown: list[str] = []

    async def write(label: Label) -> None:
        labels.append(label)

    return await answer(questions, by, read_key, shown.append, write), labels, shown


async def test_each_key_writes_its_label_and_other_keys_are_ignored() -> None:
    questions = [question(number) for number in range(5)]
    done, labels, shown = await answered(pressing("n", "x", "S", "P", "u", "q"), *questions)
    assert (done.written, done.skipped) == (3, 1)
    assert [(label.post, label.label) for label in labels] == [
        ("forum:0", "negative"), ("forum:2", "positive"), ("forum:3", "neutral"),
    ]  # fmt: skip
    assert {label.by for label in labels} == {"anna"}
    assert sum("the model: negative 50%, neutral 30%, positive 20%" in text for text in shown) == 5


@pytest.mark.parametrize("key", ["q", "\x03", "\x04", "", KeyboardInterrupt, EOFError])
async def test_an_annotator_can_quit_at_any_question(key: str | type[BaseException]) -> None:
    done, labels, _ = await answered(pressing("n", key), question(1), question(2), question(3))
    assert (done.written, done.skipped) == (1, 0)
    assert [label.post for label in labels] == ["forum:1"]


async def test_a_text_is_shown_in_lines_and_controls_no_terminal() -> None:
    _, _, shown = await answered(pressing("q"), question(1, "Nordtel \x1b[2J ist wieder weg. " * 60))
    assert "\x1b" not in shown[0]
    assert max(map(len, shown[0].splitlines())) <= 100
    assert len(shown[0]) < 1_300


async def test_without_a_terminal_the_import_of_a_file_is_offered() -> None:
    with pytest.raises(InputError, match="--import"):
        await answered(pressing(OSError), question(1))


async def test_a_name_that_is_too_long_is_an_error() -> None:
    with pytest.raises(InputError, match="by: "):
        await answered(pressing("n"), question(1), by="x" * 1_000)
