"""Links of the documentation lead somewhere, and the pages have the size and the words that were agreed on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from tests.support.documents import DOCUMENTS, name_of, prose, spans
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PATH: Final = re.compile(r"(?:streams|detectors|docs|deploy|tests)/[a-z0-9_./-]*")
"""A path from the root of the repository; names in capitals are to be filled in."""

LINK: Final = re.compile(r"\]\(([^)\s]+)\)")

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)


def anchors(document: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_document
def test_relative_links_and_anchors_resolve(document: Path) -> None:
    for link in LINK.findall(document.read_text(encoding="utf-8")):
        if link.startswith(("http://", "https://")):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@each_document
def test_paths_in_code_type_exist(document: Path) -> None:
    paths = [span for span in spans(document) if PATH.fullmatch(span)]
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_page_is_in_the_index_of_the_documentation() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in LINK.findall(index.read_text("utf-8"))}
    assert {page for page in DOCUMENTS if page.is_relative_to(index.parent)} - {index} <= linked


def test_the_readme_is_short() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 150
    assert max(map(len, lines)) <= 160


PRIVATE_WORDS: Final = (
    r"couriers?", "anew", r"bur(?:y|ied)", "untold", "goes? on from", "gone on from", "in hand", "stood still",
    "what it had", r"(?<!dead)[\s-]letters?", "ledgers?", "shelf", "unready", "incarnations?", "knobs?", "dealt",
    "told", r"tells?", "hears?", r"judg(?:e|es|ed|ement)", "put out of use", "out of use", "scratch",
)  # fmt: skip
"""Words of a private vocabulary; docs/glossary.md has the terms to use."""


@each_document
def test_prose_uses_the_terms_of_the_field(document: Path) -> None:
    text = prose(document)
    assert re.findall(rf"\b(?:{'|'.join(PRIVATE_WORDS)})\b", text, flags=re.IGNORECASE) == []
