"""How good the alerts are: simulated posts go through replay, and what was raised is compared with the truth.

An **incident** is all alerts that share a fingerprint. It *rises* when it opens and whenever it then reaches a level it
did not have before; the levels are ``suppressed`` (open, but told not to page anyone), ``watch``, ``warning``,
``critical``. A rise happens at the `at` of its alert, which is event time.

An **event** of the truth befalls its brand, and a surge or an outage every brand: each pair of event and brand is a
**case**. A case is over one hour after the event's `end`. A case of a platform-wide event is left out for a brand that
has a case of its own at the same time, as nobody could say whose an incident is.

- A rise **counts** for the case of the same brand that is under way: onset <= `at` <= end + 1 h. Of several the one
  with the latest onset has it.
- A case was **raised as** the highest level that a rise which counts for it reached, else as ``nothing``.
- A case was **taken for** a crisis if it was raised as ``warning`` or above, else for what the label of an incident
  that counts for it says (``praise``, ``spam``, ``surge``, ``outage``), else for ``attention`` if it was raised as
  ``watch``. That is a row of the confusion table.
- **Recall** is the share of cases raised as ``warning`` or above. **In time** is the share raised so within
  `figures.LIMITS` of the onset. Crises are ``firestorm`` and ``slow_burn``; for the other kinds the same share says how
  often something harmless was taken for a crisis.
- **An oracle** that knows everything but whether a crisis is under way finds so many in time, with at most
  `oracle.FALSE_PER_BRAND_WEEK` false incidents per brand-week (`streams.offline.evaluation.oracle`): what goes by
  the times and tones of posts, newcomers and reposts can hardly find more.
- **Delay** is the time from the truth's onset to the first rise to ``warning`` or above that counts for the case,
  and, separately, to ``watch`` or above; median and 90th percentile go over the cases that were raised so. **Posts**
  is how many of the event's own posts had been written by then.
- An incident is **false** if none of its rises counts for a case, at the highest level it reached. Rates are per week
  of one brand, over the whole run. Incidents that were never more than ``suppressed`` are listed, and no false ones.
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
