"""Files of weights: those that ship are small, and a file that is no model is refused by its name."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from streams.errors import InputError
from streams.sources.weights import SHIPPED_WEIGHTS, load_model

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("content", [b"", b"no model", b"\xff\xfe\x00" * 1000])
def test_what_is_no_model_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "w.fwsm"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"w\.fwsm: broken_snapshot: not a sentiment model"):
        load_model(path)
    with pytest.raises(InputError, match="can't be read"):
        load_model(tmp_path / "none.fwsm")


@pytest.mark.parametrize("name", SHIPPED_WEIGHTS.values())
def test_what_ships_is_small(name: str) -> None:
    assert len(files("streams.core.sentiment").joinpath(name).read_bytes()) < 1 << 20
