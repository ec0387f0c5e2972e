"""The firewatch pipeline: how posts become mentions, windows, detections and alerts."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("firewatch")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
