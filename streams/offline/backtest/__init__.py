"""Run configs over recorded posts, and compare the incidents they raise with each other and with labels.

Posts are matched and scored once (`scored`), or mentions are read from their topic (`from_topic.recorded`, which needs
Kafka and is not imported here). The mentions run through each config (`run_configs`) by the code that detects live. An
incident *pages* when it is raised, without being suppressed, at the chosen severity or above (``warning`` by default).
A labelled incident is *found* by an incident that begins to page between its beginning and an hour after its end
(`streams.offline.incident_matching`). Incidents that page and find no label are *false positives*.
"""

from streams.offline.backtest.comparison import ConfigComparison, Pair, compare
from streams.offline.backtest.evaluation import LabelEvaluation, evaluate
from streams.offline.backtest.from_posts import NamedConfig, scored, scored_alike, scoring
from streams.offline.backtest.labels import Expected, LabelledSpan, Labels, read_labels
from streams.offline.backtest.partition_files import Mentions
from streams.offline.backtest.playback import BacktestRun, run_configs
from streams.offline.backtest.time_range import TimeRange

__all__ = [
    "BacktestRun",
    "ConfigComparison",
    "Expected",
    "LabelEvaluation",
    "LabelledSpan",
    "Labels",
    "Mentions",
    "NamedConfig",
    "Pair",
    "TimeRange",
    "compare",
    "evaluate",
    "read_labels",
    "run_configs",
    "scored",
    "scored_alike",
    "scoring",
]
