"""What could be found in time at all: by an oracle that knows everything about a simulation but whether a crisis is
under way, and since when.

It knows the usual posts of every minute, the true tone of each post, whose first it is and what is a repost, and how
crises unfold. The most powerful test is then the likelihood ratio (Neyman and Pearson, 1933), which for independent
posts is the product of ``rate with the crisis / usual rate`` over all of them, times ``exp(-posts expected of the
crisis)``; and its mean over what is not known, which is when it began, how soon it peaks and how high (as in Shiryaev,
1963). The simulation is harder: its usual rates and tones wander, unseen, and its posts answer each other.

What posts say is all that is left out, since what the next crisis will be about is known to nobody.
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
"""False incidents that the oracle may raise; as many for each kind of crisis as a detector may for both."""

_LOOK_MINUTES: Final[Mapping[Kind, int]] = {"firestorm": 1, "slow_burn": 10}
"""How often it looks."""

_STEPS: Final = 4
"""How many values of the time to the peak, and of the height of the peak, it takes the mean over."""

_INCIDENT_MINUTES: Final = 720
"""What it raises within the same half day is one incident."""


def found_by_oracle(kinds: Iterable[Kind], brands: Sequence[SimulatedBrand]) -> dict[Kind, float]:
    """Share that an oracle finds in time, of each of these kinds that is a crisis."""
    return {kind: Oracle(kind).found(brands) for kind in kinds if kind in CRISES}


class Oracle:
    """Tells crises of one kind from usual days.

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
        self._look = _LOOK_MINUTES[kind]
        self._looks = LIMITS[kind] // MINUTE_MS // self._look

    def found(
        self,
        brands: Sequence[SimulatedBrand],
        *,
        false_per_brand_week: float = FALSE_PER_BRAND_WEEK,
        cases: int = 1_000,
        weeks: int = 4,
        seed: int = 0,
    ) -> float:
        """Share of crises, of equally many at each brand, that it finds within the limit of their kind.

        Parameters
        ----------
        brands
            Of the simulated world.
        false_per_brand_week
            What it may raise of usual weeks; that is how its threshold is set.
        cases
            Crises, of all brands together.
        weeks
            Usual ones of each brand.
        seed
            Of everything that is drawn.
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
        """Of a crisis, whatever its form and age within the limit, to usual days of a brand."""
        looks, plan = self._looks, self._plan
        negative = float(np.mean(plan.negative))
        gains, costs = [], []
        for rise, factor in product(np.linspace(*plan.rise, _STEPS), np.linspace(*plan.factor, _STEPS)):
            rates = self._rates(brand, self._strength(round(rise)), factor, negative)
            gain = np.log(rates / _chances(brand.negative)[:, None])
            cost = rates.sum(axis=0) - 1
            for age in range(1, looks + 1):
                before = looks - age
                gains.append(np.pad(gain[:, :age], ((0, 0), (before, 0))).ravel())
                costs.append(np.pad(cost[:age], (before, 0)))
        return LikelihoodRatio(looks, np.array(gains).T, np.array(costs).T)

    def _usual_days(
        self, brand: SimulatedBrand, ratio: LikelihoodRatio, weeks: int, rng: np.random.Generator
    ) -> Numbers:
        """The most that each half day of usual weeks seems to be a crisis."""
        usual = np.tile(self._usual(brand, 0, WEEK // self._look), weeks)
        evidence = ratio.evidence(usual, rng.poisson(usual * _chances(brand.negative)[:, None]))
        looks = _INCIDENT_MINUTES // self._look
        return np.asarray(evidence[: evidence.size // looks * looks].reshape(-1, looks).max(axis=1))

    def _crisis(self, brand: SimulatedBrand, ratio: LikelihoodRatio, rng: np.random.Generator) -> float:
        """The most that a crisis seems to be one within the limit of its kind."""
        plan, looks = self._plan, self._looks
        clock = plan.onset + int(rng.integers(-ONSET_JITTER, ONSET_JITTER + 1))
        onset = int(rng.integers(WEEK // DAY)) * DAY + clock
        usual = self._usual(brand, onset - looks * self._look, 2 * looks)
        strength = self._strength(int(rng.integers(plan.rise[0], plan.rise[1] + 1)))
        rates = self._rates(brand, strength, rng.uniform(*plan.factor), rng.uniform(*plan.negative))
        before = np.repeat(_chances(brand.negative)[:, None], looks, axis=1)
        counts = rng.poisson(usual * np.hstack((before, rates)))
        return float(ratio.evidence(usual, counts)[1:].max())

    def _usual(self, brand: SimulatedBrand, from_minute: int, looks: int) -> Numbers:
        """Expected usual posts between looks."""
        minutes = range(from_minute, from_minute + looks * self._look)
        posts: Numbers = np.array([usual_posts(brand, minute % WEEK) for minute in minutes])
        return np.asarray(posts.reshape(looks, -1).sum(axis=1))

    def _strength(self, rise: int) -> Numbers:
        """Of a crisis from its onset to the limit, the mean between looks."""
        event = Event(self._kind, 0, None, onset=0, peak=rise, end=rise + self._plan.fall[0], factor=0.0)
        minutes: Numbers = np.array([event.strength(minute) for minute in range(self._looks * self._look)])
        return np.asarray(minutes.reshape(self._looks, -1).mean(axis=1))

    def _rates(self, brand: SimulatedBrand, strength: Numbers, factor: float, negative: float) -> Numbers:
        """Posts of each sort for one usual post, between looks; shape (sorts, looks)."""
        shift = SLOW_BURN_SHIFT if self._kind == "slow_burn" else 0.0
        usual = np.array([_chances(brand.negative + shift * each) for each in strength]).T
        own = _chances(negative, self._plan.newcomers, self._plan.reposts)
        return usual + own[:, None] * (factor - 1) * strength


class LikelihoodRatio(NamedTuple):
    """Of crises of many forms and ages at a brand to its usual days.

    Parameters
    ----------
    looks
        The greatest age.
    gains
        Logarithm of the ratio of the rates for a post of each sort at each look; shape (sorts * looks, forms * ages).
    costs
        Posts of the crisis for a usual post at each look; shape (looks, forms * ages).
    """

    looks: int
    gains: Numbers
    costs: Numbers

    def evidence(self, usual: Numbers, counts: NDArray[np.int64]) -> Numbers:
        """Logarithm of the mean likelihood ratio at each look that has enough of them before it, given the usual posts,
        shape (looks,), and those that came, shape (sorts, looks)."""
        seen = sliding_window_view(counts, self.looks, axis=1).transpose(1, 0, 2)
        expected = sliding_window_view(usual, self.looks)
        ratios = seen.reshape(len(expected), -1) @ self.gains - expected @ self.costs
        return np.asarray(logsumexp(ratios, axis=1) - np.log(ratios.shape[1]))


def _chances(negative: float, newcomers: float = NEWCOMERS, reposts: float = REPOST_SHARE / POSTS_PER_ROOT) -> Numbers:
    """Of the eight sorts of posts: negative or not, by a newcomer or not, a repost or not."""
    either = [np.array([chance, 1 - chance]) for chance in (negative, newcomers, reposts)]
    return np.asarray(np.kron(np.kron(either[0], either[1]), either[2]))
