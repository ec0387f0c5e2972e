"""Find the detector that a command asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from detectors import registry
from detectors.base import ParameterError
from streams.config import DetectorSettings
from streams.config.loader import load_config
from streams.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from detectors.base import Detector


class DetectorChoice:
    """A detector of a config by its name, or else a kind of detector with its defaults.

    Parameters
    ----------
    wanted
        Name or kind.
    config_path
        Path of a firewatch config, or None.

    Raises
    ------
    ConfigError
        If there is no such detector, or it does not score counts.

    Examples
    --------
    >>> DetectorChoice("volume").build(once_in_days=14).kind
    'volume'
    """

    def __init__(self, wanted: str, config_path: Path | None = None) -> None:
        named = {settings.name: settings for settings in load_config(config_path).detectors_of()} if config_path else {}
        if wanted not in named and wanted not in registry.KINDS:
            known = f"names in {config_path} are {', '.join(named)}; " if named else ""
            raise ConfigError([f"--detector {wanted}: no such detector ({known}kinds are {', '.join(registry.KINDS)})"])
        self.settings = named.get(wanted) or DetectorSettings(name=wanted, kind=wanted)
        if self.build().aspect == "tone":
            raise ConfigError([f"--detector {wanted}: scores tone, and a series of counts has none"])

    def build(self, **changes: Any) -> Detector:
        """Return a new detector, with some parameters changed.

        Raises
        ------
        ConfigError
            If the kind has no such parameter, or the value is not allowed.
        """
        try:
            return registry.build(self.settings.kind, self.settings.params | changes)
        except ParameterError as error:
            raise ConfigError([f"--detector {self.settings.name}: {error}"]) from error
