"""The authors' saved tables as published results: every model on every domain and generator.

If two files hold the same figure, the file that stands first in `READERS` gives it: full precision before three
decimals. If the two differ by more than rounding, a note says so.
``roc_auc_by_generator_published.csv`` is known and left out, since its figures are means over the five sets, which no
task has. Figures that are not numbers (undefined on a small domain) are left out too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeGuard

from harness import DataError, UsageError
from harness.errors import did_you_mean
from harness.files import read_text
from harness.tasks import DataRow, FileSource

Figures = Iterator[tuple[str, dict[str, Any]]]
"""(file and line, one row of published results)."""
Key = tuple[str, str, str, str]
"""Model, task, metric and domain of a figure."""
ROUNDING = 0.00051
"""Greatest difference of figures that are the same but for three decimals."""

HUMAN = "ppe/human-preference"
SETS = {
    "mmlu_pro": "ppe/mmlu-pro",
    "math": "ppe/math",
    "gpqa": "ppe/gpqa",
    "mbpp_plus": "ppe/mbpp-plus",
    "ifeval": "ppe/ifeval",
}
"""Tasks by the authors' names of the sets."""
GENERATORS = ("gemma-2-9b-it", "gpt-4o-mini-2024-07-18", "Meta-Llama-3-8B-Instruct", "claude-3-haiku-20240307")
PAPER_COLUMNS = {
    "accuracy": "battle_accuracy",
    "row-wise_pearson": "row_wise_pearson",
    "separability": "separability",
    "confidence_agreement": "confidence_agreement",
    "spearmanr": "elo_spearman",
    "kendalltau": "elo_kendall",
    "brier_score": "elo_brier",
}
CACHE_COLUMNS = {
    "accuracy": "battle_accuracy@compat",
    "row-wise pearson": "row_wise_pearson@compat",
    "separability": "separability@compat",
    "confidence_agreement": "confidence_agreement@compat",
    "spearman": "elo_spearman@compat",
    "kendalltau": "elo_kendall@compat",
    "brier": "elo_brier@compat",
}
CURVE_FIGURES = {
    "mean_max_score": ("best_of_k_max@compat",),  # too high for best_of_k_max, by 0.01 on average
    "mean_end_score": ("best_of_k_accuracy@compat", "best_of_k_accuracy"),
    "loss": ("best_of_k_loss@compat",),  # not the paper's formula, so never best_of_k_loss
}
TABLES = {
    "accuracy": ("conflict_pair_accuracy@compat", "conflict_pair_accuracy"),
    "roc_auc": ("pooled_auroc@compat", "pooled_auroc"),
    "max_score": CURVE_FIGURES["mean_max_score"],
    "end_score": CURVE_FIGURES["mean_end_score"],
    "loss": CURVE_FIGURES["loss"],
}
LOWER_IS_BETTER = {"elo_brier", "elo_brier@compat", "best_of_k_loss@compat", "best_of_k_squared_gap"}
LEFT_OUT = "roc_auc_by_generator_published.csv"


def published(paths: Sequence[Path]) -> Iterator[Mapping[str, Any]]:
    """Yield the figures of the authors' tables, each once; then a note for each figure in which two tables differ.

    Args:
        paths: Files of the names in `READERS`, or folders that hold some of them.

    Raises:
        DataError: a file is missing, or a row is not of the form; the message names file, line and column.
        UsageError: a file has another name, or a folder holds none of the files.
    """
    seen: dict[Key, tuple[Path, str, float]] = {}
    pairs: dict[tuple[str, str, str], list[float]] = {}
    for path in _in_order(paths):
        for where, row in READERS[path.name](path):
            key = (row["model"], row["task"], row["metric"], row["domain"])
            if key in seen:
                other, place, value = seen[key]
                if other == path:
                    raise DataError(f"{where}: {row['metric']} of {row['model']!r} is there already, at {place}")
                pairs.setdefault((row["metric"], other.name, path.name), []).append(abs(row["value"] - value))
                continue
            seen[key] = (path, where, row["value"])
            yield row
    both = "the paper's is imported as such, the code's as @compat"
    for note in [*_disagreements(pairs, "the first is taken"), *_disagreements(_of_two_tables(seen), both)]:
        yield {"note": note}


def _of_two_tables(seen: Mapping[Key, tuple[Path, str, float]]) -> dict[tuple[str, str, str], list[float]]:
    """Return the differences of the paper's table and the code's on all battles, for metrics with one meaning."""
    pairs: dict[tuple[str, str, str], list[float]] = {}
    for (model, task, metric, domain), (path, _, value) in seen.items():
        other = seen.get((model, task, f"{metric}@compat", domain))
        if other is not None and task == HUMAN and domain == "overall" and other[0] != path:
            pairs.setdefault((f"{metric} on all battles", path.name, other[0].name), []).append(abs(other[2] - value))
    return pairs


def _disagreements(pairs: Mapping[tuple[str, str, str], Sequence[float]], what: str) -> list[str]:
    """Return a sentence for each figure that two tables give differently, by more than the coarser one's rounding."""
    notes = []
    for (metric, one, other), gaps in pairs.items():
        apart = [gap for gap in gaps if gap > ROUNDING]
        if apart:
            cells = f"{len(apart)} of {len(gaps)} cells, by up to {max(apart):.4f}"
            notes.append(f"{metric}: {one} and {other} differ in {cells}; {what}")
    return notes


def _in_order(paths: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [
                file for name in READERS for file in (path / name, path / "ppe_official" / name) if file.is_file()
            ]
            if not inside:
                raise UsageError(f"{path}: none of the files {', '.join(READERS)} is in this folder")
            files += inside
        elif path.name == LEFT_OUT:
            raise UsageError(f"{path}: its figures are means over the five sets, which no task has; leave it out")
        elif path.name not in READERS:
            raise UsageError(f"{path}: not one of the authors' tables by its name{did_you_mean(path.name, READERS)}")
        else:
            files.append(path)
    order = list(READERS)
    return sorted(dict.fromkeys(files), key=lambda path: order.index(path.name))


def model_name(name: str) -> str:
    """Spell judges the same in all files, as the paper does: ``arena-hard-NAME`` is ``NAME_arena_hard``."""
    for prompt in ("arena-hard", "alpaca-eval"):
        if name.startswith(prompt + "-"):
            return f"{name.removeprefix(prompt + '-')}_{prompt.replace('-', '_')}"
    return name


def _human(path: Path, model_column: str, columns: Mapping[str, str], source: str) -> Figures:
    for row in _rows(path, [model_column, "domain", *columns]):
        for column, metric in columns.items():
            value = _number(row, column)
            if column == "separability":
                value /= 100
            model = model_name(row.values[model_column])
            yield from _figure(row.where, model, HUMAN, metric, row.values["domain"], value, source)


def _paper(path: Path) -> Figures:
    return _human(path, "reward_model", PAPER_COLUMNS, "PPE, figures of the paper (arXiv 2410.14872)")


def _cache(path: Path) -> Figures:
    return _human(path, "model", CACHE_COLUMNS, "PPE, tables of the code (lmarena/PPE), domains against overall votes")


_CURVES = "PPE, best-of-K tables of the code (lmarena/PPE)"


def _curves_json(path: Path) -> Figures:
    try:
        document = json.loads(read_text(path))
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: not valid JSON: {error}") from None
    for name, models in _object(document, str(path)).items():
        for model, parts in _object(models, f"{path} {name}").items():
            for part, figures in _object(parts, f"{path} {name}.{model}").items():
                where = f"{path} {name}.{model}.{part}"
                row = DataRow(0, where, _object(figures, where))
                yield from _curve(row, name, model, part)
                yield from _of_mean_curves(row, name, model, part)


def _of_mean_curves(row: DataRow, name: str, model: str, part: str) -> Figures:
    """Compute from the saved mean curves the exact metrics, but for the noise of a hundred rounds."""
    curve, oracle = row.values.get("rm_traj"), row.values.get("ground_truth")
    if curve is None and oracle is None:
        return
    if not _is_curve(curve) or not _is_curve(oracle) or len(curve) != len(oracle):
        raise DataError(f"{row.where}: 'rm_traj' and 'ground_truth' should be equally long lists of numbers")
    gaps = [o - c for c, o in zip(curve, oracle, strict=True)]
    values = {
        "best_of_k_max": max(curve),
        "best_of_k_area": sum(curve) / len(curve),
        "best_of_k_squared_gap": sum(gap * gap for gap in gaps) / len(gaps),
    }
    domain = "overall" if part == "all" else part
    for metric, value in values.items():
        yield from _figure(row.where, model_name(model), SETS[name], metric, domain, value, f"{_CURVES}, mean curves")


def _is_curve(value: Any) -> TypeGuard[list[float]]:
    return isinstance(value, list) and bool(value) and all(type(v) in (int, float) for v in value)


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise DataError(f"{where}: expected an object: by set, by model, by generator; got {type(value).__name__}")
    return value


def _curves_csv(path: Path) -> Figures:
    for row in _rows(path, ["benchmark", "reward_model", "generator", *CURVE_FIGURES]):
        yield from _curve(row, *(row.values[name] for name in ("benchmark", "reward_model", "generator")))


def _curve(row: DataRow, name: str, model: str, part: str) -> Figures:
    task = _known(row.where, "set", name, SETS)
    if part != "all":
        _known(row.where, "generator", part, dict.fromkeys(GENERATORS, ""))
    domain = "overall" if part == "all" else part
    for column, metrics in CURVE_FIGURES.items():
        value = _number(row, column)
        for metric in metrics:
            yield from _figure(row.where, model_name(model), task, metric, domain, value, _CURVES)


def _tables(path: Path) -> Figures:
    source = "PPE, tables of the paper (arXiv 2410.14872), three decimals"
    for row in _rows(path, ["Reward Model", "metric", *SETS]):
        if row.values["metric"] not in TABLES:
            raise DataError(
                f"{row.where}: no metric {row.values['metric']!r}{did_you_mean(row.values['metric'], TABLES)}"
            )
        for name, task in SETS.items():
            for metric in TABLES[row.values["metric"]]:
                model = model_name(row.values["Reward Model"])
                yield from _figure(row.where, model, task, metric, "overall", _number(row, name), source)


def _known(where: str, what: str, name: str, known: Mapping[str, str]) -> str:
    if name not in known:
        raise DataError(f"{where}: no {what} {name!r}{did_you_mean(name, known)}")
    return known[name]


def _rows(path: Path, columns: Sequence[str]) -> Iterator[DataRow]:
    for row in FileSource(path).rows():
        if row.problem:
            raise DataError(f"{row.where}: {row.problem}")
        missing = next((name for name in columns if name not in row.values), None)
        if missing is not None:
            raise DataError(f"{path}:1: no column {missing!r}{did_you_mean(missing, row.values)}")
        yield row


def _number(row: DataRow, column: str) -> float:
    """Read a number; NaN if the field is empty."""
    raw = row.values.get(column)
    try:
        if isinstance(raw, bool) or not isinstance(raw, (str, int, float)):
            raise ValueError
        return float(raw) if raw != "" else math.nan
    except (ValueError, OverflowError):
        raise DataError(f"{row.where}: {column!r} should hold a number, got {raw!r}") from None


def _figure(where: str, model: str, task: str, metric: str, domain: str, value: float, source: str) -> Figures:
    if not model or not domain:
        raise DataError(f"{where}: the {'domain' if model else 'model'} has no name")
    if math.isfinite(value):
        better = metric not in LOWER_IS_BETTER
        names = {"model": model, "task": task, "metric": metric, "domain": domain}
        yield where, {**names, "value": value, "higher_is_better": better, "source": source}


READERS: dict[str, Callable[[Path], Figures]] = {
    "human_preference_published_paper.csv": _paper,
    "human_preference_published_repo_cache.csv": _cache,
    "best_of_k_published.json": _curves_json,
    "best_of_k_published.csv": _curves_csv,
    "correctness_tables_published.csv": _tables,
}
"""The readers by file name; the first file that has a figure gives it."""
