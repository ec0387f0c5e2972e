"""Write the posts that an event adds to the usual posts of its brand."""

from __future__ import annotations

from bisect import bisect
from typing import TYPE_CHECKING, Final

from streams.offline.simulate.context import SOURCES, FeedContext, PublishedPost
from streams.offline.simulate.grammar import LANGUAGES, brand_grammar
from streams.offline.simulate.publishing import Draft, Tone
from streams.offline.simulate.rhythm import Fluctuation

if TYPE_CHECKING:
    from streams.offline.simulate.baseline_feed import BaselineFeed
    from streams.offline.simulate.scenario import Event

_SOURCES_UP_TO: Final = (0.76, 0.88, 0.94, 0.96)  # cumulative shares of `SOURCES`, the last takes the rest
_REPLY_SHARE: Final = 0.12
_HOT_POSTS: Final = 30  # of each tone: those that are shared and get replies
_HOT_REPLACED: Final = 0.1
_SPAM_ENDS: Final = ("", "", " !!", " >>")


class EventFeed:
    """Posts on the topic and in the tone of an event, with cascades of reposts of the early ones."""

    def __init__(self, context: FeedContext, position: int, event: Event, usual: BaselineFeed) -> None:
        self.event = event
        self._context = context
        self._uniform = context.rng.random
        self._position = position
        self._usual = usual
        self._brands = (usual.index,)
        self._grammars = {language: brand_grammar(usual.brand, language, event.topic) for language in LANGUAGES}
        self._fluctuation = Fluctuation(context.rng, spread=0.15, memory_minutes=15)
        self._hot: dict[Tone, list[PublishedPost]] = {"negative": [], "neutral": [], "positive": []}

    def write(self, minute: int) -> None:
        """Publish the posts of a minute of the event."""
        event, uniform = self.event, self._uniform
        extra = (
            self._usual.usual(minute) * (event.factor - 1) * event.strength(minute) * self._fluctuation.next_minute()
        )
        german = self._usual.german_share(minute)
        for moment in self._context.moments(minute, extra):
            tone = self._context.tone(event.negative, event.positive)
            hot = self._hot[tone]
            if uniform() < event.reposts and hot:
                self._repost(hot[int(len(hot) * uniform() ** 2)], moment)  # the first ones are shared most
            else:
                self._post(moment, "de" if uniform() < german else "en", tone)

    def _post(self, moment: int, language: str, tone: Tone) -> None:
        uniform, context = self._uniform, self._context
        source = SOURCES[bisect(_SOURCES_UP_TO, uniform())]
        rule, reach = f"event_{tone}", 3.0
        if source == "news":
            rule, reach, tone = "event_news", 10.0, "neutral"
        text = context.typed(self._grammars[language].text(rule, uniform), source)
        reply_to = None
        hot = self._hot[tone]
        if source == "microblog" and hot and uniform() < _REPLY_SHARE:
            target = hot[int(uniform() * len(hot))]
            reply_to, text = target.id, f"@{target.draft.author} {text}"
        author = self._usual.author(language, self.event.newcomers)
        draft = Draft(
            moment, source, language, text, author, tone, self._brands, self._position, reply_to=reply_to, reach=reach
        )
        identity = context.platform.publish(draft)
        if identity is None or source != "microblog":
            return
        if len(hot) < _HOT_POSTS:
            hot.append(PublishedPost(identity, draft))
        elif uniform() < _HOT_REPLACED:
            hot[int(uniform() * _HOT_POSTS)] = PublishedPost(identity, draft)

    def _repost(self, shared: PublishedPost, moment: int) -> None:
        author = self._usual.author(shared.draft.language, self.event.newcomers)
        draft = shared.draft._replace(created_ms=moment, author=author, repost_of=shared.id, reply_to=None, reach=0.2)
        self._context.platform.publish(draft)


class SpamFeed:
    """Posts of a spam wave: a handful of accounts repeat one sentence with changing links."""

    def __init__(self, context: FeedContext, position: int, event: Event, usual: BaselineFeed) -> None:
        self.event = event
        self._context = context
        self._position = position
        self._usual = usual
        self._brands = (usual.index,)
        self._language = "de" if usual.brand.german >= 0.5 else "en"
        self._sentence = brand_grammar(usual.brand, self._language).text(event.topic, context.rng.random)
        self._authors = [context.authors.newcomer(self._language) for _ in range(context.rng.randint(3, 9))]
        self._tone: Tone = "negative" if event.negative > 0.5 else "neutral"

    def write(self, minute: int) -> None:
        """Publish the posts of a minute of the wave."""
        rng = self._context.rng
        extra = self._usual.usual(minute) * (self.event.factor - 1) * self.event.strength(minute)
        for moment in self._context.moments(minute, extra):
            text = f"{self._sentence} https://example.org/{rng.randrange(65_536):04x}{rng.choice(_SPAM_ENDS)}"
            author = rng.choice(self._authors)
            draft = Draft(
                moment, "microblog", self._language, text, author, self._tone, self._brands, self._position, reach=0
            )
            self._context.platform.publish(draft)
