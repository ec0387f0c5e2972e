"""Words that social networks and their apps add to posts, and names of media that posts quote, whatever they are about.

Words that mean something else as well (``bild``, ``stern``, ``app``) are left out: they may be the news.
"""

from __future__ import annotations

from typing import Final

_PLATFORMS: Final = """
bluesky breaking eilmeldung facebook fb ff followback followed follower followers fyp getwittert gif hashtag
hashtags html http https instagram jpg linkedin livestream livetweet lol mastodon nbsp newsletter nowplaying omg pics
pinterest png podcast quot reddit repost retweet retweeted retweets rofl rt screenshot snapchat subreddit telegram
tiktok timeline tumblr tweet tweeted tweeting tweets twitter twittern twittert unroll via vimeo wow wtf www xing yolo
youtube
"""

_MEDIA: Final = """
aljazeera ansa ardmediathek bbc bildzeitung bloomberg buzzfeed cnbc cnn corriere dailymail deutschlandfunk dlf dpa faz
foxnews guardian handelsblatt heise huffington huffingtonpost huffpost lemonde msnbc ndr ntv nytimes orf politico
reuters rtl spiegel spiegelonline spon sueddeutsche swr süddeutsche tagesschau tagesspiegel taz techcrunch
washingtonpost wdr zdf zeitonline zeitung
"""

PLATFORM_WORDS: Final = frozenset((_PLATFORMS + _MEDIA).split())
