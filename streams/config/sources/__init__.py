"""The section `sources` of the config: one entry a source, whose further settings depend on its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, get_args

from pydantic import BeforeValidator, Discriminator, Tag

from streams.config.sources.base import ALL_SOURCES
from streams.config.sources.feeds import FeedsSettings
from streams.config.sources.files import FilesSourceSettings
from streams.config.sources.jetstream import JetstreamSettings
from streams.config.sources.kafka import KafkaSourceSettings
from streams.config.sources.mastodon import MastodonSettings
from streams.config.sources.reddit import RedditSettings
from streams.config.sources.webhook import WebhookSourceSettings
from streams.config.sources.x import XSettings
from streams.config.suggestions import did_you_mean
from streams.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.config.sources.base import SourceSettings

SOURCES: Final[tuple[type[SourceSettings], ...]] = (
    JetstreamSettings,
    WebhookSourceSettings,
    KafkaSourceSettings,
    FilesSourceSettings,
    FeedsSettings,
    MastodonSettings,
    XSettings,
    RedditSettings,
)


def kind_of(settings: type[SourceSettings]) -> str:
    """Return the kind that settings are of.

    >>> kind_of(FeedsSettings)
    'feeds'
    """
    return str(get_args(settings.model_fields["kind"].annotation)[0])


KINDS: Final = tuple(kind_of(settings) for settings in SOURCES)
"""The kinds of sources."""


def chosen(sources: Sequence[SourceSettings], ids: Sequence[str]) -> list[SourceSettings]:
    """Return the sources with some ids; ``all`` stands for all that are enabled.

    A source that is asked for by its id may be disabled.

    Raises
    ------
    ConfigError
        If there is no source of an id, or none to read.
    """
    by_id = {source.id: source for source in sources}
    there = ", ".join(by_id) or "none"
    problems = [
        f"sources: there is no source {name!r}; there are {there}{did_you_mean(name, list(by_id))}"
        for name in ids
        if name not in by_id and name != ALL_SOURCES
    ]
    if not problems and not any(source.enabled for source in sources) and ALL_SOURCES in ids:
        problems = [f"sources: there is no source to read; there are {there}"]
    if problems:
        raise ConfigError(problems)
    return [source for source in sources if source.id in ids or (ALL_SOURCES in ids and source.enabled)]


def _checked_kind(entry: Any) -> Any:
    """Return an entry of the list as it is, if it names a kind."""
    if isinstance(entry, dict):
        kind = entry.get("kind")
        if kind is None:
            raise ValueError(f".kind: is required; there are {', '.join(KINDS)}")
        if kind not in KINDS:
            near = did_you_mean(kind, KINDS) if isinstance(kind, str) else ""
            raise ValueError(f".kind: there is no kind {kind!r} of sources; there are {', '.join(KINDS)}{near}")
    return entry


def _tag(entry: Any) -> str | None:
    kind = entry.get("kind") if isinstance(entry, dict) else getattr(entry, "kind", None)
    return None if kind is None else f"kind[{kind}]"


SourceEntry = Annotated[
    Annotated[JetstreamSettings, Tag("kind[jetstream]")]
    | Annotated[WebhookSourceSettings, Tag("kind[webhook]")]
    | Annotated[KafkaSourceSettings, Tag("kind[kafka]")]
    | Annotated[FilesSourceSettings, Tag("kind[files]")]
    | Annotated[FeedsSettings, Tag("kind[feeds]")]
    | Annotated[MastodonSettings, Tag("kind[mastodon]")]
    | Annotated[XSettings, Tag("kind[x]")]
    | Annotated[RedditSettings, Tag("kind[reddit]")],
    Discriminator(_tag),
    BeforeValidator(_checked_kind),
]
"""An entry of `sources`. `streams.config.problems` knows the tags, which pydantic adds to the paths of errors."""
