"""Checks the boards against Grafana's own types: ``make check-dashboards``. Needs node and npm.

Each board becomes a literal of TypeScript, so that a wrong value and a field that Grafana does not know are errors.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from deploy.grafana.build import boards

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FOLDER: Final = Path(__file__).parent
FILES: Final = ("package.json", "tsconfig.json", "shapes.ts")

OF_PROMETHEUS: Final = ("expr", "titleFormat", "step")
"""Fields of an annotation that the data source reads and the types leave open."""

OF_INTERVALS: Final = ("auto", "auto_min", "auto_count")
"""Fields that the library writes for every variable, and only those of kind interval have."""


def source() -> str:
    """A module of TypeScript that holds every board, and the options of every panel, as values of their types."""
    return "\n".join(['import type { Board, Custom, Options } from "./shapes";', *_declarations()])


def _declarations() -> Iterator[str]:
    for number, board in enumerate(boards().values()):
        _drop(OF_PROMETHEUS, board["annotations"]["list"])
        _drop(OF_INTERVALS, board["templating"]["list"])
        yield _constant(f"board{number}", "Board", board)
        for panel in board["panels"]:
            if panel["type"] == "row":
                continue
            name, kind = f"board{number}panel{panel['id']}", json.dumps(panel["type"])
            yield _constant(f"{name}options", f"Options[{kind}]", panel.get("options", {}))
            custom = panel["fieldConfig"]["defaults"].get("custom")
            if custom is not None:
                yield _constant(f"{name}custom", f"Custom[{kind}]", custom)


def _drop(names: Iterable[str], items: Iterable[dict[str, Any]]) -> None:
    for item in items:
        for name in names:
            item.pop(name, None)


def _constant(name: str, type_name: str, value: Any) -> str:
    return f"export const {name}: {type_name} = {json.dumps(value, ensure_ascii=False)};"


def main() -> int:
    """Run the compiler; its exit code is the answer."""
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    if missing:
        print(f"check-dashboards needs {' and '.join(missing)} (Debian: apt-get install npm)", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        for name in FILES:
            shutil.copy(FOLDER / name, folder)
        (Path(folder) / "boards.ts").write_text(source(), encoding="utf-8")
        install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--legacy-peer-deps"]
        subprocess.run(install, cwd=folder, check=True)
        done = subprocess.run(["node", "node_modules/typescript/bin/tsc", "--pretty", "false"], cwd=folder, check=False)
    print("every board is of Grafana's types" if done.returncode == 0 else "see the errors above")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
