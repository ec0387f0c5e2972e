"""The recorded posts or mentions that a command reads: a file, or a topic in Kafka."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import click

from streams.cli.options import complete_file

posts_option = click.option(
    "--posts", shell_complete=complete_file, help="Recorded posts: a file as for replay, or - for stdin."
)


class PostsFile(NamedTuple):
    """A file of posts, or ``-`` for standard input, and whether its order is kept."""

    name: str
    keep_order: bool

    @property
    def files(self) -> list[Path]:
        """Return the files to read, which no output may replace."""
        return [Path(self.name)]


class RecordedTopic(NamedTuple):
    """A topic of mentions or posts between two event times, in milliseconds since the epoch."""

    name: str
    from_ms: int | None
    to_ms: int | None

    @property
    def files(self) -> list[Path]:
        """Return nothing: a topic is no file."""
        return []


def recorded_source(
    posts: str | None,
    topic: str | None,
    from_ms: int | None,
    to_ms: int | None = None,
    *,
    keep_order: bool,
    bounds: str = "--from and --to go",
) -> PostsFile | RecordedTopic:
    """Return the source that the options of a command name.

    Parameters
    ----------
    posts, topic, from_ms, to_ms, keep_order
        Values of the options.
    bounds
        The options of the command that bound a topic, as the beginning of a message.

    Raises
    ------
    click.UsageError
        If they contradict each other, or name nothing.
    """
    if posts is not None and topic is None:
        if from_ms is not None or to_ms is not None:
            raise click.UsageError(f"{bounds} with --topic; --posts reads the whole file")
        return PostsFile(posts, keep_order)
    if topic is not None and posts is None:
        if keep_order:
            raise click.UsageError("--keep-order goes with --posts; a topic is always read in its order")
        if from_ms is not None and to_ms is not None and to_ms <= from_ms:
            raise click.UsageError("--to must be after --from")
        return RecordedTopic(topic, from_ms, to_ms)
    raise click.UsageError("name the posts by --posts, or the topic by --topic: one of them")
