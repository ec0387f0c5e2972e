"""Write the usual posts of each minute: about a brand, and about anything else."""

from __future__ import annotations

import math
from bisect import bisect
from collections import deque
from typing import TYPE_CHECKING, Final

from streams.offline.simulate.authors import known_authors_of
from streams.offline.simulate.context import SOURCES, TALKATIVE, TERSE, FeedContext, PublishedPost
from streams.offline.simulate.grammar import LANGUAGES, RIVAL, USER, brand_grammar, chatter_grammar
from streams.offline.simulate.publishing import Draft, Tone
from streams.offline.simulate.rhythm import WEEK, Fluctuation, audience
from streams.offline.simulate.settings import DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.offline.simulate.scenario import Event
    from streams.offline.simulate.world import SimulatedBrand

_SOURCES_UP_TO: Final = (0.62, 0.76, 0.90, 0.96)  # cumulative shares of `SOURCES`, the last takes the rest
_CONVERSATION_SHARE: Final = 0.05
_CONVERSATION_REPLIES: Final = 4.0  # mean of a geometric distribution from 1
POSTS_PER_ROOT: Final = 1 + _CONVERSATION_SHARE * _CONVERSATION_REPLIES
_REPLY_PAUSE_MS: Final = 150_000.0
REPOST_SHARE: Final = 0.16
_REPLY_SHARE: Final = 0.12
_COMPARE_SHARE: Final = 0.02
NEWCOMERS: Final = 0.12
SLOW_BURN_SHIFT: Final = 0.3  # shift of the usual tone at the peak of a slow-burning crisis
_RECENT_POSTS: Final = 40
_KNOWN_AUTHORS_DISTANCE: Final = 1_000  # fewer than most brands have: those of neighbouring brands overlap

_CHATTER_SHARE: Final = 0.15  # of all usual posts
_CONFUSABLE_SHARE: Final = 0.15  # of the chatter


def usual_posts(brand: SimulatedBrand, minute: int) -> float:
    """Return the expected posts about a brand in a minute of the week without events."""
    german, english = audience("de")[minute], audience("en")[minute]
    return brand.posts_per_day / DAY * (brand.german * german + (1 - brand.german) * english)


class BaselineFeed:
    """The usual posts about a brand."""

    def __init__(self, context: FeedContext, index: int, events: Sequence[Event]) -> None:
        self._context = context
        self._uniform = context.rng.random
        self.index = index
        self.brand = brand = context.brands[index]
        self._rivals = [other for other in range(len(context.brands)) if other != index]
        self._first_author = index * _KNOWN_AUTHORS_DISTANCE
        self._authors = known_authors_of(brand)
        self._grammars = {language: brand_grammar(brand, language) for language in LANGUAGES}
        self._burns = [event for event in events if event.kind == "slow_burn"]
        self._volume = Fluctuation(context.rng, spread=0.3, memory_minutes=45)
        self._mood = Fluctuation(context.rng, spread=0.2, memory_minutes=120)
        self._recent: deque[PublishedPost] = deque(maxlen=_RECENT_POSTS)

    def usual(self, minute: int) -> float:
        """Return the expected posts in a minute of the run without events."""
        return usual_posts(self.brand, (minute + self._context.first_minute_of_week) % WEEK)

    def german_share(self, minute: int) -> float:
        """Return the share of German posts in a minute of the run."""
        at = (minute + self._context.first_minute_of_week) % WEEK
        german = self.brand.german * audience("de")[at]
        return german / (german + (1 - self.brand.german) * audience("en")[at])

    def author(self, language: str, newcomers: float = NEWCOMERS) -> str:
        """Draw an author who writes about the brand."""
        return self._context.authors.author(language, self._first_author, self._authors, newcomers)

    def write(self, minute: int) -> None:
        """Publish the posts of a minute."""
        surge, surge_event = self._context.surge(minute)
        volume = self.usual(minute) * self._volume.next_minute() * surge
        mood = self._mood.next_minute()
        moments = self._context.moments(minute, volume / POSTS_PER_ROOT)
        if not moments:
            return
        uniform = self._uniform
        german = self.german_share(minute)
        shift = SLOW_BURN_SHIFT * sum(event.strength(minute) for event in self._burns)
        negative = min(self.brand.negative * mood + shift, 0.9)
        positive = min(self.brand.positive * (1 - shift), 1 - negative)
        for moment in moments:
            event = surge_event if surge_event is not None and uniform() > 1 / surge else None
            chance = uniform()
            if chance < REPOST_SHARE and self._recent:
                self._repost(moment, event)
                continue
            language = "de" if uniform() < german else "en"
            tone = self._context.tone(negative, positive)
            if chance > 1 - _CONVERSATION_SHARE:
                self._converse(moment, language, tone, event)
            elif chance > 1 - _CONVERSATION_SHARE - _REPLY_SHARE and self._recent:
                self._reply(self._recent[int(uniform() * len(self._recent))], moment, tone, event)
            else:
                self._post(moment, SOURCES[bisect(_SOURCES_UP_TO, uniform())], language, tone, event)

    def _post(self, moment: int, source: str, language: str, tone: Tone, event: int | None) -> PublishedPost | None:
        uniform = self._uniform
        brands: tuple[int, ...] = (self.index,)
        if self._rivals and source in TERSE and uniform() < _COMPARE_SHARE:
            rival = self._rivals[int(uniform() * len(self._rivals))]
            brands = (self.index, rival)
            text = self._grammars[language].text(f"compare_{tone}", uniform)
            text = text.replace(RIVAL, self._context.brands[rival].name)
        else:
            text = self._grammars[language].text(f"{source}_{tone}", uniform)
        author = self.author(language)
        text = self._context.typed(text, source)
        reach = 5.0 if source == "news" else 1.0
        draft = Draft(moment, source, language, text, author, tone, brands, event, reach=reach)
        return self._publish(draft, remember=source in TALKATIVE)

    def _converse(self, moment: int, language: str, tone: Tone, event: int | None) -> None:
        """Publish a post and replies to it, which mostly share its tone."""
        uniform = self._uniform
        root = self._post(moment, TALKATIVE[int(uniform() * len(TALKATIVE))], language, tone, event)
        if root is None:
            return
        at_ms = float(moment)
        while True:
            at_ms -= math.log(1.0 - uniform()) * _REPLY_PAUSE_MS
            reply_tone = tone if uniform() < 0.6 else self._context.tone(self.brand.negative, self.brand.positive)
            self._reply(root, int(at_ms), reply_tone, event, remember=False)
            if uniform() * _CONVERSATION_REPLIES < 1.0:
                return

    def _reply(self, to: PublishedPost, moment: int, tone: Tone, event: int | None, *, remember: bool = True) -> None:
        source, language = to.draft.source, to.draft.language
        text = self._grammars[language].text(f"reply_{tone}", self._uniform).replace(USER, f"@{to.draft.author}")
        text = self._context.typed(text, source)
        author = self.author(language)
        draft = Draft(moment, source, language, text, author, tone, (self.index,), event, reply_to=to.id, reach=0.5)
        self._publish(draft, remember=remember)

    def _repost(self, moment: int, event: int | None) -> None:
        shared = self._recent[int(self._uniform() * len(self._recent))]
        author = self.author(shared.draft.language)
        draft = shared.draft._replace(
            created_ms=moment, author=author, event=event, repost_of=shared.id, reply_to=None, reach=0.2
        )
        self._publish(draft, remember=False)

    def _publish(self, draft: Draft, *, remember: bool) -> PublishedPost | None:
        identity = self._context.platform.publish(draft)
        if identity is None:
            return None
        seen = PublishedPost(identity, draft)
        if remember:
            self._recent.append(seen)
        return seen


class ChatterFeed:
    """Posts about anything else, some of them with words that only look like a brand."""

    def __init__(self, context: FeedContext) -> None:
        self._context = context
        about_brands = sum(brand.posts_per_day for brand in context.brands)
        daily = about_brands * _CHATTER_SHARE / (1 - _CHATTER_SHARE)
        german = sum(brand.posts_per_day * brand.german for brand in context.brands) / about_brands
        self._rates = {"de": daily / DAY * german, "en": daily / DAY * (1 - german)}
        self._grammars = {language: chatter_grammar(context.brands, language) for language in LANGUAGES}
        self._volume = Fluctuation(context.rng, spread=0.2, memory_minutes=60)
        self._authors = max(500, int(daily) * 4)

    def write(self, minute: int) -> None:
        """Publish the posts of a minute."""
        context = self._context
        uniform = context.rng.random
        surge, surge_event = context.surge(minute)
        factor = self._volume.next_minute() * surge
        at = (minute + context.first_minute_of_week) % WEEK
        for language in LANGUAGES:
            for moment in context.moments(minute, self._rates[language] * audience(language)[at] * factor):
                event = surge_event if surge_event is not None and uniform() > 1 / surge else None
                source = TALKATIVE[int(uniform() * len(TALKATIVE))]
                rule = "lookalike" if uniform() < _CONFUSABLE_SHARE else "chatter"
                text = self._grammars[language].text(rule, uniform)
                author = context.authors.author(language, 0, self._authors, NEWCOMERS)
                if USER in text:
                    text = text.replace(USER, f"@{context.authors.author(language, 0, self._authors, 0.0)}")
                text = context.typed(text, source)
                context.platform.publish(Draft(moment, source, language, text, author, "neutral", (), event))
