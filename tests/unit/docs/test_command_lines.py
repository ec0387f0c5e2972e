"""Command lines in the documentation: each is accepted by the parser, and each is run here or named with the reason."""

from __future__ import annotations

import csv
import re
import shlex
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import click
import orjson
import pytest
from click.testing import CliRunner

from streams.cli import cli
from streams.sources.weights import read_weights
from tests.support.documents import DOCUMENTS, REFERENCE, blocks, lines_of_code, name_of, spans
from tests.support.packing import zstd_packed
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGES: Final = [document for document in DOCUMENTS if not document.is_relative_to(REFERENCE)]
"""The reference holds the commands' own help, which tests/unit/cli looks at."""

LINES: Final = {f"{name_of(page)}: {line}": line for page in PAGES for line in lines_of_code(page, "firewatch")}

NOT_RUN: Final = {
    "ingest": "needs Kafka: tests/integration/ingest/test_ingest.py",
    "score": "needs Kafka: tests/integration/score/test_score.py",
    "detect": "needs Kafka: tests/integration/detect/test_detect.py",
    "train": "needs Kafka: tests/integration/train/test_train.py",
    "bridge": "needs Kafka: tests/integration/bridge/test_bridge.py",
    "run": "needs Kafka: tests/integration/pipeline/test_run.py",
    "sources check": "needs a network: tests/unit/operate/test_source_check.py",
    "topics": "needs Kafka: tests/integration/kafka/test_topics.py",
    "status": "needs Kafka: tests/integration/operate/test_alerts_commands.py",
    "sources list": "needs Kafka: tests/unit/cli/test_sources.py",
    "alerts": "needs Kafka: tests/integration/operate/test_alerts_commands.py",
    "label": "needs Kafka: tests/integration/operate/test_label.py",
    "backtest --topic": "needs Kafka: tests/integration/offline/test_backtest.py",
    "why --brand aerovanta --at 2026-03-03T15:38Z --topic": "needs Kafka: tests/integration/offline/test_why.py",
    "why --brand nordtel": "needs Kafka: tests/integration/offline/test_why.py",
    "evaluate-simulation": "takes minutes: tests/unit/offline/evaluation",
    "evaluate-series": "needs the series of the benchmark: tests/unit/offline/series",
    "sentiment train potts.jsonl": "needs corpora that are not in the repository: tests/unit/offline/sentiment",
}
"""Beginnings of command lines that are only parsed, with the reason and the tests that run the command."""

FROM, TO = datetime(2026, 3, 3, 15, tzinfo=UTC), datetime(2026, 3, 3, 16, tzinfo=UTC)
"""The hour of the simulated days in which the incident of the README begins."""


def words(line: str) -> list[str]:
    """Return the arguments of a command line, without redirections and pipes."""
    return shlex.split(re.split(r"\s[|>]\s?", line)[0])[1:]


def reason(line: str) -> str | None:
    """Return why a line is not run, or None."""
    given = line.removeprefix("firewatch ")
    return next((why for start, why in NOT_RUN.items() if f"{given} ".startswith(f"{start} ")), None)


def context(command: click.Command, parent: click.Context | None = None) -> click.Context:
    """Return a context as the command line makes it: click caches the option of help that the first one has."""
    return click.Context(command, parent, **command.context_settings)


def parse(arguments: list[str]) -> None:
    """Parse arguments with the command that they name, without calling it."""
    command: click.Command = cli
    ctx = context(cli)
    while isinstance(command, click.Group):
        name, *arguments = arguments
        found = command.get_command(ctx, name)
        assert found is not None, f"no command {name}"
        command = found
        if isinstance(command, click.Group):
            ctx = context(command, ctx)
    command.make_context(command.name, arguments, ctx)


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_command_line_is_accepted(line: str) -> None:
    parse(words(line))


RUN: Final = {where: line for where, line in LINES.items() if reason(line) is None}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files that the documentation names: a simulated firestorm and what goes with it."""
    folder = tmp_path_factory.mktemp("docs")
    everything = folder / "everything.jsonl"
    arguments = ["--seed", "5", "--days", "2", "--brands", "3", "--scenario", "firestorm"]
    done = CliRunner().invoke(cli, ["simulate", "--out", str(everything), *arguments])
    assert done.exit_code == 0, done.output
    config = (folder / "everything.yaml").read_bytes()
    kept = [line for line in everything.read_bytes().splitlines(keepends=True) if FROM <= written_at(line) < TO]
    (folder / "posts.jsonl").write_bytes(b"".join(kept))
    posts = [orjson.loads(line) for line in kept if b'"text"' in line]
    with (folder / "export.csv").open("w", newline="", encoding="utf-16") as file:
        rows = [(post["id"], post["created_at"], "", post["text"]) for post in posts]
        csv.writer(file).writerows([("Tweet ID", "Date", "Title", "Tweet"), *rows])
    dump = [{"id": post["id"], "created_utc": 1772552100, "body": post["text"]} for post in posts]
    (folder / "dump.zst").write_bytes(zstd_packed(b"\n".join(map(orjson.dumps, dump))))
    for name in ("firewatch.yaml", "new.yaml"):
        (folder / name).write_bytes(config)
    for name in ("labels.yaml", "cases.yaml"):
        (folder / name).write_text(documented(name), encoding="utf-8")
    labelled = [{"text": f"{word} Gerät {n}", "label": label} for n in range(40) for word, label in LABELLED.items()]
    (folder / "mine.fwsm").write_bytes(read_weights())  # as the command before it in its document writes
    for name in ("labelled.jsonl", "later.jsonl", "mine.jsonl"):
        (folder / name).write_bytes(b"\n".join(map(orjson.dumps, labelled)))
    with (folder / "counts.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [("timestamp", "value"), *(((FROM + timedelta(minutes=5 * n)).isoformat(), n % 7) for n in range(100))]
        )
    return folder


LABELLED: Final = {"flimmert": "negative", "knarzt": "neutral", "leuchtet": "positive"}


def written_at(line: bytes) -> datetime:
    return datetime.fromisoformat(orjson.loads(line)["created_at"])


def documented(name: str) -> str:
    """Return the block of the documentation whose first line names a file in a comment."""
    found = [block.text for page in PAGES for block in blocks(page) if block.text.partition("\n")[0].endswith(name)]
    assert len(found) == 1, name
    return found[0]


@pytest.mark.parametrize("line", RUN.values(), ids=RUN)
def test_a_command_line_works(line: str, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path if words(line)[0] == "init" else files)  # init never overwrites a file
    done = CliRunner().invoke(cli, words(line))
    assert done.exit_code == 0, f"{line}\n{done.output}"


def test_the_list_of_lines_that_are_not_run_is_current() -> None:
    starts = {start for start in NOT_RUN for line in LINES.values() if line.startswith(f"firewatch {start}")}
    assert starts == set(NOT_RUN)
    assert all((ROOT / why.split(": ")[1]).exists() for why in NOT_RUN.values())


TARGETS: Final = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_targets_of_make_exist(page: Path) -> None:
    given = [*lines_of_code(page, "make"), *(span for span in spans(page) if span.startswith("make "))]
    assert {line.split()[1] for line in given} <= TARGETS


@pytest.mark.parametrize("page", DOCUMENTS, ids=name_of)
def test_commands_named_in_a_sentence_exist(page: Path) -> None:
    for span in spans(page):
        if span.startswith("firewatch "):
            command: Any = cli
            for name in span.split()[1:]:
                if not isinstance(command, click.Group) or not re.fullmatch("[a-z-]+", name) or name.startswith("-"):
                    break
                command = command.get_command(context(command), name)
                assert command is not None, span
