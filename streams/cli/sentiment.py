"""Commands that train and evaluate the sentiment model on labelled posts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from streams.cli.groups import SuggestingGroup
from streams.cli.options import FILE

if TYPE_CHECKING:
    from streams.config import QualityName

weights_option = click.option("--weights", type=FILE, help="Weights to start from; by default the shipped ones.")
quality_option = click.option(
    "--quality",
    type=click.Choice(["fast", "best"]),
    default="fast",
    show_default=True,
    help="Quality of the model; best needs pip install 'firewatch[best]'.",
)


@click.group(cls=SuggestingGroup)
def sentiment() -> None:
    """Train and evaluate the sentiment model.

    \b
    Example:
      firewatch sentiment evaluate labelled.jsonl --labels 0.1 --active
    """


@sentiment.command("train")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File for the weights.")
@weights_option
@click.option("--cold", is_flag=True, help="Start from zero, as the shipped weights were made.")
@quality_option
def sentiment_train(
    files: tuple[Path, ...], out: Path, weights: Path | None, *, cold: bool, quality: QualityName
) -> None:
    """Train weights from labelled posts.

    FILES are JSON lines with text, label and, if known, lang. Training continues from the shipped weights unless
    --weights or --cold is given.

    \b
    Example:
      firewatch sentiment train labelled.jsonl --out weights.bin
    """
    from streams.offline.sentiment import workbench

    click.echo(workbench.train(files, out, weights, cold=cold, quality=quality))


@sentiment.command("evaluate")
@click.argument("file", type=FILE)
@click.option(
    "--labels", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="Share of labels that is revealed."
)
@weights_option
@click.option("--cold", is_flag=True, help="Start from an untrained model.")
@click.option("--active", is_flag=True, help="Reveal the labels the model is least certain of, not random ones.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed for the choice of revealed labels.")
@click.option(
    "--predictions",
    type=click.Path(path_type=Path, dir_okay=False),
    help="JSON-lines file for all probabilities, each predicted before the label of the post is seen.",
)
@quality_option
def sentiment_evaluate(
    file: Path,
    weights: Path | None,
    predictions: Path | None,
    *,
    labels: float,
    cold: bool,
    active: bool,
    seed: int,
    quality: QualityName,
) -> None:
    """Evaluate the model, test then train.

    Predicts each post of a labelled FILE in order, then learns its label if that is revealed; measures the second half.

    \b
    Example:
      firewatch sentiment evaluate labelled.jsonl --labels 0.1 --active
    """
    from streams.offline.sentiment import workbench

    click.echo(
        workbench.evaluate(
            file, weights, predictions, labels=labels, seed=seed, active=active, cold=cold, quality=quality
        )
    )
