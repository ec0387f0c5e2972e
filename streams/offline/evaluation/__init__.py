"""Evaluate alerts: simulated posts go through replay, and the raised incidents are compared with the truth.

An **incident** is all alerts that share a fingerprint. It *rises* when it opens and whenever it reaches a level for the
first time; the levels are ``suppressed`` (open, but it pages no one), ``watch``, ``warning`` and ``critical``. A rise
happens at the `at` of its alert, which is event time.

An **event** of the truth affects its brand, and a surge or an outage every brand: each pair of event and brand is a
**case**. A case is over one hour after the `end` of the event. A case of a platform-wide event is left out for a brand
that has a case of its own at the same time, since an incident could not be attributed to either.

- A rise **counts** for the case of the same brand that is under way: onset <= `at` <= end + 1 h. If several are, it
  counts for the one with the latest onset.
- A case was **raised as** the highest level reached by a rise that counts for it, else as ``nothing``.
- A case was **taken for** a crisis if it was raised as ``warning`` or above, else for the label of an incident that
  counts for it (``praise``, ``spam``, ``surge``, ``outage``), else for ``attention`` if it was raised as ``watch``.
  That is a row of the confusion table.
- **Recall** is the share of cases raised as ``warning`` or above. **In time** is the share raised so within
  `figures.LIMITS` of the onset. Crises are ``firestorm`` and ``slow_burn``; for the other kinds the same share says how
  often something harmless was taken for a crisis.
- **An oracle** that knows everything except whether a crisis is under way finds this share in time, with at most
  `oracle.FALSE_PER_BRAND_WEEK` false incidents per brand-week (`streams.offline.evaluation.oracle`). A detector that
  uses the times and tones of posts, newcomers and reposts can hardly find more.
- **Delay** is the time from the onset of the event to the first rise to ``warning`` or above that counts for the case,
  and, separately, to ``watch`` or above; median and 90th percentile go over the cases that were raised so. **Posts** is
  the number of posts of the event that had been written by then.
- An incident is **false** if none of its rises counts for a case, at the highest level it reached. Rates are per week
  of one brand, over the whole run. Incidents that were never more than ``suppressed`` are listed, but not false.
"""

from streams.offline.evaluation.figures import CRISES, LIMITS, Figures, KindFigures, figures
from streams.offline.evaluation.oracle import Oracle, found_by_oracle
from streams.offline.evaluation.report import report
from streams.offline.evaluation.tables import rendered
from streams.offline.evaluation.trial import SimulatedPosts, Trial, config_for, run_trial
from streams.offline.evaluation.trials import run_trials
from streams.offline.incident_matching import (
    CLASSIFICATIONS,
    LEVELS,
    BrandEvent,
    Classification,
    EventOutcome,
    IncidentLevel,
    RaisedIncident,
    Rise,
    brand_events,
    match,
    raised,
)

__all__ = [
    "CLASSIFICATIONS",
    "CRISES",
    "LEVELS",
    "LIMITS",
    "BrandEvent",
    "Classification",
    "EventOutcome",
    "Figures",
    "IncidentLevel",
    "KindFigures",
    "Oracle",
    "RaisedIncident",
    "Rise",
    "SimulatedPosts",
    "Trial",
    "brand_events",
    "config_for",
    "figures",
    "found_by_oracle",
    "match",
    "raised",
    "rendered",
    "report",
    "run_trial",
    "run_trials",
]
