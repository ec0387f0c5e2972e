"""The page shows the curves, and all that the terminal shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.support.tuning import tune

if TYPE_CHECKING:
    from pathlib import Path


def test_the_page_shows_the_curves_and_all_that_the_terminal_does(folder: Path) -> None:
    near = (folder / "c.yaml").read_text().replace("once_in_days: 2.2", "once_in_days: 2.5")
    (folder / "near.yaml").write_text(near)
    result = tune(folder, "--labels", "@labels.yaml", "--report", "@tune.html", config="near")
    assert result.exit_code == 0, result.output
    page = (folder / "tune.html").read_text()
    assert page.count("data:image/png;base64,") == 1
    assert not re.search(r'(src|href)="(?!data:)', page)
    for said in ("all detectors together", "crisis alone:", "cross-validation:", "held out", "flat from", "detectors:"):
        assert said in result.output
        assert said in page
    assert "suggested in place of `detectors` in" in result.output
    assert re.search(r"note: it differs from the config in use by [1-4] incidents? only\n", result.output)
