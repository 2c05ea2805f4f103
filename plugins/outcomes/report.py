"""The report on which figure of a benchmark predicts an outcome: correlations, tests, curves and predictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np

from harness import OutcomeFile, Registry
from harness.errors import UsageError, did_you_mean
from harness.store import EVERY_MODEL, ModelChoice, Readable

from .correlations import LEAST_MODELS, Tests, correlate_figures
from .figures import OutcomeFigures, gather, matching
from .prediction import Prediction, Skill, predict
from .quantiles import QuantileCurve, quantile_curves
from .replicates import add_replicates
from .table import OutcomeTable, outcome_table


@dataclass(frozen=True, slots=True)
class CorrelationQuestion:
    """The figures of a benchmark to set against an outcome, and how to do so."""

    benchmark: str
    """A benchmark, or a single task."""
    outcome: OutcomeFile
    published: Sequence[Path] = ()
    """Files of published results, beside those that the benchmark ships."""
    replicates: Path | None = None
    tasks: Sequence[str] = ()
    metrics: Sequence[str] = ()
    domains: Sequence[str] = ()
    curve_domains: Sequence[str] = ()
    """Domains of the lower-bound curves; none: those of the benchmark's ``minimum`` aggregates, else all."""
    choice: ModelChoice = EVERY_MODEL
    """The models whose figures are used."""
    predict: Sequence[str] = ()
    method: str = "ridge"
    level: float = 0.95
    """Nominal coverage of all intervals."""
    seed: int = 0


@dataclass(slots=True)
class Report:
    """The results of a correlation: tests, curves, the predictor and its predictions."""

    benchmark: str
    outcome: str
    """The outcome's name, from its file."""
    values: dict[str, float]
    """The outcome of each model that also has figures."""
    tests: Tests
    curves: list[QuantileCurve]
    skill: Skill
    predictions: list[Prediction]
    level: float
    notes: list[str] = field(default_factory=list)


def answer(registry: Registry, store: Readable | None, question: CorrelationQuestion) -> Report:
    """Correlate figures with an outcome, test the correlations, and predict.

    Raises:
        UsageError: too few models have both; or a pattern, column or model does not exist.
        DataError: a file cannot be read.
    """
    if not 0 < question.level < 1:
        raise UsageError(f"the level of the intervals has to lie between 0 and 1, not {question.level:g}")
    table = outcome_table(question.outcome)
    if question.replicates is not None:
        add_replicates(table, question.replicates)
    everything = gather(registry, question.benchmark, store=store, published=question.published, choice=question.choice)
    chosen = matching(everything, tasks=question.tasks, metrics=question.metrics, domains=question.domains)
    figures = everything.select(features=chosen)
    shared, notes = _shared(table, figures)
    new = _new(question, table, figures)
    complete = figures.select(models=shared)
    outcomes = [table.values[model] for model in shared]
    values = [outcome.value for outcome in outcomes]
    if not np.ptp(values) > 0:
        raise UsageError(
            f"{table.path}: all {len(values)} models have the outcome {values[0]:g}; nothing can correlate"
        )
    tests = correlate_figures(complete, outcomes, seed=question.seed, confidence=question.level)
    notes += _explain(tests)
    if question.tasks or question.metrics or question.domains:
        notes.append(
            "only the figures selected are allowed for; had they been chosen because they go with this outcome, "
            "p family and the predictor would look better than they are"
        )
    curves = quantile_curves(complete, values, domains=_curve_domains(registry, question, complete), seed=question.seed)
    method, level, seed = question.method, question.level, question.seed
    skill, predictions = predict(complete, values, new, method=method, level=level, seed=seed)
    return Report(
        question.benchmark,
        table.name,
        dict(zip(shared, values, strict=True)),
        tests,
        curves,
        skill,
        predictions,
        question.level,
        [*table.notes, *everything.notes, *notes],
    )


def _shared(table: OutcomeTable, figures: OutcomeFigures) -> tuple[list[str], list[str]]:
    """Return the models with an outcome and figures, and a note on each model without figures.

    Raises:
        UsageError: there are fewer than four such models.
    """
    shared = [model for model in table.values if model in figures.models]
    rest = [model for model in table.values if model not in figures.models]
    free = [model for model in figures.models if model not in shared]
    notes = [f"{model}: an outcome, but no figures{did_you_mean(model, free)}" for model in rest]
    if len(shared) < LEAST_MODELS:
        few = (
            f"only {len(shared)} models of {table.path} have figures"
            if shared
            else (f"no model of {table.path} has figures")
        )
        raise UsageError("\n".join([f"{few}; at least {LEAST_MODELS} are needed to correlate anything", *notes]))
    return shared, notes


def _new(question: CorrelationQuestion, table: OutcomeTable, figures: OutcomeFigures) -> OutcomeFigures:
    for model in question.predict:
        if model not in figures.models:
            raise UsageError(f"--predict: no figures of a model {model!r}{did_you_mean(model, figures.models)}")
        if model in table.values:
            raise UsageError(
                f"--predict: {model!r} has an outcome in {table.path}; what the others predict for it is in the report "
                "anyway. Remove it from the file to predict it"
            )
    return figures.select(models=list(dict.fromkeys(question.predict)))


def _curve_domains(registry: Registry, question: CorrelationQuestion, figures: OutcomeFigures) -> list[str]:
    """Return the patterns of the curves' domains: the user's, or those of the benchmark's minimum, or all.

    Raises:
        UsageError: a pattern of the user matches nothing.
    """
    if question.curve_domains:
        names = [f.domain for f in figures.features if f.domain != "overall"]
        for pattern in question.curve_domains:
            if not any(fnmatchcase(name, pattern) for name in names):
                raise UsageError(f"--curve-domain: no domain matches {pattern!r}{did_you_mean(pattern, names)}")
        return list(question.curve_domains)
    benchmark = registry.benchmarks().find(question.benchmark)
    if benchmark is None:
        return ["*"]
    lowest = [selector for a in benchmark.aggregates if a.how == "minimum" for selector in a.of]
    parts = [selector.split(":") for selector in lowest]
    named = list(dict.fromkeys(part[-1] for part in parts if len(part) > 2 and part[-1] != "overall"))
    return named or ["*"]


def _explain(tests: Tests) -> list[str]:
    notes = []
    if tests.left_out:
        shown = ", ".join(tests.left_out[:4]) + (", ..." if len(tests.left_out) > 4 else "")
        notes.append(f"{len(tests.left_out)} figures that too few models have, or all alike, are left out: {shown}")
    noisy = sum(c.reliability <= 0 for c in tests.correlations)
    if noisy:
        notes.append(f"{noisy} figures spread no more between models than their own errors would: not corrected")
    if tests.outcome_reliability <= 0:
        notes.append(
            "the outcomes spread no more than their own noise would: "
            "no correlation with them can be corrected, or trusted"
        )
    return notes
