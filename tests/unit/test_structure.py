"""The tree keeps its form: unique class names, tests where one looks for them, short modules, words of the field."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Final

from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

MODULES: Final = sorted(path for package in ("streams", "detectors") for path in (ROOT / package).rglob("*.py"))
TESTS: Final = sorted((ROOT / "tests").rglob("*.py"))

MAX_LINES: Final = 400
"""A module that grows beyond it has two subjects."""

ELSEWHERE: Final = {
    "constants and types alone": [
        "detectors/base.py",
        "detectors/units.py",
        "streams/core/text/stopwords.py",
        "streams/render/palette.py",
        "streams/render/severity_styles.py",
        "streams/runtime/clock.py",
        "streams/workers/receivers/base.py",
    ],
    "a doctest shows all of it": [
        "detectors/latest_reading.py",
        "detectors/numbers.py",
        "streams/config/brand_ids.py",
        "streams/config/suggestions.py",
    ],
    "parts of detectors: tests/unit/detectors/test_composite.py": ["detectors/negative_surplus.py"],
    "parts of detectors: tests/unit/detectors/test_volume.py": ["detectors/expected_rate.py"],
    "parts of detectors: tests/unit/detectors/test_drift.py": ["detectors/tone_drift.py"],
    "the adapter of river and its models: tests/unit/detectors/test_river.py": [
        "detectors/river_adapter.py",
        "detectors/river_models.py",
    ],
    "worker shells, on a real Kafka: tests/integration/score/test_score.py": ["streams/workers/score.py"],
    "worker shells, on a real Kafka: tests/integration/train/test_train.py": [
        "streams/workers/train.py",
        "streams/workers/model_dead_letters.py",
    ],
    "worker shells, on a real Kafka: tests/integration/pipeline/test_run.py": ["streams/workers/supervisor.py"],
    "what a real Kafka answers: tests/integration/kafka/test_topics.py": ["streams/kafka/admin.py"],
    "what a real Kafka answers: tests/integration/kafka/test_security.py": ["streams/kafka/preflight.py"],
    "files that are read: tests/unit/sources/live/files/test_source.py": [
        "streams/sources/live/files/merged.py",
        "streams/sources/live/files/tail.py",
    ],
    "what a real Kafka answers: tests/integration/sources/test_kafka.py": [
        "streams/kafka/foreign_topic.py",
        "streams/sources/live/kafka/source.py",
    ],
    "what a real Kafka answers: tests/integration/detect/test_detect.py": ["streams/kafka/changelog.py"],
    "what a real Kafka answers: tests/integration/offline/test_backtest.py": ["streams/kafka/reader.py"],
    "how a detector's outcome becomes windows and alerts: tests/unit/core/detect/test_partition.py": [
        "streams/core/detect/brand.py",
        "streams/core/detect/outcome.py",
        "streams/core/detect/scoring.py",
    ],
    "the parts of an incident: tests/unit/core/incidents/test_lifecycle.py": ["streams/core/incidents/incident.py"],
    "the parts of an alert: tests/unit/core/incidents/test_alert.py": [
        "streams/core/incidents/summary.py",
        "streams/core/rollup/baseline.py",
    ],
    "the estimates of authors: tests/unit/core/rollup/test_author_counts.py": ["streams/core/rollup/author_sketch.py"],
    "what people read: tests/unit/core/wording/test_languages.py": [
        "detectors/reasons.py",
        "streams/core/incidents/description.py",
        "streams/core/incidents/what_changed.py",
        "streams/core/wording/english.py",
        "streams/core/wording/german.py",
        "streams/core/wording/phrases.py",
        "streams/core/wording/sentences.py",
    ],
    "how minutes become load: tests/unit/core/rollup/test_platform_load.py": ["streams/core/rollup/minute_counts.py"],
    "the state of a delivery: tests/unit/core/deliver/test_delivery.py": ["streams/core/deliver/state.py"],
    "the demo: tests/unit/cli/demo/test_run.py": ["streams/cli/demo/show.py"],
    "files in a wheel: tests/integration/deploy/test_wheel.py": ["streams/cli/deploy_files.py"],
    "the command: tests/unit/offline/sentiment/test_workbench.py": ["streams/cli/sentiment.py"],
    "the command: tests/unit/cli/test_why.py": [
        "streams/offline/why/as_json.py",
        "streams/offline/why/picture.py",
        "streams/offline/why/text.py",
        "streams/offline/why/conclusion.py",
        "streams/offline/why/words.py",
    ],
    "the command: tests/unit/offline/backtest/test_command.py": [
        "streams/offline/backtest/partition_files.py",
        "streams/offline/backtest/report.py",
        "streams/offline/backtest/text.py",
        "streams/render/html.py",
    ],
    "configs side by side: tests/unit/offline/backtest/test_playback.py": [
        "streams/offline/backtest/parallel.py",
    ],
    "the command: tests/unit/offline/tuning/test_tune_command.py": [
        "streams/offline/tuning/as_json.py",
        "streams/offline/tuning/text.py",
    ],
    "the command: tests/unit/offline/evaluation/test_command.py": ["streams/offline/evaluation/tables.py"],
    "the commands: tests/unit/cli/test_series.py": [
        "streams/offline/series/detector_choice.py",
    ],
    "the source against a server: tests/unit/sources/live/reddit/test_source.py": [
        "streams/sources/live/reddit/api.py",
        "streams/sources/live/reddit/rereading.py",
        "streams/sources/live/reddit/subreddits.py",
    ],
    "the source against a server: tests/unit/sources/live/x/test_source.py": [
        "streams/sources/live/x/api.py",
        "streams/sources/live/x/progress.py",
        "streams/sources/live/x/recovery.py",
    ],
    "all errors: tests/unit/test_errors.py": [
        "streams/errors/base.py",
        "streams/errors/config.py",
        "streams/errors/delivery.py",
        "streams/errors/input.py",
        "streams/errors/kafka.py",
        "streams/errors/records.py",
        "streams/errors/sources.py",
        "streams/errors/workers.py",
    ],
    "the worker on a real Kafka: tests/integration/sources/test_worker.py": ["streams/workers/sources/keeper.py"],
    "the catalogue of metrics: tests/unit/runtime/test_metrics.py": [
        "streams/runtime/instruments.py",
        "streams/runtime/live_metrics.py",
    ],
    "the simulated day: tests/unit/offline/simulate/test_simulation.py": [
        "streams/offline/simulate/context.py",
    ],
}
"""Modules that no file of tests/unit is named after, with the reason and the place of their tests."""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_no_class_name_is_defined_twice() -> None:
    names = Counter(node.name for path in MODULES for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef))
    assert [name for name, count in names.items() if count > 1] == []


def test_no_test_imports_a_test() -> None:
    found = []
    for path in TESTS:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ImportFrom):
                imported = [
                    node.module or "",
                    *(alias.name for alias in node.names if "test" not in (node.module or "")),
                ]
            elif isinstance(node, ast.Import):
                imported = [alias.name for alias in node.names]
            else:
                continue
            found += [f"{name_of(path)}: {name}" for name in imported if re.search(r"(^|\.)test_\w+$", name)]
    assert found == []


def place_of_tests(path: Path) -> Path:
    inside = path.relative_to(ROOT)
    folder = inside.parent.relative_to("streams") if inside.parts[0] == "streams" else inside.parent
    return ROOT / "tests" / "unit" / folder / f"test_{path.name}"


def test_every_module_has_its_tests_in_the_mirrored_place() -> None:
    modules = [path for path in MODULES if not path.name.startswith("__")]
    without = {name_of(path) for path in modules if not place_of_tests(path).exists()}
    listed = [module for modules in ELSEWHERE.values() for module in modules]
    assert len(listed) == len(set(listed))
    assert without == set(listed)


def test_tests_elsewhere_are_where_the_list_says() -> None:
    assert [
        place for why in ELSEWHERE for place in re.findall(r"\btests/\S+", why) if not (ROOT / place).is_file()
    ] == []


def test_modules_are_short() -> None:
    lines = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: count for name, count in lines.items() if count > MAX_LINES} == {}


GONE: Final = (
    "anew", "bury", "buried", "couriers?", "dealer", "dealt", "goes? on from", "hears?", "in[ _]hand", "judgement",
    "keep_apart", "knobs?", "lanes?", "ledgers?", "panels?", "plainly", "regulars", "scratch", "shelf", "standing",
    "stood still", "tells?", "told", "unready", "untold", "what it had",
)  # fmt: skip
"""Words of a private vocabulary, as parts of names and in prose; docs/glossary.md has the terms to use."""

MEANT: Final = {
    "streams/core/text/stopwords.py": {"tell", "told"},  # words of posts
    "streams/workers/score.py": {"anew"},  # the value of a label
}


def test_modules_use_the_words_of_the_field() -> None:
    found = {}
    for path in MODULES:
        text = " ".join(path.read_text(encoding="utf-8").split())
        words = re.findall(rf"(?<![a-z])(?:{'|'.join(GONE)})(?![a-z])", text, flags=re.IGNORECASE)
        found[name_of(path)] = set(words) - MEANT.get(name_of(path), set())
    assert {name: words for name, words in found.items() if words} == {}
