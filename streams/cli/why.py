"""The command that explains why there was an alert, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from detectors.units import DAY_MS, HOUR_MS
from streams.cli.extras import require_charts
from streams.cli.options import (
    FILE,
    Moment,
    config_option,
    keep_order_option,
    reading_options,
    with_reading,
)
from streams.cli.recorded import PostsFile, posts_option, recorded_source
from streams.errors import ConfigError, InputError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from datetime import tzinfo
    from pathlib import Path

    from streams.cli.recorded import RecordedTopic
    from streams.config import BrandSettings, Config, FieldMapping
    from streams.offline.backtest import Mentions
    from streams.offline.why import Played

_AFTER_MS: Final = DAY_MS
"""Time after the moment that is read of a topic, to find the next firing."""

_SUFFIXES: Final = (".html", ".png")


@click.command()
@click.option("--brand", "brand_id", required=True, help="Id of the brand.")
@click.option(
    "--at", required=True, help="Event time to explain, such as 2026-03-02T15:40; in alerts.timezone if it has no zone."
)
@posts_option
@click.option("--topic", help="A topic in Kafka instead: of mentions such as social.mentions, or the one of posts.")
@click.option(
    "--from", "from_ms", type=Moment(), help="First event time to read of --topic; all that it keeps by default."
)
@keep_order_option
@reading_options
@config_option
@click.option("--picture", type=FILE, help="Chart to write, .png or .html (with the tables); needs firewatch[plot].")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def why(
    brand_id: str,
    at: str,
    posts: str | None,
    topic: str | None,
    from_ms: int | None,
    config_path: Path,
    *,
    keep_order: bool,
    mapping: FieldMapping | None,
    encoding: str | None,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Explain why a brand fired, or did not.

    Runs recorded posts, or the mentions or posts in a topic, through the code that detects live, and prints what each
    detector compared at that time, what it needed, and what suppressed it. The detectors learn from what comes before:
    give them as much of the time before as there is.

    A topic keeps mentions for a few days (topics.mentions_retention_hours). The workers may have learned from more.

    \b
    Example:
      firewatch why --brand acme --at 2026-03-02T15:40 --posts p.jsonl -c fw.yaml
      firewatch why --brand acme --at 2026-03-02 --topic social.posts -c fw.yaml
    """
    from streams.config import moments
    from streams.config.loader import load_config
    from streams.offline.backtest import text as backtest_text
    from streams.offline.why import play, text
    from streams.offline.why.as_json import as_tree
    from streams.runtime.files import ensure_distinct_paths

    source = recorded_source(posts, topic, from_ms, keep_order=keep_order, bounds="--from goes")
    if picture is not None:
        require_charts("--picture")
        if picture.suffix not in _SUFFIXES:
            raise click.BadParameter(f"{picture.name!r} must end in {' or '.join(_SUFFIXES)}", param_hint="'--picture'")
    ensure_distinct_paths([config_path, *source.files], [picture])
    config = with_reading(load_config(config_path), mapping, encoding)
    zone = moments.zone_of(config.alerts.timezone)
    brand, at_ms = _brand(config, brand_id, config_path), _moment(at, zone)
    with _mentions(source, at_ms, config) as mentions:
        played = play(mentions, config, brand, at_ms)
        read = [backtest_text.source(mentions), *backtest_text.left_out(mentions), *backtest_text.remarks(mentions)]
        _check(played, brand, at_ms, mentions.name, zone)
    lines = [*text.lines(played, config, brand, at_ms, zone), "", *text.history(played, at_ms, read, zone)]
    if as_json:
        import orjson

        tree = as_tree(played, brand, at_ms, zone)
        click.echo(orjson.dumps(tree, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
    else:
        for line in lines:
            click.echo(line)
    if picture is not None:
        _write(picture, played, config, brand, at_ms, zone, lines)
        if not as_json:
            click.echo(f"picture in {picture}")


def _brand(config: Config, id: str, config_path: Path) -> BrandSettings:
    from streams.config.brand_ids import no_such_brand

    brands = {brand.id: brand for brand in config.brands}
    if id not in brands:
        problem = no_such_brand(id, {each.id: each.name for each in config.brands})
        raise ConfigError([f"{config_path}: --brand: {problem}"])
    return brands[id]


def _moment(text: str, zone: tzinfo) -> int:
    from streams.config import moments

    try:
        return round(moments.place(moments.moment(text), zone).timestamp() * 1000)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="'--at'") from None


def _mentions(source: PostsFile | RecordedTopic, at_ms: int, config: Config) -> AbstractContextManager[Mentions]:
    from streams.offline.backtest import TimeRange, scored

    if isinstance(source, PostsFile):
        return scored(source.name, config, keep_order=source.keep_order)
    from streams.kafka.topics import Topics
    from streams.offline.backtest.from_posts_topic import scored_from_topic
    from streams.offline.backtest.from_topic import recorded

    span = TimeRange.given(source.from_ms, at_ms + _AFTER_MS).whole_buckets(config.windows)
    read = scored_from_topic if source.name == Topics(config.topics).posts.name else recorded
    return read(source.name, config, span)


def _check(played: Played, brand: BrandSettings, at_ms: int, name: str, zone: tzinfo) -> None:
    from streams.offline.why.words import moment

    span = f"from {moment(played.oldest_ms, zone)} to {moment(played.newest_ms, zone)}"
    if not played.oldest_ms <= at_ms <= played.newest_ms + HOUR_MS:
        raise InputError(f"--at: {moment(at_ms, zone)} is not in {name}, whose posts are {span}")
    if not played.mentions:
        raise InputError(f"{name}: none of its posts names {brand.id!r}; they are {span}")


def _write(
    path: Path,
    played: Played,
    config: Config,
    brand: BrandSettings,
    at_ms: int,
    zone: tzinfo,
    lines: list[str],
) -> None:
    from streams.offline.why.picture import drawn, html
    from streams.runtime.files import open_output

    if not played.series:
        raise InputError(f"{path}: no bucket of {brand.id!r} has closed, so there is nothing to draw")
    chart = drawn(played, config, brand, at_ms, zone)
    with open_output(path) as file:
        if path.suffix == ".png":
            chart.savefig(file, format="png")
        else:
            file.write(html(chart, lines).encode())
