"""The pages of the sources: each example config is one, and each kind has its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from streams.config.loader import load_config
from streams.sources.live.registry import KINDS
from tests.support.documents import Block, blocks
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FOLDER: Final = ROOT / "docs" / "sources"
EXAMPLES: Final = [
    (page, block)
    for page in sorted(FOLDER.glob("*.md"))
    for block in blocks(page)
    if block.language == "yaml" and "sources:" in block.text
]


@pytest.mark.parametrize(("page", "block"), EXAMPLES, ids=lambda each: getattr(each, "stem", ""))
def test_an_example_loads_as_a_config_and_has_a_source_of_the_kind(page: Path, block: Block, tmp_path: Path) -> None:
    file = tmp_path / "firewatch.yaml"
    brands = "" if "brands:" in block.text else "brands: [{id: nordtel, name: Nordtel, match: {any: [nordtel]}}]\n"
    file.write_text(brands + block.text, encoding="utf-8")
    config = load_config(file, {})
    assert page.stem in {source.kind for source in config.sources}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_a_page_with_an_example(kind: str) -> None:
    assert any(page.stem == kind for page, _ in EXAMPLES)
