"""Measure a model on labelled posts: ``python -m streams.sentiment.evaluate GOLD.jsonl...``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from streams.errors import FirewatchError
from streams.sentiment.gold import GoldPost, read_gold
from streams.sentiment.linear import LinearModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.sentiment.model import SentimentModel


class Quality(NamedTuple):
    """How well a model does on labelled posts.

    Parameters
    ----------
    macro_f1
        Mean F1 of the three labels, the likeliest label counting as the answer.
    negative_f1
        Mean F1 of negative and of the rest.
    mean_negative, gold_negative
        Mean probability of negative, and the share of posts labelled so.
    posts_per_second
        Wall-clock speed, no text seen before.
    """

    macro_f1: float
    negative_f1: float
    mean_negative: float
    gold_negative: float
    posts_per_second: float


def evaluate(model: SentimentModel, posts: Sequence[GoldPost]) -> Quality:
    """Measure `model` on `posts`, at least one."""
    started = time.perf_counter()
    chances = [model.predict(post.text, post.lang) for post in posts]
    seconds = time.perf_counter() - started
    answers = [chance.index(max(chance)) for chance in chances]
    gold = [post.label for post in posts]
    return Quality(
        macro_f1=macro_f1(gold, answers),
        negative_f1=macro_f1([label == 0 for label in gold], [answer == 0 for answer in answers]),
        mean_negative=sum(chance[0] for chance in chances) / len(posts),
        gold_negative=gold.count(0) / len(posts),
        posts_per_second=len(posts) / seconds,
    )


def macro_f1(gold: Sequence[int], answers: Sequence[int]) -> float:
    """Mean over the labels in `gold` of F1 = 2 hits / (given + answered).

    >>> round(macro_f1([0, 0, 1, 2], [0, 1, 1, 2]), 3)
    0.778
    """
    labels = sorted(set(gold))
    hits = {label: sum(g == a == label for g, a in zip(gold, answers, strict=True)) for label in labels}
    return sum(2 * hits[label] / (gold.count(label) + answers.count(label)) for label in labels) / len(labels)


@click.command()
@click.argument("gold", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--weights", type=click.Path(path_type=Path), help="Weights to measure; the shipped ones otherwise.")
@click.option("--second-half", is_flag=True, help="Leave out the first half of each file.")
def main(gold: tuple[Path, ...], weights: Path | None, *, second_half: bool) -> None:
    """Print how well the model does on each GOLD file (JSON lines with text, lang, label)."""
    try:
        model = LinearModel.load(weights)
        click.echo(f"{model.version}\n{'':24}{'posts':>7}  macro-F1  negative-F1  mean p(neg)  gold  posts/s")
        for path in gold:
            posts = read_gold(path)
            posts = posts[len(posts) // 2 :] if second_half else posts
            quality = evaluate(model, posts)
            click.echo(
                f"{path.stem:24}{len(posts):7}  {quality.macro_f1:8.3f}  {quality.negative_f1:11.3f}  "
                f"{quality.mean_negative:11.3f}  {quality.gold_negative:.2f}  {quality.posts_per_second:7.0f}"
            )
    except FirewatchError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
