"""Commands that make the figures of a page again, as far as the store knows what the user typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.names import written
from harness.store import CellRecord, RunRecord


def evaluation(
    specification: str, targets: Sequence[str], cell: CellRecord | None, runs: Sequence[RunRecord]
) -> list[str]:
    """Return the words of the ``harness eval`` command that evaluates a model again.

    Args:
        specification: The model, as after ``-m``.
        targets: Names of tasks or benchmarks.
        cell: A cell of the model, whose settings are repeated; None for a model without cells.
        runs: The runs of the model's cells, by start; the roles of the last one are repeated.
    """
    words = ["harness", "eval", "-m", specification, *(word for target in targets for word in ("-t", target))]
    settings = cell.settings if cell else {}
    for name, usual in (("seed", 0), ("confidence", 0.95)):
        if settings.get(name, usual) != usual:
            words += [f"--{name}", str(settings[name])]
    for run in runs[-1:]:
        roles = run.description.get("roles", {})
        words += [word for role, model in roles.items() for word in ("--role", f"{role}={model}")]
        words += [word for adapter in run.description.get("adapters", ()) for word in ("--adapter", adapter)]
    return words


def cross_validation(label: str, identity: Mapping[str, Any], specification: Callable[[str], str]) -> list[str] | None:
    """Return the words of the ``harness cross-validate`` command that made a model; None for any other model.

    Args:
        label: The model's name in results.
        identity: The facts that the model tells about itself.
        specification: Writes the model of a fingerprint; empty for a fingerprint that is not on file.
    """
    if "trainer" not in identity or "folds" not in identity:
        return None
    trainer = str(identity["trainer"])
    words = ["harness", "cross-validate", trainer, "-t", str(identity["task"])]
    if "base" in identity:
        words += ["--base", specification(str(identity["base"])) or "NAME"]
    words += ["--folds", str(identity["folds"])]
    for name, usual in (("seed", 0), ("split", "test"), ("limit", None)):
        if identity.get(name, usual) != usual:
            words += [f"--{name}", str(identity[name])]
    for name, value in identity.get("settings", {}).items():
        words += ["--set", f"{name}={written(value)}"]
    return words if label == f"{trainer}-cv" else [*words, "--label", label]
