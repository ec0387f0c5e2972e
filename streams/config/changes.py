"""Compare two configs, and check whether running workers can apply the difference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from streams.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.config.model import Config

LIVE: Final = frozenset(
    {
        "brands",
        "preset",
        "default_detectors",
        "detectors",
        "incidents",
        "maintenance",
        "expected_events",
        "alerts",
        "score",
    }
)
"""Sections that a running worker reloads; all others are fixed when it starts."""

_NAMED_BY: Final = {"brands": "id", "detectors": "name", "sources": "id"}
"""Lists whose entries are identified by a key, not by their position."""

_MISSING: Final = object()


def differences(old: Config, new: Config) -> list[str]:
    """Return one line for each setting that differs, such as ``brands.nordtel.usual_posts_per_day: 900 -> 1200``."""
    return [f"{path}: {change}" for path, change in _changes(_tree(old), _tree(new))]


def check_live(old: Config, new: Config) -> None:
    """Refuse a difference that can't be applied while a worker runs.

    Raises
    ------
    ConfigError
        Names each setting that differs and is fixed when a worker starts.
    """
    before, after = _tree(old), _tree(new)
    fixed = [section for section in after if section not in LIVE and before[section] != after[section]]
    if fixed:
        changes = _changes({name: before[name] for name in fixed}, {name: after[name] for name in fixed})
        raise ConfigError(
            [f"{path}: can't change while workers run ({change}): restart them" for path, change in changes]
        )
    missing = set(new.models()) - set(old.models())
    if missing:
        affected = [brand for brand, quality in new.qualities().items() if quality in missing]
        raise ConfigError(
            [
                f"brands.{brand}.quality: no model of this quality has been loaded: restart the workers"
                for brand in affected
            ]
        )


def _tree(config: Config) -> dict[str, Any]:
    tree = config.model_dump(mode="json")
    return tree | {section: {entry[key]: entry for entry in tree[section]} for section, key in _NAMED_BY.items()}


def _changes(old: dict[str, Any], new: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key in old | new:
        before, after = old.get(key, _MISSING), new.get(key, _MISSING)
        here = f"{path}.{key}" if path else key
        if before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            yield from _changes(before, after, here)
        elif before is _MISSING:
            yield here, "added" if isinstance(after, dict) else f"added as {_shown(after)}"
        elif after is _MISSING:
            yield here, "removed"
        else:
            yield here, f"{_shown(before)} -> {_shown(after)}"


def _shown(value: Any) -> str:
    return "null" if value is None else str(value)
