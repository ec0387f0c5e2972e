"""The firewatch pipeline: how posts become mentions, windows, detections and alerts."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str
else:

    def __getattr__(name: str) -> str:
        """Return `__version__`; importlib.metadata is slow to import, and most of the command line needs no version."""
        if name != "__version__":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("firewatch")
        except PackageNotFoundError:  # a source tree that was never installed
            return "0+unknown"
