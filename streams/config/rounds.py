"""Validate a tree in rounds: wrong settings are left out, so that the next round finds the problems behind them.

Pydantic checks settings that belong together only where each is valid by itself. A problem that may be a consequence of
leaving something out is not reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pydantic import ValidationError

from streams.config.misfits import OmittedNames
from streams.config.model import Config
from streams.config.problems import findings, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from streams.config.problems import Finding, Path

MAX_ROUNDS: Final = 100
"""A round finds all problems that do not conceal one another, so that a few are enough."""

_STAND_INS: Final[Mapping[str, Callable[[dict[str, Any], Path], Any]]] = {
    "id": lambda _, path: f"entry-{path[-2]}",
    "name": lambda entry, path: str(entry.get("id", "")).strip() or f"entry-{path[-2]}",
    "match": lambda _entry, _path: {"tagged": ["stand-in"]},
    "reason": lambda _entry, path: text_of(path),
}
"""Values for required keys that are missing or wrong, by which the rest of their entry can be checked."""

_RECURRENCE: Final = frozenset({"every", "rrule", "holiday", "country", "subdivision"})

_SUPPORTS: Final[Mapping[str, frozenset[str]]] = {
    "kind": frozenset({"name"}),
    "reason": _RECURRENCE,
    "day": _RECURRENCE,
    "from": _RECURRENCE,
    "to": _RECURRENCE,
    "until": _RECURRENCE,
    "country": _RECURRENCE,
    "subdivision": _RECURRENCE,
    "days_before": _RECURRENCE,
    "days_after": _RECURRENCE,
}
"""Settings of an entry by which others are judged: a default's name supplies its kind, and days of the week decide that
`from` is a time of day. Once one of them is left out, a problem of the others may be a consequence."""


class CheckedTree(NamedTuple):
    """The result of checking a tree.

    Parameters
    ----------
    config
        What the tree describes without the parts that are wrong; None if too little is left.
    found
        All problems, with paths in the tree; empty if `config` is the whole tree.
    """

    config: Config | None
    found: list[Finding]


def check(tree: dict[str, Any], unreadable: Iterable[Path] = ()) -> CheckedTree:
    """Check a tree, and return all of its problems at once.

    Parameters
    ----------
    tree
        Plain values, as read from a file.
    unreadable
        Paths of values that could not be read, which are left out and are not reported.
    """
    out = set(unreadable)
    found: list[Finding] = []
    for _ in range(MAX_ROUNDS):
        rest, positions = _without(tree, (), out)
        try:
            return CheckedTree(Config.model_validate(rest, context=_left_out(tree, out) if out else None), found)
        except ValidationError as error:
            problems = [_in_tree(each, positions) for each in findings(error, Config)]
        found += [each for each in problems if not _may_follow(each.path, out)]
        wider = {_to_leave_out(each.path, tree, out) for each in problems} - out
        if not wider or () in wider:
            break
        out |= wider
    return CheckedTree(None, found)


def _without(value: Any, path: Path, out: set[Path]) -> tuple[Any, dict[Path, list[int]]]:
    """Return a value without what is at some paths, and the positions in the tree of the entries of each list."""
    if not any(each[: len(path)] == path for each in out):
        return value, {}
    positions: dict[Path, list[int]] = {}
    if isinstance(value, dict):
        kept = {}
        for key, each in value.items():
            if (*path, key) not in out:
                kept[key], below = _without(each, (*path, key), out)
                positions |= below
        for key, stand_in in _STAND_INS.items():
            if (*path, key) in out:
                kept[key] = stand_in(value, (*path, key))
        return kept, positions
    if isinstance(value, list):
        entries = []
        positions[path] = [place for place in range(len(value)) if (*path, place) not in out]
        for place in positions[path]:
            entry, below = _without(value[place], (*path, place), out)
            entries.append(entry)
            positions |= below
        return entries, positions
    return value, positions


def _in_tree(found: Finding, positions: dict[Path, list[int]]) -> Finding:
    """Return a problem with its path in the tree, in place of that in the rest of it."""
    path: Path = ()
    for step in found.path:
        places = positions.get(path)
        is_place = isinstance(step, int) and places is not None and step < len(places)
        path = (*path, places[step] if is_place else step)  # type: ignore[index]
    return found._replace(path=path, problem=found.problem._replace(field=text_of(path)))


def _may_follow(path: Path, out: set[Path]) -> bool:
    """Return whether a problem may only be there because something was left out: at its path, inside it, or in a
    setting of the same entry that it depends on."""
    entry, key = path[:2], path[2] if len(path) > 2 else None
    supports = _SUPPORTS.get(key, frozenset()) if isinstance(key, str) else frozenset()
    return any(each[: len(path)] == path or (each[:2] == entry and each[2:3] and each[2] in supports) for each in out)


def _to_leave_out(path: Path, tree: Any, out: set[Path]) -> Path:
    """Return what to leave out for a problem at a path: a missing key that has a stand-in, or else the innermost part
    of the tree that is still there and holds the path."""
    there: Path = ()
    value = tree
    for step in path:
        is_there = (
            step in value
            if isinstance(value, dict)
            else (isinstance(value, list) and isinstance(step, int) and step < len(value))
        )
        if not is_there and step in _STAND_INS and len(there) == len(path) - 1 and isinstance(value, dict):
            return path
        if not is_there or (*there, step) in out:
            break
        there, value = (*there, step), value[step]
    return there


def _left_out(tree: dict[str, Any], out: set[Path]) -> OmittedNames:
    """Return the names that parts which were left out may have."""

    def names(section: str, key: str) -> frozenset[str]:
        if not any(path[0] == section for path in out):
            return frozenset()
        entries = tree.get(section)
        named = [entry.get(key) for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
        return frozenset(name for name in named if isinstance(name, str))

    return OmittedNames(names("brands", "id"), names("detectors", "name"))
