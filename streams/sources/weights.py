"""Read the weights of sentiment models from files: those that ship, or those that a config names."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Final

from streams.core.sentiment import LinearModel
from streams.errors import InputError, RecordError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from streams.config import Config, QualityName

SHIPPED_WEIGHTS: Final[dict[QualityName, str]] = {"fast": "weights/shipped.fwsm", "best": "weights/shipped-best.fwsm"}
"""Files of `streams.core.sentiment` by quality."""


def load_model(path: Path | None = None, quality: QualityName = "fast") -> LinearModel:
    """Load a model from a file that ``firewatch sentiment train`` wrote.

    Parameters
    ----------
    path
        The file; None for the weights that ship.
    quality
        Quality that the model must have.

    Raises
    ------
    InputError
        If the file can't be read or holds no model of this quality.
    MissingPackage
        If the quality needs a package that is not installed.

    Examples
    --------
    >>> [round(p) for p in load_model().predict("Kein Netz, niemand geht ran. Frechheit!", "de")]
    [1, 0, 0]
    """
    content = read_weights(path, quality)
    try:
        return LinearModel.from_snapshot(content, quality)
    except RecordError as error:
        raise InputError(f"{path or SHIPPED_WEIGHTS[quality]}: {error}") from error


def best_model(config: Config) -> LinearModel | None:
    """Load the model of quality ``best`` that a config asks for; return None if no brand has that quality.

    Raises
    ------
    InputError
        If the weights of the config can't be used.
    MissingPackage
        If the sentence encoder is not installed.
    """
    if "best" not in config.models():
        return None
    return load_model(config.sentiment.best_weights, "best")


def read_weights(path: Path | None = None, quality: QualityName = "fast") -> bytes:
    """Return the bytes of a file of weights; without a path, of the file that ships for a quality.

    Raises
    ------
    InputError
        If the file can't be read.
    """
    file: Path | Traversable = path or files("streams.core.sentiment").joinpath(SHIPPED_WEIGHTS[quality])
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: sentiment weights can't be read: {error.strerror}") from error
