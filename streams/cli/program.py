"""The word by which a user calls firewatch, for the commands that hints name."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from shlex import quote


def program() -> str:
    """Return `firewatch` if the shell finds it, or else what was typed, such as ``.venv/bin/firewatch``."""
    if shutil.which("firewatch"):
        return "firewatch"
    typed = Path(sys.argv[0])
    return quote(str(typed)) if typed.name == "firewatch" else f"{quote(sys.executable)} -m streams.cli"
