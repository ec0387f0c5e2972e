"""Strategies for configs as people, editors and generators break them: right keys with wrong values, and others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from hypothesis import strategies as st
from pydantic import BaseModel

from detectors.registry import KINDS, parameters
from streams.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCALARS = st.sampled_from(
    [0, 1, -1, 20, 2**53, 1.5, 1e308, True, False, None, "", "all", "22:00", "24:00", "2026-02-30", "9999-12-31", "inf",
     "nan", "1e999", "x", "ß", "/dev/null", "http://[", "{brand.x}", "{0}", "volume", "river", "off", "monday", "calm",
     "best", "Europe/Berlin", "host:1", "[::1]:9", "a:99999", "HalfSpaceTrees", "time_series.HoltWinters"]
)  # fmt: skip


def _names(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield field.alias or name
        for inner in _models(field.annotation):
            yield from _names(inner)


def _models(annotation: Any) -> list[type[BaseModel]]:
    types = (each for each in (annotation, *get_args(annotation)) if isinstance(each, type))
    return [each for each in types if issubclass(each, BaseModel)]


_PARAMETERS = sorted({name for kind in KINDS for name in parameters(kind)})
_KEYS = st.sampled_from(sorted({*_names(Config), *_PARAMETERS, "class", "volume"})) | st.text(max_size=3)

values: st.SearchStrategy[Any] = st.recursive(
    _SCALARS | st.text(max_size=5) | st.integers(-(10**6), 10**6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)
"""Any value that YAML can hold."""


def _section(model: type[BaseModel]) -> st.SearchStrategy[dict[str, Any]]:
    """Return sections in which some keys have values of their kind, and others any."""
    optional = {}
    for name, field in model.model_fields.items():
        inner = [_section(each) for each in _models(field.annotation)]
        optional[field.alias or name] = st.one_of(*inner, *(st.lists(each, max_size=2) for each in inner), values)
    return st.fixed_dictionaries({}, optional=optional)


_WHEN = st.sampled_from(
    ["2026-03-29T02:30", "2026-03-01T22:00+01:00", "2026-03-30 22:00", "22:00", "24:00", "2026-03-01"]
)
_SPANS = st.lists(
    st.fixed_dictionaries(
        {"reason": st.just("x")},
        optional={
            "from": _WHEN | values,
            "to": _WHEN | values,
            "day": _WHEN | values,
            "every": st.sampled_from([["monday"], "week", "month", "year"]) | values,
            "rrule": st.sampled_from(["FREQ=DAILY", "FREQ=MONTHLY;BYDAY=2TU", "FREQ="]) | values,
            "holiday": st.sampled_from(["all", "Karfreitag", ["Neujahr"]]) | values,
            "country": st.sampled_from(["DE", "US", False]) | values,
            "days_before": st.integers(-1, 61) | values,
            "timezone": st.sampled_from(["Europe/Berlin", "UTC"]) | values,
            "brands": st.just("all") | values,
        },
    ),
    max_size=2,
)
_DETECTORS = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["volume", "tone"]), "kind": st.sampled_from(sorted(KINDS))},
        optional=dict.fromkeys([*_PARAMETERS, "mode"], values),
    ),
    max_size=2,
)
_BRANDS = st.lists(
    st.fixed_dictionaries(
        {"id": st.sampled_from(["a", "b"]), "name": st.just("A"), "match": st.just({"any": ["acme"]})},
        optional=dict.fromkeys(["detectors", "preset", "quality", "usual_posts_per_day", "language"], values),
    ),
    min_size=1,
    max_size=2,
)

config_trees: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"brands": _BRANDS | values},
    optional={
        name: _section(model)
        for name, field in Config.model_fields.items()
        for model in _models(field.annotation)
        if name != "brands"
    }
    | {"detectors": _DETECTORS | values, "maintenance": _SPANS | values, "expected_events": _SPANS | values}
    | {"preset": values, "author_key_file": values},
)
"""Trees of a config file, most of which are wrong somewhere."""
