"""What a config would have raised on recorded posts, against another config and against what people say happened.

Posts are matched and scored once (`scored`), or mentions read from their topic (`recorded`); these run through each
config (`play`), by the same code as live. An incident *pages* when it is raised at a severity that was asked for,
``warning`` by default, without being suppressed. A labelled incident is *found* by an incident that begins to page from
its beginning to an hour after its end (`streams.offline.incident_matching`); of all that page, those that find none are
false.
"""

from streams.offline.backtest.comparison import Comparison, Pair, compare
from streams.offline.backtest.from_posts import Named, scored, scored_alike, scoring
from streams.offline.backtest.from_topic import Span, recorded
from streams.offline.backtest.judgement import Judgement, judge
from streams.offline.backtest.labels import Expected, read_expected
from streams.offline.backtest.partition_files import Mentions
from streams.offline.backtest.playback import Played, play

__all__ = [
    "Comparison",
    "Expected",
    "Judgement",
    "Mentions",
    "Named",
    "Pair",
    "Played",
    "Span",
    "compare",
    "judge",
    "play",
    "read_expected",
    "recorded",
    "scored",
    "scored_alike",
    "scoring",
]
