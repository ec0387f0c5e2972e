"""Options and types of options that several commands share."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, ParamSpec

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from click.shell_completion import CompletionItem

    from streams.config import Config, FieldMapping
    from streams.config.fallback import ReadableConfig
    from streams.runtime.logs import LogFormat

P = ParamSpec("P")

FILE: Final = click.Path(path_type=Path)


def complete_file(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Let the shell complete the name of a file, for parameters that are no `click.Path` because - is stdin."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


CONFIG_VARIABLE: Final = "FIREWATCH_CONFIG"

config_option = click.option(
    "-c",
    "--config",
    "config_path",
    type=FILE,
    metavar="FILE",
    required=True,
    envvar=CONFIG_VARIABLE,
    show_envvar=True,
    help="YAML config of firewatch.",
)


def _set_log_format(ctx: click.Context, _param: click.Parameter, value: LogFormat | None) -> None:
    """Set up the logging before the command does anything that may fail."""
    from streams.runtime import logs

    name = ctx.command.name or ""
    if ctx.resilient_parsing:
        return
    if value or name == "run":
        logs.choose(value)
    if logs.only_json():
        logs.configure(name)


log_format_option = click.option(
    "--log-format",
    type=click.Choice(["json", "console"]),
    callback=_set_log_format,
    expose_value=False,
    is_eager=True,
    help="Format of the log: json, or console for people (the default on a terminal); also FIREWATCH_LOG_FORMAT.",
)


def config_for_operators(path: Path) -> ReadableConfig:
    """Read a config for commands that operators need although a part of it is broken; warn if one is.

    Raises
    ------
    ConfigError
        If it is not certain which Kafka it means.
    """
    from streams.config.fallback import readable_config

    readable = readable_config(path)
    if readable.problem is not None:
        kafka, prefix = readable.config.kafka, readable.config.topics.prefix
        named = f"topics with the prefix {prefix!r}" if prefix else "topics without a prefix"
        click.echo(
            f"warning: the config is broken: {readable.problem}\n"
            f"warning: this command goes on with Kafka at {kafka.bootstrap_servers} ({kafka.security_protocol}) and "
            f"{named}; names of brands may be missing",
            err=True,
        )
    return readable


keep_order_option = click.option(
    "--keep-order",
    is_flag=True,
    help="Read the posts as they stand, a recording in order of arrival; without it they are sorted by time.",
)

severity_choice: Final = click.Choice(["watch", "warning", "critical"])


def check_brands(config: Config, ids: Iterable[str]) -> None:
    """Check that a config has brands of these ids.

    Raises
    ------
    click.BadParameter
        If it lacks one; the message names the one that was probably meant.
    """
    from streams.config.brand_ids import no_such_brand

    brands = {brand.id: brand.name for brand in config.brands}
    unknown = [no_such_brand(id, brands) for id in ids if id not in brands]
    if unknown:
        raise click.BadParameter("; ".join(unknown), param_hint="--brand")


def reading_options(command: Callable[P, None]) -> Callable[P, None]:
    """Add the options --map and --encoding; `with_reading` puts their values into a config."""
    command = click.option(
        "--encoding", type=Checked("encoding", "known_encoding"), metavar="NAME",
        help="Encoding of the text, such as cp1251; recognised by default, and otherwise ingest.encoding.",
    )(command)  # fmt: skip
    return click.option(
        "--map", "mapping", type=Checked("map", "parse_field_map"), metavar="MAP",
        help="Where the fields of posts are: a format such as reddit, paths such as text=post.body,id=post.uid, "
        "or rules in YAML; recognised by default, and otherwise ingest.map.",
    )(command)  # fmt: skip


def with_reading(config: Config, mapping: FieldMapping | None, encoding: str | None) -> Config:
    """Return a config with the values of `reading_options` that were given."""
    given = {name: value for name, value in (("map", mapping), ("encoding", encoding)) if value is not None}
    return config.model_copy(update={"ingest": config.ingest.model_copy(update=given)}) if given else config


class Checked(click.ParamType):
    """A value that a function of `streams.config` reads, which is imported when it is needed.

    Parameters
    ----------
    name
        Name of the type.
    function
        Name of the function; it raises ValueError with a message.
    """

    def __init__(self, name: str, function: str) -> None:
        self.name = name
        self._function = function

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return what the function returns, or fail with its message about `param`."""
        from streams import config

        if not isinstance(value, str):
            return value
        try:
            return getattr(config, self._function)(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def config_argument(command: Callable[P, None]) -> Callable[..., None]:
    """Let a command receive `config_path` from its argument FILE, from -c, or from the environment, in this order.

    Raises
    ------
    click.UsageError
        From the command, if FILE and -c are both given, or neither and the environment names no config either.
    """

    @click.argument("file", required=False, type=FILE)
    @click.option(
        "-c", "--config", "config_path", type=FILE, metavar="FILE", envvar=CONFIG_VARIABLE, show_envvar=True,
        help="The same as the argument FILE.",
    )  # fmt: skip
    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        file, named = kwargs.pop("file"), kwargs.pop("config_path")
        source = click.get_current_context().get_parameter_source("config_path")
        if file is not None and source is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError("The config is named twice: give it either as FILE or by -c.")
        kwargs["config_path"] = file or named
        if kwargs["config_path"] is None:
            raise click.UsageError(f"Missing config: give it as FILE or by -c, or set {CONFIG_VARIABLE}.")
        command(*args, **kwargs)

    return run


class LazyChoice(click.Choice[str]):
    """A choice whose words are asked for only when they are needed, because they take long to import."""

    def __init__(self, words: Callable[[], Sequence[str]]) -> None:  # the base class would ask for them at once
        self._words = words
        self.case_sensitive = True

    @property
    def choices(self) -> Sequence[str]:  # type: ignore[override]  # an attribute in the base class
        """The words that may be chosen."""
        return tuple(self._words())


class Duration(click.ParamType):
    """A number with a unit, such as ``90s``, ``30m``, ``4h`` or ``7d``, converted to seconds."""

    name = "duration"
    LONGEST_DAYS: Final = 36_500
    SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds, or fail with a message about `param`."""
        if isinstance(value, float):
            return value
        number, unit = str(value)[:-1], str(value)[-1:]
        if not number.isdecimal() or unit not in self.SECONDS:
            self.fail(f"{value!r} is not a duration: write a number and one of s, m, h, d, such as 4h", param, ctx)
        seconds = float(number) * self.SECONDS[unit]
        if seconds > self.LONGEST_DAYS * self.SECONDS["d"]:
            self.fail(f"{value!r} is longer than {self.LONGEST_DAYS:,}d", param, ctx)
        return seconds


class Moment(click.ParamType):
    """A date or time in ISO 8601, in UTC unless it names a zone, converted to milliseconds since the epoch."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return milliseconds since the epoch, or fail with a message about `param`."""
        from streams.config.moments import FIRST_YEAR, LAST_YEAR

        if isinstance(value, int):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time: write it as 2026-03-02 or 2026-03-02T10:00Z", param, ctx)
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            self.fail(f"{value!r} does not lie between {FIRST_YEAR} and {LAST_YEAR}", param, ctx)
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
