"""The command line of firewatch, with `tests.support.scripted_source` in place of the kind `files`."""

from __future__ import annotations

from streams.cli import main
from streams.sources.live import registry

registry.KINDS["files"] = "tests.support.scripted_source.ScriptedSource"

if __name__ == "__main__":
    main()
