"""Check a config file as a whole: its YAML, its settings, the terms of its brands, and the files that it names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from detectors import registry
from streams.config.author_key import check_author_key
from streams.config.loader import examine
from streams.config.named_files import missing_files
from streams.config.problems import Finding, path_of, placed, text_of
from streams.config.sources.feeds import FeedsSettings
from streams.config.text_files import read_file
from streams.core.text.brand_terms import BrandTerms
from streams.core.text.matching import Matcher
from streams.core.text.term_remarks import term_remarks
from streams.errors import ConfigError, Problem
from streams.sources.live.feeds.feed_list import feed_urls

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from streams.config import Config
    from streams.config.brands import DetectorSettings
    from streams.config.loader import Examined


@dataclass(slots=True)
class ConfigCheck:
    """The result of checking a config file.

    Attributes
    ----------
    file
        The file.
    config
        The config; None if there are problems.
    problems
        All problems, in the order of their lines.
    warnings, remarks
        What works, but may not be meant.
    added
        Default detectors that run although the list in the file does not name them.
    """

    file: Path
    config: Config | None = None
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the result as plain values."""
        config = self.config
        return {
            "file": str(self.file),
            "good": config is not None,
            "problems": [
                {
                    "line": each.line,
                    "column": each.column,
                    "variable": each.variable,
                    "field": each.field or None,
                    "value": each.value,
                    "message": each.message,
                }
                for each in self.problems
            ],
            "warnings": self.warnings,
            "remarks": self.remarks,
            "version": config and config.version,
            "brands": config and [brand.id for brand in config.brands],
            "detectors": config
            and [
                {"name": each.name, "kind": each.kind, "mode": each.mode, "added": each.name in self.added}
                for each in config.detectors
            ],
            "kafka": config and f"{config.kafka.bootstrap_servers} {config.kafka.security_protocol}",
        }


def check_file(path: Path, environment: Mapping[str, str], *, look_for_files: bool) -> ConfigCheck:
    """Check a config file with the overrides of the environment.

    Parameters
    ----------
    path
        The file.
    environment
        The variables of the process.
    look_for_files
        Whether a file that the config names and that is not on this machine is a problem.
    """
    check = ConfigCheck(path)
    try:
        examined = examine(read_file(path), path, environment)
    except ConfigError as error:
        check.problems = error.found
        return check
    further = [] if examined.config is None else list(_further(examined, examined.config, check))
    if look_for_files and examined.config is not None:
        further += missing_files(examined.config, environment)
        further += _lists_of_feeds(examined.config)
    check.problems = ConfigError(
        [*examined.problems, *placed(further, examined.document, examined.variables)], path
    ).found
    if check.problems or examined.config is None:
        return check
    check.config = examined.config
    written = examined.document.tree.get("detectors")
    if written and examined.config.default_detectors:
        named = {entry.get("name") for entry in written}
        check.added = [name for name in registry.DEFAULTS if name not in named]
        check.remarks += _remarks_on_detectors(examined.config.detectors, check.added)
    check.remarks += term_remarks(list(map(BrandTerms.of, examined.config.brands)))
    return check


def _lists_of_feeds(config: Config) -> Iterator[Finding]:
    """Yield what is wrong in the files that list feeds; a missing file is found elsewhere."""
    for position, source in enumerate(config.sources):
        if isinstance(source, FeedsSettings) and source.urls_file is not None and source.urls_file.is_file():
            path = ("sources", position, "urls_file")
            try:
                feed_urls(source)
            except ConfigError as error:
                for problem in error.problems:
                    yield Finding(path, Problem(problem, text_of(path), value=str(source.urls_file)))


def _further(examined: Examined, config: Config, check: ConfigCheck) -> Iterator[Finding]:
    """Yield the problems of a config that its sections do not have by themselves, and add warnings to the check."""
    is_whole = not any(each.field.startswith(("brands", "kafka", "metrics", "author")) for each in examined.problems)
    if not is_whole or any(path[0] in {"brands", "kafka", "metrics"} for path in examined.unreadable if path):
        return  # the positions of brands are not those of the file, or it is not known which Kafka is meant
    problems: list[Problem] = []
    try:
        Matcher.of(config)
    except ConfigError as error:
        problems += error.found
    try:
        warning = check_author_key(config)
    except ConfigError as error:
        problems += error.found
    else:
        check.warnings += [warning] if warning else []
    yield from (Finding(path_of(problem.field), problem) for problem in problems)


def _remarks_on_detectors(detectors: list[DetectorSettings], added: list[str]) -> Iterator[str]:
    """Yield what may surprise those whose file has a list of detectors of its own."""
    if added:
        run = f"defaults {', '.join(added)} run" if len(added) > 1 else f"default {added[0]} runs"
        example = f"{{name: {added[0]}, mode: off}}"
        yield (
            f"detectors: the {run} beside those in the list "
            f"(before this version they did not): {example} switches one off, `default_detectors: false` all that are "
            "not listed"
        )
    for name in added:
        same = [each.name for each in detectors if each.kind == registry.DEFAULTS[name] and each.name != name]
        if same:
            kind = registry.DEFAULTS[name]
            yield (
                f"detectors: {', '.join(same)} and the default {name} are of the kind {kind}: if one is meant to "
                f"replace the other, name it {name} (it then learns from the beginning), or switch the default off"
            )
