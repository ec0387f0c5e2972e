"""The kinds of live sources, and how one is made from its settings.

To add a kind, write its settings in `streams.config.sources`, a module here with a subclass of
`streams.sources.live.base.LiveSource`, and one line in `KINDS`. Nothing else names a kind.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streams.config.sources.base import SourceSettings
    from streams.sources.live.base import LiveSource, Surroundings

KINDS: Final[dict[str, str]] = {
    "webhook": "streams.sources.live.webhook.source.WebhookSource",
    "jetstream": "streams.sources.live.jetstream.source.JetstreamSource",
    "x": "streams.sources.live.x.source.XSource",
    "mastodon": "streams.sources.live.mastodon.source.MastodonSource",
    "feeds": "streams.sources.live.feeds.source.Feeds",
    "kafka": "streams.sources.live.kafka.source.KafkaSource",
    "files": "streams.sources.live.files.source.FilesSource",
    "reddit": "streams.sources.live.reddit.source.RedditSource",
}
"""Module and class of each kind; imported when the first source of the kind is made, for what they need is large."""


def make_source(settings: SourceSettings, surroundings: Surroundings) -> LiveSource:
    """Return the source that an entry of the section `sources` describes; it does not connect yet.

    Raises
    ------
    ConfigError
        If a file that the settings name can't be used.
    MissingPackage
        If the kind needs an optional package that is not installed.
    """
    module, _, name = KINDS[settings.kind].rpartition(".")
    source: LiveSource = getattr(import_module(module), name)(settings, surroundings)
    return source
