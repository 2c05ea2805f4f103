"""Runs comparisons: until it is decided, or with a cheap model on all prompts and the judge on a sample."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import UsageError, stats

from .asking import Asking, Prompts, party, require_judge, with_opened
from .command import SCHEMA, document_of
from .deciding import UNDECIDED, Deciding, order_of, portions

if TYPE_CHECKING:
    from harness import Registry

PORTION = 64
"""Prompts that are asked about together where nothing can be decided between."""
Who = Mapping[str, "str | None"]


def _texts(prompts: Prompts, who: Who) -> dict[str, tuple[str, tuple[str, ...]]]:
    made = {"first": (str(who["first"]), tuple(prompts.task.stages[0].accepts))}
    if who["second"]:
        # Its answers take the baseline's place, so that they must be texts.
        made["second"] = (who["second"], (prompts.task.stages[0].accepts[0],))
        made["first"] = (str(who["first"]), (prompts.task.stages[0].accepts[0],))
    if who["judge"]:
        made["judge"] = (who["judge"], ("compare",))
    if who["cheap"]:
        made["cheap"] = (who["cheap"], ("compare",))
    return made


def _games(prompts: Prompts) -> int:
    return sum(len(prompts.task.games(item)) for items in prompts.groups.values() for item in items)


def _names(who: Who) -> tuple[str, str]:
    return str(who["first"]), who["second"] or "the baseline"


def plan(registry: Registry, prompts: Prompts, who: Who, store: Path, sample: int | None) -> dict[str, Any]:
    """Say what would be asked at most, after checking that the models can be asked.

    Raises:
        UsageError: one of them cannot.
    """
    from harness.results import models_folder

    known: dict[str, Any] = {}
    for name, (text, wanted) in _texts(prompts, who).items():
        _, route = party(registry, text, wanted, models_folder(store), known)
        if name == "first":
            require_judge(prompts, who["judge"], route.capability)
    games = _games(prompts)
    share = 1.0 if sample is None else sample / len(prompts.groups)
    return {
        "task": prompts.task.name,
        "prompts": len(prompts.groups),
        "verdicts at most": round(games * share),
        "verdicts of the cheap model": games if who["cheap"] else 0,
    }


def run(
    registry: Registry, prompts: Prompts, who: Who, store: Path, *, seed: int, deciding: Deciding
) -> dict[str, Any]:
    """Ask in growing portions until it is decided or the prompts are used up."""
    keys = prompts.keys
    order = order_of(keys, seed)

    def work(client: Any, parties: Any, progress: Any) -> dict[str, Any]:
        require_judge(prompts, who["judge"], parties["first"].route.capability)
        asking = Asking(prompts, client, parties["first"], parties.get("second"))
        with progress.cell(parties["first"].ready.label, prompts.task.name, len(keys)) as tick:
            for part in portions(len(keys)):
                said = asking.credits([keys[at] for at in order[part]], parties.get("judge"))
                tick(len(said))
                if deciding.add(said) != UNDECIDED:
                    break
        made = document_of(deciding, *_names(who), calls=asking.verdicts, all_calls=_games(prompts))
        return made | {"task": prompts.task.name, "judge": who["judge"], "reasons": list(asking.reasons)}

    made, remarks = with_opened(registry, store, _texts(prompts, who), work)
    return dict(made) | {"bad_rows": prompts.bad, "remarks": _remarks(prompts, made, remarks)}


def estimate(
    registry: Registry, prompts: Prompts, who: Who, store: Path, *, seed: int, sample: int, alpha: float
) -> dict[str, Any]:
    """Ask a cheap model about every prompt and the judge about a drawn sample, and return the win rate by PPI++.

    Raises:
        UsageError: fewer than two prompts have the verdicts of both.
    """
    keys = prompts.keys
    order = order_of(keys, seed)

    def work(client: Any, parties: Any, progress: Any) -> dict[str, Any]:
        if "judge" not in parties or parties["first"].route.capability != prompts.task.stages[0].accepts[0]:
            raise UsageError("--cheap compares texts, beside a judge: name models that answer, and --judge MODEL")
        dear = Asking(prompts, client, parties["first"], parties.get("second"))
        cheap = Asking(prompts, client, parties["first"], parties.get("second"))
        asked = [keys[at] for at in order]
        labels, predictions = np.full(len(keys), np.nan), np.full(len(keys), np.nan)
        with progress.cell(parties["first"].ready.label, prompts.task.name, len(keys)) as tick:
            for start in range(0, len(keys), PORTION):
                some = asked[start : start + PORTION]
                predictions[start : start + len(some)] = cheap.credits(some, parties["cheap"])
                of_judge = asked[start : min(start + PORTION, sample)]
                if of_judge:
                    labels[start : start + len(of_judge)] = dear.credits(of_judge, parties.get("judge"))
                tick(len(some))
        there = ~np.isnan(predictions)
        try:
            powered = stats.prediction_powered_mean(labels[there], predictions[there])
        except stats.UnusableData as error:
            raise UsageError(f"{prompts.task.name}: {error}") from None
        known = np.isfinite(labels[there]).astype(np.int64)
        found = stats.estimate_from_influence(powered.value, powered.influence, classes=known, confidence=1 - alpha)
        return {
            "schema": SCHEMA, "first": _names(who)[0], "second": _names(who)[1], "verdict": "estimated",
            "win_rate": float(np.clip(powered.value, 0, 1)), "low": max(0.0, found.low), "high": min(1.0, found.high),
            "alpha": alpha, "about": "prompts like these", "prompts": len(keys), "asked": sample,
            "missing": int(np.isnan(labels[:sample]).sum() + np.isnan(predictions).sum()),
            "missing_of_judge": int(np.isnan(labels[:sample]).sum()), "missing_of_cheap": int((~there).sum()),
            "labels": int(np.isfinite(labels[there]).sum()), "weight": powered.weight,
            "by_judge_alone": float(np.nanmean(labels)), "by_cheap_alone": float(np.nanmean(predictions)),
            "all_ties": bool((labels[np.isfinite(labels)] == 0.5).all()), "used_up": True,
            "calls": dear.verdicts, "cheap_calls": cheap.verdicts,
            "calls_saved": max(0, _games(prompts) - dear.verdicts), "task": prompts.task.name,
            "judge": who["judge"], "cheap": who["cheap"],
            "reasons": list(dict.fromkeys([*dear.reasons, *cheap.reasons])),
        }  # fmt: skip

    made, remarks = with_opened(registry, store, _texts(prompts, who), work)
    return dict(made) | {"bad_rows": prompts.bad, "remarks": _remarks(prompts, made, remarks)}


def _remarks(prompts: Prompts, made: Mapping[str, Any], remarks: list[str]) -> list[str]:
    found = list(dict.fromkeys(remarks))
    if prompts.bad:
        found.append(f"{prompts.bad:,} rows hold no prompt")
    if made["reasons"]:
        sensitive = prompts.task.definition.sensitive
        reason = "hidden, as it may hold texts of a sensitive task" if sensitive else made["reasons"][0]
        found.append(f"requests failed, the first: {reason}")
    return found
