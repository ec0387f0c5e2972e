"""Compute an upper limit on the crises that can be found in time, by an oracle.

The oracle knows everything about a simulation except whether a crisis is under way, and since when: the usual posts of
every minute, the true tone of each post, which posts are reposts or by newcomers, and the course of crises. The most
powerful test is then the likelihood ratio (Neyman and Pearson, 1933), which for independent posts is the product of
``rate with the crisis / usual rate`` over all of them, times ``exp(-posts expected of the crisis)``, averaged over the
unknowns, which are when it began, how soon it peaks and how high (as in Shiryaev, 1963). The simulation is harder: its
usual rates and tones fluctuate, and its posts cause replies. Only the content of posts is left out, since the subject
of the next crisis is unknown.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import logsumexp

from detectors.units import MINUTE_MS
from streams.offline.evaluation.figures import CRISES, LIMITS
from streams.offline.simulate import KINDS
from streams.offline.simulate.baseline_feed import NEWCOMERS, POSTS_PER_ROOT, REPOST_SHARE, SLOW_BURN_SHIFT, usual_posts
from streams.offline.simulate.rhythm import WEEK
from streams.offline.simulate.scenario import ONSET_JITTER, PLANS, Event
from streams.offline.simulate.settings import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from streams.offline.simulate import Kind
    from streams.offline.simulate.world import SimulatedBrand

    Numbers = NDArray[np.float64]

FALSE_PER_BRAND_WEEK: Final = 0.1
"""Rate of false incidents that the oracle may raise; for each kind of crisis the same as a detector may for both."""

_CHECK_MINUTES: Final[Mapping[Kind, int]] = {"firestorm": 1, "slow_burn": 10}
"""Time between two checks of the oracle."""

_STEPS: Final = 4
"""Number of values of the time to the peak, and of its height, over which the ratio is averaged."""

_INCIDENT_MINUTES: Final = 720
"""Time within which all that the oracle raises is one incident: half a day."""


def found_by_oracle(kinds: Iterable[Kind], brands: Sequence[SimulatedBrand]) -> dict[Kind, float]:
    """Return the share that an oracle finds in time, for each of these kinds that is a crisis."""
    return {kind: Oracle(kind).found(brands) for kind in kinds if kind in CRISES}


class Oracle:
    """An optimal test that distinguishes crises of one kind from usual days.

    Parameters
    ----------
    kind
        ``firestorm`` or ``slow_burn``.

    Examples
    --------
    >>> from streams.offline.simulate.world import world
    >>> large = [brand for brand in world(12) if brand.posts_per_day > 4000]
    >>> Oracle("firestorm").found(large, cases=20, weeks=1)
    1.0
    """

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._plan = PLANS[kind]
        self._check_minutes = _CHECK_MINUTES[kind]
        self._checks = LIMITS[kind] // MINUTE_MS // self._check_minutes

    def found(
        self,
        brands: Sequence[SimulatedBrand],
        *,
        false_per_brand_week: float = FALSE_PER_BRAND_WEEK,
        cases: int = 1_000,
        weeks: int = 4,
        seed: int = 0,
    ) -> float:
        """Return the share of crises, equally many at each brand, that are found within the limit of their kind.

        Parameters
        ----------
        brands
            Brands of the simulated world.
        false_per_brand_week
            Rate of false incidents in usual weeks, which sets the threshold.
        cases
            Number of crises of all brands together.
        weeks
            Number of usual weeks of each brand.
        seed
            Seed of all that is drawn.
        """
        rng = np.random.default_rng((seed, KINDS.index(self._kind)))
        usual_days, crises = [], []
        for brand in brands:
            ratio = self.ratio(brand)
            usual_days.append(self._usual_days(brand, ratio, weeks, rng))
            crises += [self._crisis(brand, ratio, rng) for _ in range(max(1, cases // len(brands)))]
        allowed = int(false_per_brand_week * weeks * len(brands))
        threshold = np.sort(np.concatenate(usual_days))[::-1][allowed]
        return float(np.mean(np.array(crises) > threshold))

    def ratio(self, brand: SimulatedBrand) -> LikelihoodRatio:
        """Return the likelihood ratio of a crisis, of any form and age within the limit, to usual days of a brand."""
        checks, plan = self._checks, self._plan
        negative = float(np.mean(plan.negative))
        gains, costs = [], []
        for rise, factor in product(np.linspace(*plan.rise, _STEPS), np.linspace(*plan.factor, _STEPS)):
            rates = self._rates(brand, self._strength(round(rise)), factor, negative)
            gain = np.log(rates / _chances(brand.negative)[:, None])
            cost = rates.sum(axis=0) - 1
            for age in range(1, checks + 1):
                before = checks - age
                gains.append(np.pad(gain[:, :age], ((0, 0), (before, 0))).ravel())
                costs.append(np.pad(cost[:age], (before, 0)))
        return LikelihoodRatio(checks, np.array(gains).T, np.array(costs).T)

    def _usual_days(
        self, brand: SimulatedBrand, ratio: LikelihoodRatio, weeks: int, rng: np.random.Generator
    ) -> Numbers:
        """Return the strongest evidence for a crisis in each half day of usual weeks."""
        usual = np.tile(self._usual(brand, 0, WEEK // self._check_minutes), weeks)
        evidence = ratio.evidence(usual, rng.poisson(usual * _chances(brand.negative)[:, None]))
        checks = _INCIDENT_MINUTES // self._check_minutes
        return np.asarray(evidence[: evidence.size // checks * checks].reshape(-1, checks).max(axis=1))

    def _crisis(self, brand: SimulatedBrand, ratio: LikelihoodRatio, rng: np.random.Generator) -> float:
        """Return the strongest evidence for a crisis within the limit of its kind."""
        plan, checks = self._plan, self._checks
        clock = plan.onset + int(rng.integers(-ONSET_JITTER, ONSET_JITTER + 1))
        onset = int(rng.integers(WEEK // DAY)) * DAY + clock
        usual = self._usual(brand, onset - checks * self._check_minutes, 2 * checks)
        strength = self._strength(int(rng.integers(plan.rise[0], plan.rise[1] + 1)))
        rates = self._rates(brand, strength, rng.uniform(*plan.factor), rng.uniform(*plan.negative))
        before = np.repeat(_chances(brand.negative)[:, None], checks, axis=1)
        counts = rng.poisson(usual * np.hstack((before, rates)))
        return float(ratio.evidence(usual, counts)[1:].max())

    def _usual(self, brand: SimulatedBrand, from_minute: int, checks: int) -> Numbers:
        """Return the expected usual posts between checks."""
        minutes = range(from_minute, from_minute + checks * self._check_minutes)
        posts: Numbers = np.array([usual_posts(brand, minute % WEEK) for minute in minutes])
        return np.asarray(posts.reshape(checks, -1).sum(axis=1))

    def _strength(self, rise: int) -> Numbers:
        """Return the strength of a crisis from its onset to the limit, averaged between checks."""
        event = Event(self._kind, 0, None, onset=0, peak=rise, end=rise + self._plan.fall[0], factor=0.0)
        minutes: Numbers = np.array([event.strength(minute) for minute in range(self._checks * self._check_minutes)])
        return np.asarray(minutes.reshape(self._checks, -1).mean(axis=1))

    def _rates(self, brand: SimulatedBrand, strength: Numbers, factor: float, negative: float) -> Numbers:
        """Return the posts of each sort per usual post between checks; shape (sorts, checks)."""
        shift = SLOW_BURN_SHIFT if self._kind == "slow_burn" else 0.0
        usual = np.array([_chances(brand.negative + shift * each) for each in strength]).T
        own = _chances(negative, self._plan.newcomers, self._plan.reposts)
        return usual + own[:, None] * (factor - 1) * strength


class LikelihoodRatio(NamedTuple):
    """The likelihood ratio of crises of many forms and ages at a brand to its usual days.

    Parameters
    ----------
    checks
        Greatest age, in checks.
    gains
        Logarithm of the ratio of the rates for a post of each sort at each check; shape (sorts * checks, forms * ages).
    costs
        Posts of the crisis per usual post at each check; shape (checks, forms * ages).
    """

    checks: int
    gains: Numbers
    costs: Numbers

    def evidence(self, usual: Numbers, counts: NDArray[np.int64]) -> Numbers:
        """Return the logarithm of the mean likelihood ratio at each check with enough checks before it.

        Parameters
        ----------
        usual
            Expected usual posts; shape (checks,).
        counts
            Observed posts; shape (sorts, checks).
        """
        observed = sliding_window_view(counts, self.checks, axis=1).transpose(1, 0, 2)
        expected = sliding_window_view(usual, self.checks)
        ratios = observed.reshape(len(expected), -1) @ self.gains - expected @ self.costs
        return np.asarray(logsumexp(ratios, axis=1) - np.log(ratios.shape[1]))


def _chances(negative: float, newcomers: float = NEWCOMERS, reposts: float = REPOST_SHARE / POSTS_PER_ROOT) -> Numbers:
    """Return the shares of the eight sorts of posts: negative or not, by a newcomer or not, a repost or not."""
    either = [np.array([chance, 1 - chance]) for chance in (negative, newcomers, reposts)]
    return np.asarray(np.kron(np.kron(either[0], either[1]), either[2]))
