"""The command `firewatch`: the list of its commands, each of which is imported only when it is used."""

from __future__ import annotations

import click

from streams.cli.groups import LazyCommand, LazyGroup

SECTIONS = {
    "Workers": (
        LazyCommand("run", "Run all workers, supervised.", "streams.cli.workers:run"),
        LazyCommand("ingest", "Send posts to Kafka.", "streams.cli.workers:ingest"),
        LazyCommand("score", "Match posts to brands, score sentiment.", "streams.cli.workers:score"),
        LazyCommand("detect", "Roll up mentions, raise incidents.", "streams.cli.workers:detect"),
        LazyCommand("train", "Train the sentiment model on labels.", "streams.cli.workers:train"),
        LazyCommand("bridge", "Send alerts to a receiver outside Kafka.", "streams.cli.workers:bridge"),
    ),
    "Operate": (
        LazyCommand("status", "Show workers, lag and open incidents.", "streams.cli.operate:status"),
        LazyCommand("sources", "List and check live sources.", "streams.cli.sources:sources"),
        LazyCommand("alerts", "Watch, acknowledge and review incidents.", "streams.cli.alerts:alerts"),
        LazyCommand("label", "Label posts to teach the sentiment model.", "streams.cli.operate:label"),
        LazyCommand("topics", "Create missing topics, verify the others.", "streams.cli.operate:topics"),
        LazyCommand("acls", "Print the Kafka ACLs that workers need.", "streams.cli.operate:acls"),
    ),
    "Configure": (
        LazyCommand("init", "Write a config to start from.", "streams.cli.init:init"),
        LazyCommand("check-config", "Validate a config and summarise it.", "streams.cli.config:check_config"),
        LazyCommand("explain-config", "Show effective settings and their origin.", "streams.cli.config:explain_config"),
        LazyCommand("test-config", "Run test cases against a config.", "streams.cli.tuning:test_config"),
        LazyCommand("backtest", "Show what a config would have raised.", "streams.cli.tuning:backtest"),
        LazyCommand("why", "Explain why a brand fired, or did not.", "streams.cli.why:why"),
        LazyCommand("tune", "Suggest thresholds from labelled incidents.", "streams.cli.tuning:tune"),
        LazyCommand("schema", "Print JSON Schemas or an API document.", "streams.cli.config:schema"),
    ),
    "Offline": (
        LazyCommand("demo", "Watch a simulated day in two minutes.", "streams.cli.demo:demo"),
        LazyCommand("live", "Watch brands on Bluesky, live.", "streams.cli.demo:live"),
        LazyCommand("replay", "Run the pipeline on a file, without Kafka.", "streams.cli.offline:replay"),
        LazyCommand("simulate", "Write simulated posts with a known truth.", "streams.cli.offline:simulate"),
        LazyCommand(
            "evaluate-simulation", "Measure alerts on simulated posts.", "streams.cli.offline:evaluate_simulation"
        ),
        LazyCommand("detect-series", "Score a CSV series of counts.", "streams.cli.series:detect_series"),
        LazyCommand("evaluate-series", "Measure a detector on labelled series.", "streams.cli.series:evaluate_series"),
        LazyCommand("sentiment", "Train and evaluate the sentiment model.", "streams.cli.sentiment:sentiment"),
    ),
}  # fmt: skip

EPILOG = """\
\b
Environment:
  FIREWATCH_CONFIG          the config of commands that are given no -c FILE
  FIREWATCH__SECTION__KEY   overrides one setting of the config
  KAFKA_BOOTSTRAP           overrides the address of the Kafka broker

\b
Example:
  firewatch demo
  firewatch init
  firewatch run -c firewatch.yaml --posts posts.jsonl

\b
Shell completion (line for ~/.bashrc; zsh_source and fish_source for others):
  eval "$(_FIREWATCH_COMPLETE=bash_source firewatch)"
"""


def _print_version(ctx: click.Context, _param: click.Parameter, value: object) -> None:
    if not value or ctx.resilient_parsing:
        return
    from streams import __version__

    click.echo(f"firewatch, version {__version__}")
    ctx.exit()


@click.group(
    cls=LazyGroup,
    sections=SECTIONS,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Watch social posts about brands and raise an alert while a firestorm is still small."""


def main() -> None:
    """Run `firewatch` with the arguments of the process."""
    cli(prog_name="firewatch")
