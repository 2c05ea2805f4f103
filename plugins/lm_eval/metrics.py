"""lm-eval's metrics on the figures of a task: lm-eval's values to the last digit, with errors and intervals."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness import Columns, Estimate, Linearised, Metric
from harness.names import describe
from harness.stats import not_available

FloatArray = NDArray[np.float64]
KEPT = "lm_eval"
"""The fact under which a task keeps values that are no numbers: texts, pairs of texts."""
PAIRS = ("weighted_perplexity", "bits_per_byte")
"""Aggregations of pairs (log-likelihood, weight)."""
_MEANS = ("mean", "nanmean")
"""Aggregations that are the mean of one figure a document."""
_PLAIN = (*_MEANS, "perplexity", *PAIRS)
"""Aggregations whose influences are known in closed form."""
_FRACTIONS = ("acc", "exact_match", "em", "f1", "mcc")
_FEW = ("bleu", "chrf", "chrf++", "ter")
_LEAST = 100


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric of a task behind one of the task's filters."""

    metric: str
    filter: str
    aggregate: Callable[[Sequence[Any]], Any]
    higher_is_better: bool = True

    @property
    def key(self) -> str:
        """Return ``acc``, or ``acc,FILTER`` unless the filter is lm-eval's ``none``."""
        return self.metric if self.filter == "none" else f"{self.metric},{self.filter}"

    @property
    def way(self) -> str:
        """Return the name of the aggregation if it is lm-eval's own; else an empty text."""
        is_of_lm_eval = getattr(self.aggregate, "__module__", "") == "lm_eval.api.metrics"
        return str(self.aggregate.__name__) if is_of_lm_eval else ""

    @property
    def is_plain(self) -> bool:
        """Tell whether a column can hold a document's figure, a number or a pair of numbers."""
        return self.way in _PLAIN


def metric_of(figure: Figure, resamples: int) -> Metric:
    """Make the metric that aggregates a figure.

    Args:
        figure: The figure to aggregate.
        resamples: Number of bootstrap resamples for figures without a closed form; 0 gives these no errors.
    """
    kind: type[LmEvalMetric] = PlainMetric if figure.is_plain else WholeMetric
    metric = (OfDocuments if figure.way in _MEANS else kind)(figure, resamples)
    metric.name = figure.key
    return metric


class LmEvalMetric(Metric):
    """A metric as lm-eval aggregates it; ``detail`` holds lm-eval's standard error as ``lm_eval_stderr``."""

    def __init__(self, figure: Figure, resamples: int) -> None:
        self.figure = figure
        self.needs = (figure.key,)  # type: ignore[misc]
        self.higher_is_better = figure.higher_is_better  # type: ignore[misc]
        share = figure.way in _MEANS and figure.metric.startswith(_FRACTIONS)
        self.unit = "fraction" if share else "score"  # type: ignore[misc]
        self.bounds = (0.0, 1.0) if share else None  # type: ignore[misc]
        self._resamples = min(resamples, _LEAST) if figure.metric in _FEW else resamples

    def _replicates(self, items: Sequence[Any]) -> FloatArray:
        """Aggregate resamples that are drawn as lm-eval draws them."""
        chunk = min(1000, self._resamples)
        drawn = []
        for seed in range(self._resamples // chunk if chunk else 0):
            source = random.Random(seed)
            drawn += [_number(self.figure.aggregate(source.choices(items, k=len(items)))) for _ in range(chunk)]
        return np.array(drawn)


class PlainMetric(LmEvalMetric):
    """A mean, or a function of one, so that influences, errors and paired differences have a closed form."""

    def linearise(self, columns: Columns) -> Linearised:
        """Return lm-eval's value, and the influences of the documents (the delta method)."""
        values = columns.values[self.figure.key]
        value = _number(self.figure.aggregate(_as_items(values)))
        if not math.isfinite(value):
            raise ValueError(f"{self.figure.metric} is {value}: a document has no finite likelihood")
        if self.figure.way in _MEANS:
            return Linearised(value, values - values.mean())
        if self.figure.way == "perplexity":
            return Linearised(value, -value * (values - values.mean()))
        likelihood, weight = values.T
        ratio = likelihood.sum() / weight.sum()
        influence = (likelihood - ratio * weight) / weight.mean()
        slope = -value if self.figure.way == "weighted_perplexity" else -1 / math.log(2)
        return Linearised(value, slope * influence)

    def detail(self, columns: Columns) -> Mapping[str, object]:
        """Return lm-eval's standard error, if lm-eval gives one."""
        values = columns.values[self.figure.key]
        if len(values) < 2 or self._resamples == 0:
            return {}
        if self.figure.way == "mean":
            from lm_eval.api.metrics import mean_stderr

            return {"lm_eval_stderr": float(mean_stderr(_as_items(values)))}
        if self.figure.way in ("perplexity", "nanmean"):
            return {"lm_eval_stderr": float(self._replicates(_as_items(values)).std(ddof=1))}
        return {}


class OfDocuments(PlainMetric):
    """The mean of one figure a document, which can stand in tables of figures of items."""

    def item_figures(self, columns: Columns) -> FloatArray:
        """Return the figures, NaN where the request failed."""
        return columns.values[self.figure.key]


class WholeMetric(LmEvalMetric):
    """A figure of all documents together, such as BLEU: errors by resampling documents, no paired differences."""

    def linearise(self, columns: Columns) -> Linearised:
        """Raise an error: influences of single documents are not known.

        Raises:
            ValueError: always.
        """
        raise ValueError(f"{self.figure.metric} is computed from all documents together, not document by document")

    def compute(self, columns: Columns, *, confidence: float = 0.95, seed: int = 0) -> Estimate:
        """Return lm-eval's value, with the standard deviation and percentiles of resamples."""
        numbers = columns.values[self.figure.key]
        mask = np.isfinite(numbers)
        kept = columns.facts[KEPT][self.figure.key]
        items = [kept[int(i)] for i in numbers[mask]]
        nothing = not_available(n=len(items), n_failed=int((~mask).sum()), confidence=confidence)
        if not items:
            return dataclasses.replace(nothing, detail={"reason": self.nothing_valid(columns)})
        try:
            value = _number(self.figure.aggregate(items))
            replicates = self._replicates(items) if len(items) > 1 else np.empty(0)
        except Exception as error:  # the task's own function, or a library's
            reason = f"{self.figure.metric} cannot be computed: {describe(error)}"
            return dataclasses.replace(nothing, detail={"reason": reason})
        if not math.isfinite(value):
            return dataclasses.replace(nothing, detail={"reason": f"{self.figure.metric} gives no number"})
        replicates = replicates[np.isfinite(replicates)]
        if len(replicates) < 2:
            return dataclasses.replace(nothing, value=value)
        stderr = float(replicates.std(ddof=1))
        tail = (1 - confidence) / 2
        low, high = np.quantile(replicates, [tail, 1 - tail])
        lm_eval_error = {"lm_eval_stderr": stderr} if self.figure.way in _BOOTSTRAPPED else {}
        return dataclasses.replace(
            nothing,
            value=value,
            stderr=stderr,
            low=float(low),
            high=float(high),
            detail={"resamples": len(replicates), **lm_eval_error},
        )


_BOOTSTRAPPED = ("median", "matthews_corrcoef", "f1_score", "bleu", "chrf", "chrfpp", "ter")
"""Aggregations for which lm-eval itself gives a bootstrapped standard error."""


def by_size(parts: Sequence[Estimate]) -> Estimate:
    """Average the parts weighted by their numbers of documents, as lm-eval's groups do.

    The standard error is that of independent parts, sqrt(sum (n_i / N)^2 se_i^2). The detail holds lm-eval's own error
    as ``lm_eval_stderr``, which pools variances as if all documents came from one task.
    """
    from harness.results import mean

    sizes = [part.n for part in parts]
    estimate = mean(parts, weights=sizes)
    value = sum(part.value * size for part, size in zip(parts, sizes, strict=True)) / sum(sizes)
    spread = sum((size - 1) * part.stderr**2 * size for part, size in zip(parts, sizes, strict=True))
    freedom = sum(sizes) - len(sizes)
    pooled = math.sqrt(spread / freedom / sum(sizes)) if freedom > 0 else math.nan
    return dataclasses.replace(estimate, value=value, detail={"lm_eval_stderr": pooled})


def _as_items(values: FloatArray) -> list[Any]:
    return [tuple(pair) for pair in values.tolist()] if values.ndim == 2 else values.tolist()


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan
