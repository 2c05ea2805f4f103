"""A report of what was tested of a model's safety, with the hashes that say on what, and of what was not."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from harness import UsageError
from harness.files import load_yaml

if TYPE_CHECKING:
    from harness import Registry
    from harness.store import CellRecord, Readable

SCHEMA = "safety-report/1"
CATEGORIES = Path(__file__).parent / "risk_categories.yaml"
OUTCOME_RATES = ("attack_success_rate", "refusal_rate", "over_refusal_rate")
"""Metrics by which a task is known to be about attacks, or about what is refused."""
CARDED = "carded_grader:CardedGrader"
LIMITS = (
    "attacks that are recorded or fixed: an attacker who adapts to this model does better, so success rates are lower "
    "bounds",
    "languages, tools and system prompts other than those of the tasks listed",
)
"""What no task here tests, whichever were run."""


def categories() -> list[Mapping[str, Any]]:
    """Return the categories of risk, each with the globs of its tasks."""
    found: list[Mapping[str, Any]] = load_yaml(CATEGORIES)["categories"]
    return found


def category_tasks(
    category: Mapping[str, Any], tasks: Sequence[str], kinds: Mapping[str, str] = MappingProxyType({})
) -> list[str]:
    """Return which of some tasks, whose kinds may be given by name, speak of a category.

    >>> misuse = next(one for one in categories() if one["name"] == "misuse")
    >>> category_tasks(misuse, ["jailbreak/pair", "jailbreak/harmbench", "quickstart/preferences"])
    ['jailbreak/harmbench']
    """
    left_out, own = category.get("but_not", ()), category.get("kinds", ())
    return [
        task
        for task in tasks
        if task not in left_out
        and (kinds.get(task) in own or any(fnmatchcase(task, glob) for glob in category["tasks"]))
    ]


def make_report(registry: Registry, store: Readable, model: str) -> dict[str, Any]:
    """Return the report of the model of a label, as plain data.

    Raises:
        UsageError: the store holds no result of that model on a task of any category.
    """
    from harness.errors import HarnessError
    from harness.store import latest_cells, models_and_tasks, now, versions
    from harness.tasks import task_digest

    models, tasks = models_and_tasks(store)
    shipped = registry.tasks().files()
    kinds = {name: _kind_of(registry, name) for name in [*shipped, *tasks]}
    listed = [task for task in tasks if any(category_tasks(category, [task], kinds) for category in categories())]
    cells = [cell for cell in latest_cells(store, listed) if cell.label == model]
    if not cells:
        known = f"; there are {', '.join(models)}" if model not in models else ""
        raise UsageError(f"the store holds no result of {model!r} on a task of safety{known}")
    rows, warnings = [], []
    for cell in sorted(cells, key=lambda cell: cell.task):
        try:
            current = task_digest(registry, cell.task) == cell.task_digest
        except HarnessError:
            current = False
        row = _row(store, cell, current)
        rows.append(row)
        warnings += [f"{cell.task}: {text}" for text in row["warnings"]]
    # A task that somebody wrote tells outcomes of attacks, and not of what risk: nobody shall take it for untested.
    unlisted = [task for task in tasks if task not in listed]
    others = {cell.task for cell in latest_cells(store, unlisted) if cell.label == model and _tells_outcomes(cell)}
    warnings += [f"{task}: on file, and left out: its name is of no category of risk" for task in sorted(others)]
    tested = [row["task"] for row in rows]
    coverage = [
        {
            "category": category["name"],
            "question": category["question"],
            "tested": category_tasks(category, tested, kinds),
            "not_tested": [task for task in category_tasks(category, sorted(shipped), kinds) if task not in tested],
        }
        for category in categories()
    ]
    report: dict[str, Any] = {
        "schema": SCHEMA,
        "model": model,
        "made": now(),
        "versions": versions(),
        "results": rows,
        "coverage": coverage,
        "not_tested": [*(one["category"] for one in coverage if not one["tested"]), *LIMITS],
        "warnings": warnings,
    }
    return {**report, "sha256": digest_of_report(report)}


def _kind_of(registry: Registry, task: str) -> str:
    from harness.errors import HarnessError

    try:
        entry = registry.tasks().find(task)
    except HarnessError:  # a task on file that is gone: its name still tells
        return ""
    return "" if entry is None else entry.kind


def _tells_outcomes(cell: CellRecord) -> bool:
    return any(result.metric.partition(":")[0] in OUTCOME_RATES for result in cell.results)


def digest_of_report(report: Mapping[str, Any]) -> str:
    """Return the hash of a report without its own: whoever has the report can tell whether it was changed."""
    content = {key: value for key, value in report.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def _row(store: Readable, cell: CellRecord, current: bool) -> dict[str, Any]:
    from harness.store import model_description

    whole = [result for result in cell.results if result.domain == "overall"]
    figures = {
        result.metric: {
            "value": _finite(result.estimate.value),
            "low": _finite(result.estimate.low),
            "high": _finite(result.estimate.high),
            "n": result.estimate.n,
            "n_failed": result.estimate.n_failed,
            "unit": result.unit,
        }
        for result in whole
    }
    graders = [stage for stage in cell.asked if stage.capability == "grade"]
    warnings = []
    if not current:
        warnings.append("of another definition than the task has now; evaluate again")
    if cell.settings.get("limit") is not None:
        warnings.append(f"the first {cell.settings['limit']} items only")
    for grader in {stage.fingerprint: stage for stage in graders}.values():  # a search asks it once a round
        description = model_description(store, grader.fingerprint) or {}
        if not str(description.get("reference", "")).endswith(CARDED):
            warnings.append(f"the grader {grader.model} has no judge card, so its errors are not known")
    unscored = figures.get("unscored_rate", {}).get("value")
    if unscored:
        warnings.append(f"{100 * unscored:.1f} % of the replies could not be scored; see the bounds")
    # What figures say of themselves: bounds where replies were not scored, whichever metrics were asked for.
    notes = [str(result.estimate.detail["note"]) for result in whole if result.estimate.detail.get("note")]
    warnings += dict.fromkeys(notes)
    if cell.failed_requests:
        warnings.append(f"{cell.failed_requests} of {cell.items} items have a request that failed")
    return {
        "task": cell.task,
        "task_digest": cell.task_digest,
        "items": cell.items,
        "failed_requests": cell.failed_requests,
        "asked": [
            {"role": role, "model": name, "fingerprint": fingerprint}
            for role, name, fingerprint in dict.fromkeys((s.role, s.model, s.fingerprint) for s in cell.asked)
        ],
        "confidence": cell.confidence,
        "figures": figures,
        "warnings": warnings,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def as_markdown(report: Mapping[str, Any]) -> str:
    """Write a report for people."""
    lines = [f"# Safety report of {report['model']}", ""]
    lines += [f"Made {report['made'][:19]} UTC with harness {report['versions'].get('harness-eval', '')};"]
    lines += [f"SHA-256 of its JSON without this line's hash: `{report['sha256']}`", ""]
    lines += ["## Coverage", "", "| category | tested on | not tested on |", "|---|---|---|"]
    for one in report["coverage"]:
        tested = ", ".join(one["tested"]) or "**nothing**"
        lines.append(f"| {one['category']}: {one['question']} | {tested} | {', '.join(one['not_tested'])} |")
    lines += ["", "## Results", "", "| task | metric | value | interval | n | grader |", "|---|---|---|---|---|---|"]
    for row in report["results"]:
        graders = ", ".join(asked["model"] for asked in row["asked"] if asked["role"] != "candidate")
        for metric, figure in row["figures"].items():
            value, ends = _shown(figure), f"{_percent(figure, 'low')} to {_percent(figure, 'high')}"
            lines.append(f"| {row['task']} | {metric} | {value} | {ends} | {figure['n']} | {graders} |")
    lines += ["", "## Not tested", "", *(f"- {text}" for text in report["not_tested"])]
    lines += ["", "## Warnings", "", *(f"- {text}" for text in report["warnings"] or ["none"])]
    lines += ["", "## Manifest", "", "| task | definition | items | who was asked |", "|---|---|---|---|"]
    for row in report["results"]:
        asked = "; ".join(f"{a['role']}: {a['model']} [{a['fingerprint'][:12]}]" for a in row["asked"])
        lines.append(f"| {row['task']} | {row['task_digest']} | {row['items']} | {asked} |")
    return "\n".join(line.replace("\n", " ") for line in lines) + "\n"


def _shown(figure: Mapping[str, Any]) -> str:
    return _percent(figure, "value")


def _percent(figure: Mapping[str, Any], key: str) -> str:
    value = figure[key]
    if value is None:
        return "not known"
    return f"{100 * value:.1f} %" if figure["unit"] == "fraction" else f"{value:.3g} {figure['unit']}"
