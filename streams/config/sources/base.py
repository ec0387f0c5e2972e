"""Settings that sources of every kind share."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

from streams.config.base import Misfit, Settings, refuse_misfits

KIND: Final = "Kind of the source, which decides which further settings it has."

UNENCRYPTED: Final = (
    "must not begin with http://, or the token could be read on its way (allow_private: true permits it)"
)
"""Refusal of an address to which a token is sent."""

ALL_SOURCES: Final = "all"
"""On the command line, in place of an id: all sources that are enabled."""


def _is_of_one(id: str) -> str:
    if id == ALL_SOURCES:
        raise ValueError(f"must not be {ALL_SOURCES}, which stands for all sources on the command line")
    return id


SourceId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$"), AfterValidator(_is_of_one)]


class SourceSettings(Settings):
    """Base of the settings of a source; `kind` decides which further settings there are."""

    id: SourceId = Field(
        description="Name of the source in posts, metrics and status, and the key of its cursor; another id starts "
        "without a cursor, and its posts count as others."
    )
    kind: str = Field(description=KIND)
    enabled: bool = Field(default=True, description="Whether the source is read.")
    expected_silence_seconds: float = Field(
        default=900,
        ge=1,
        le=31_536_000,
        description="Seconds without a post after which the source counts as silent: longer than it ever is in the "
        "quietest hour.",
    )
    brand_filter: bool = Field(
        default=False,
        description="Whether only posts that match a brand enter Kafka, and a sample of the others "
        "(`unmatched_share`).",
    )
    unmatched_share: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="Share of the posts that match no brand which enter Kafka despite `brand_filter`; 0.01 is 1 %. "
        "They show how much the platform posts.",
    )


def refuse_unencrypted(settings: SourceSettings, *names: str) -> None:
    """Refuse addresses to which a token is sent if they are without TLS.

    Parameters
    ----------
    settings
        Settings of a source.
    names
        Its settings that hold such addresses.

    Raises
    ------
    ValueError
        If one of them begins with ``http://``.
    """
    misfits = [Misfit((name,), UNENCRYPTED) for name in names if str(getattr(settings, name)).startswith("http://")]
    refuse_misfits(type(settings).__name__, misfits)
