"""What a config would have raised on recorded posts, against another config and against what people say happened.

The posts go through the same code as live, once for each config. An incident *pages* when it is raised at a severity
that was asked for, ``warning`` by default, without being suppressed. A labelled incident is *found* by an incident that
begins to page from its beginning to an hour after its end (`streams.evaluation.matching`); of all that page, those that
find none are false.
"""

from streams.backtest.comparison import Comparison, Pair, compare
from streams.backtest.expected import Expected, read_expected
from streams.backtest.judgement import Judgement, judge
from streams.backtest.played import Played, play

__all__ = ["Comparison", "Expected", "Judgement", "Pair", "Played", "compare", "judge", "play", "read_expected"]
