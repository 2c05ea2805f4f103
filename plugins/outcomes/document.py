"""A report of correlations as plain data, the form that ``--json`` promises."""

from __future__ import annotations

import math
from typing import Any

from harness.stats import Estimate

from .correlations import Correlation
from .prediction import Prediction
from .report import Report


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as plain data; a figure that cannot be computed is None."""
    tests, skill = report.tests, report.skill
    return {
        "benchmark": report.benchmark,
        "outcome": report.outcome,
        "level": report.level,
        "models": report.values,
        "outcome_reliability": _finite(tests.outcome_reliability),
        "permutations": tests.permutations,
        "exact": tests.exact,
        "correlations": [_correlation_json(c) for c in tests.correlations],
        "curves": [
            {
                "task": curve.task,
                "metric": curve.metric,
                "domains": list(curve.domains),
                "n": curve.n,
                "correlations": list(map(_finite, curve.correlations)),
                "p_values": list(map(_finite, curve.p_values)),
            }
            for curve in report.curves
        ],
        "predictor": {
            "method": skill.method,
            "n": skill.n,
            "features": list(skill.features),
            "skill": _finite(skill.value),
            "p_value": skill.p_value,
            "permutations": skill.permutations,
            "useful": skill.useful,
            "detail": skill.reason,
            "left_out": {m: {"outcome": y, "predicted": predicted} for m, (y, predicted) in skill.left_out.items()},
        },
        "predictions": [_prediction_json(p) for p in report.predictions],
        "left_out": tests.left_out,
        "notes": report.notes,
    }


def _correlation_json(c: Correlation) -> dict[str, Any]:
    f = c.feature
    return {
        "task": f.task,
        "metric": f.metric,
        "domain": f.domain,
        "aggregate": f.aggregate,
        "higher_is_better": f.higher_is_better,
        "negated": not f.higher_is_better,
        "n": c.pearson.n,
        "pearson": _estimate_json(c.pearson),
        "spearman": _estimate_json(c.spearman),
        "p_value": _finite(c.p_value),
        "family_p_value": _finite(c.family_p_value),
        "false_discovery": _finite(c.false_discovery),
        "leave_one_out": list(map(_finite, c.leave_one_out)),
        "most_influential": c.most_influential,
        "reliability": _finite(c.reliability),
        "corrected": _finite(c.corrected),
        "clipped": c.clipped,
    }


def _estimate_json(e: Estimate) -> dict[str, float | None]:
    return {"value": _finite(e.value), "low": _finite(e.low), "high": _finite(e.high)}


def _prediction_json(p: Prediction) -> dict[str, Any]:
    return {
        "model": p.model,
        "predicted": _finite(p.predicted),
        "low": _finite(p.low),
        "high": _finite(p.high),
        "level": p.level,
        "kind": p.kind,
        "detail": p.detail,
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
