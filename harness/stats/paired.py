"""Two models on the same items: the difference, its interval, tests, and what could have been detected.

Items that are hard for one model tend to be hard for the other; differencing item by item removes that shared
part, so a paired comparison resolves far smaller gaps than two separate intervals do.

If nearly all items have the same difference, mostly none, their spread says little of how often another one occurs:
the interval is then the wider of Student's and the one with a pseudo-pair added (`_rare_differences`), and the p-value
and the detectable difference follow.
"""

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harness.stats._arrays import (
    BoolArray,
    FloatArray,
    as_vector,
    require_at_least,
    require_probability,
    require_same_shape,
    student_quantile,
)
from harness.stats._clusters import cluster_sums
from harness.stats._rare_differences import with_pseudo_pair
from harness.stats.cluster_robust import Spread, spread_of
from harness.stats.errors import OutOfRange

# Relative to the difference itself: a spread this small is rounding.
_ROUNDING = 1e-12
_BITS_AT_A_TIME = 2**23


@dataclass(frozen=True, slots=True)
class Difference:
    """The advantage of a over b, in the unit of the metric; NaN = cannot be computed."""

    value: float
    """Value of a minus value of b on the shared items."""
    stderr: float
    """Standard error of the difference; NaN with fewer than two clusters."""
    low: float
    """Lower end of the confidence interval."""
    high: float
    """Upper end of the confidence interval."""
    p_value: float
    """Two-sided probability of a difference at least this large if there were none."""
    n: int
    """Number of items that both models answered."""
    minimum_detectable: float
    """The true difference that a comparison this precise would detect with the given power."""


def paired_difference(
    value_a: float,
    influence_a: ArrayLike,
    value_b: float,
    influence_b: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    classes: ArrayLike | None = None,
    bounds: tuple[float, float] | None = None,
    trials: int | None = None,
    confidence: float = 0.95,
    power: float = 0.8,
) -> Difference:
    """Compare one metric of two models on the items where both have an influence.

    Args:
        value_a: the metric of the first model.
        influence_a: its influences (see `estimate_from_influence`), shape (n,); NaN = failed there.
        value_b: the metric of the second model.
        influence_b: its influences on the same items in the same order, shape (n,).
        clusters: labels of shape (n,) of items that depend on each other.
        classes: as `estimate_from_influence`, of both models.
        bounds: least and greatest value of the metric; the difference stays within their distance, and one item
            where the models differ moves it by that distance over the trials at most. None: by as much as the
            influences of either model differ.
        trials: independent trials behind the metric where they are not the items, as `estimate_from_influence`.
        confidence: coverage of the interval; the test uses Student's t with the degrees of freedom of
            `cluster_robust`: one less than there are equal clusters.
        power: probability with which `minimum_detectable` would be detected.

    Returns:
        Where an item is missing for one model, each value is moved to the shared items by the mean influence
        there: exact for means, first order for other metrics. If the difference is the same non-zero number
        on every item, no spread can be estimated: the p-value is that of the sign-flip test, 2^(1-G). Identical
        models give value 0 and p-value 1. The interval has a width in both cases.

    Raises:
        ShapeMismatch: the arrays are not aligned.
        OutOfRange: `confidence` or `power` outside (0, 1).

    >>> import numpy as np
    >>> from harness.stats import paired_difference
    >>> a, b = np.array([1, 1, 0, 1, 1, 0]), np.array([1, 0, 0, 1, 0, 0])
    >>> difference = paired_difference(a.mean(), a - a.mean(), b.mean(), b - b.mean(), bounds=(0, 1))
    >>> round(float(difference.value), 3), round(difference.p_value, 3), difference.n
    (0.333, 0.285, 6)
    """
    require_probability(confidence, "confidence")
    psi_a, psi_b = as_vector(influence_a, "influence_a"), as_vector(influence_b, "influence_b")
    require_same_shape(psi_a, psi_b, "influence_a and influence_b")
    gaps = psi_a - psi_b
    shared = ~np.isnan(gaps)
    gaps, n = gaps[shared], int(shared.sum())
    if n == 0:
        return Difference(math.nan, math.nan, math.nan, math.nan, math.nan, 0, math.nan)
    shift = float(gaps.mean())
    # Where nothing is missing the shift is rounding, which would move figures that lie between two printed ones.
    value = value_a - value_b + (0.0 if shared.all() else shift)
    spread = spread_of(gaps - shift, clusters=clusters, classes=classes, kept=shared)
    difference = _difference(value, spread, n, confidence=confidence, power=power)
    width = math.inf if bounds is None else bounds[1] - bounds[0]
    spans = [float(np.ptp(psi[shared])) for psi in (psi_a, psi_b)]
    # What one item can do to the sum of the differences; inside known bounds both may be constant by chance.
    most = max(spans) if bounds is None else max(*spans, width * n / max(1, trials or n))
    rare = with_pseudo_pair(gaps - shift + value, most, clusters, shared)
    if rare is not None:
        difference = _wider(difference, *rare, width, confidence=confidence, power=power)
    # Two rates are never further apart than 1, whatever a normal interval says.
    return dataclasses.replace(difference, low=max(difference.low, -width), high=min(difference.high, width))


def sign_flip_test(
    differences: ArrayLike,
    *,
    rng: np.random.Generator,
    clusters: ArrayLike | None = None,
    replicates: int = 10_000,
) -> float:
    """Compute the p-value that the differences are symmetric around zero (Fisher's randomisation test for pairs).

    Args:
        differences: item by item, shape (n,), any unit; NaN = missing, left out.
        rng: the source of randomness; unused where all sign patterns can be enumerated.
        clusters: labels of shape (n,); the signs of a whole cluster flip together.
        replicates: number of random sign patterns R; p = (1 + number at least as extreme) / (1 + R)
            (Phipson and Smyth 2010). With 2^(G-1) <= R patterns the test enumerates them and is exact.

    Returns:
        Two-sided p-value; 1 when all differences are zero; NaN without differences.

    Raises:
        ShapeMismatch: `clusters` is not aligned. OutOfRange: `replicates` below 1, or a difference is
            infinite.
    """
    require_at_least(replicates, 1, "replicates")
    items = as_vector(differences, "differences")
    present = ~np.isnan(items)
    if not present.any():
        return math.nan
    if np.isinf(items).any():
        raise OutOfRange("differences must be finite; mark missing ones with NaN.")
    sums = cluster_sums(items[present], clusters, present)
    sums = sums[sums != 0]
    if sums.size == 0:
        return 1.0
    if sums.size - 1 <= math.log2(replicates):
        return float(_at_least_as_extreme(_all_flips(sums.size), sums).mean())
    rows = max(1, _BITS_AT_A_TIME // sums.size)
    extreme = sum(
        int(_at_least_as_extreme(_random_flips(rng, min(rows, replicates - start), sums.size), sums).sum())
        for start in range(0, replicates, rows)
    )
    return (1 + extreme) / (1 + replicates)


def mcnemar_exact(only_a: int, only_b: int) -> float:
    """Compute the exact two-sided p-value that two models are equally often right (McNemar 1947, binomial form).

    Args:
        only_a: number of items that only the first model got right.
        only_b: number of items that only the second model got right.

    Raises:
        OutOfRange: a count is negative.

    >>> from harness.stats import mcnemar_exact
    >>> mcnemar_exact(1, 7)
    0.0703125
    """
    require_at_least(min(only_a, only_b), 0, "the smaller count")
    from scipy.special import bdtr

    return min(1.0, 2.0 * float(bdtr(min(only_a, only_b), only_a + only_b, 0.5)))


def minimum_detectable_difference(
    stderr: float, *, alpha: float = 0.05, power: float = 0.8, degrees_of_freedom: float = math.inf
) -> float:
    """Compute the true difference that a two-sided test at level `alpha` detects with probability `power`.

    This is (t_{1 - alpha/2} + t_{power}) * stderr (Bloom 1995).

    Args:
        stderr: standard error of the difference; NaN gives NaN.
        alpha: level of the test.
        power: probability of the detection.
        degrees_of_freedom: of Student's t; infinite takes the normal quantiles.

    Returns:
        The difference, in the unit of `stderr`.

    Raises:
        OutOfRange: `alpha` or `power` outside (0, 1).

    >>> from harness.stats import minimum_detectable_difference
    >>> round(minimum_detectable_difference(0.02), 3)
    0.056
    """
    require_probability(alpha, "alpha")
    require_probability(power, "power")
    if math.isnan(stderr):
        return math.nan
    quantiles = (
        student_quantile(probability, degrees_of_freedom=degrees_of_freedom) for probability in (1 - alpha / 2, power)
    )
    return sum(quantiles) * stderr


def _difference(value: float, spread: Spread, n: int, *, confidence: float, power: float) -> Difference:
    """Compute interval, test and detectable difference."""
    stderr, freedom = spread.stderr, spread.degrees_of_freedom
    if math.isnan(stderr):
        p_value = 1.0 if value == 0 else math.nan
        return Difference(value, math.nan, math.nan, math.nan, p_value, n, math.nan)
    reach = stderr * student_quantile(0.5 + confidence / 2, degrees_of_freedom=freedom)
    detectable = minimum_detectable_difference(stderr, alpha=1 - confidence, power=power, degrees_of_freedom=freedom)
    if value == 0:
        p_value = 1.0
    elif stderr <= _ROUNDING * abs(value):
        p_value = 2.0 ** (1 - spread.clusters)  # no spread: the sign-flip test, which needs none
    else:
        p_value = _p_value(value, stderr, freedom)
    return Difference(value, stderr, value - reach, value + reach, p_value, n, detectable)


def difference_of(
    value: float,
    stderr: float,
    n: int,
    *,
    degrees_of_freedom: float = math.inf,
    confidence: float = 0.95,
    power: float = 0.8,
) -> Difference:
    """Return a difference of which the standard error is known, such as one from a covariance.

    Args:
        value: Of a less that of b.
        stderr: Of the difference; NaN = not known.
        n: Number of items.
        degrees_of_freedom: Of Student's t; infinite: the normal distribution.
        confidence: Coverage of the interval.
        power: Of the detectable difference.

    >>> round(difference_of(1.0, 0.5, 40).p_value, 4)
    0.0455
    """
    require_probability(confidence, "confidence")
    if not stderr > 0:
        # Without spread, no difference has p-value 1; of another one nothing is known.
        end, p_value = (value if stderr == 0 else math.nan), (1.0 if value == 0 else math.nan)
        return Difference(value, stderr, end, end, p_value, n, math.nan)
    reach = stderr * student_quantile(0.5 + confidence / 2, degrees_of_freedom=degrees_of_freedom)
    detectable = minimum_detectable_difference(
        stderr, alpha=1 - confidence, power=power, degrees_of_freedom=degrees_of_freedom
    )
    p_value = _p_value(value, stderr, degrees_of_freedom)
    return Difference(value, stderr, value - reach, value + reach, p_value, n, detectable)


def _wider(
    usual: Difference, centre: float, spread: Spread, width: float, *, confidence: float, power: float
) -> Difference:
    """Widen the difference by the interval around the centre, kept within the width of the metric's bounds."""
    stderr, freedom = spread.stderr, spread.degrees_of_freedom
    if math.isnan(usual.stderr) or math.isnan(stderr):
        return usual
    reach = stderr * student_quantile(0.5 + confidence / 2, degrees_of_freedom=freedom)
    detectable = minimum_detectable_difference(stderr, alpha=1 - confidence, power=power, degrees_of_freedom=freedom)
    spread_seen = usual.stderr > _ROUNDING * abs(usual.value)
    return dataclasses.replace(
        usual,
        low=min(usual.low, max(centre - reach, -width)),
        high=max(usual.high, min(centre + reach, width)),
        p_value=max(usual.p_value, _p_value(centre, stderr, freedom)) if spread_seen and usual.value else usual.p_value,
        minimum_detectable=max(usual.minimum_detectable, min(detectable, width)),
    )


def _p_value(value: float, stderr: float, freedom: float) -> float:
    """Return the two-sided p-value of Student's t test."""
    if math.isinf(freedom):
        return math.erfc(abs(value) / stderr / math.sqrt(2))
    from scipy.special import stdtr

    return 2.0 * float(stdtr(freedom, -abs(value) / stderr))


def _all_flips(count: int) -> BoolArray:
    """List every sign pattern up to a common sign, shape (2^(count-1), count)."""
    numbers = np.arange(2 ** (count - 1), dtype=np.int64)
    return np.asarray((numbers[:, None] >> np.arange(count)) & 1 == 1)


def _random_flips(rng: np.random.Generator, replicates: int, count: int) -> BoolArray:
    """Toss fair coins, shape (replicates, count)."""
    packed = rng.integers(0, 256, (replicates, -(-count // 8)), dtype=np.uint8)
    return np.unpackbits(packed, axis=1, count=count).view(np.bool_)


def _at_least_as_extreme(flips: BoolArray, sums: FloatArray) -> BoolArray:
    """Tell whether flipping these signs leaves a total no nearer to zero than the observed one, shape (R,)."""
    observed = sums.sum()
    totals = observed - 2.0 * (flips.astype(np.float64) @ sums)
    slack = _ROUNDING * np.abs(sums).sum()
    return np.asarray(np.abs(totals) >= abs(observed) - slack)
