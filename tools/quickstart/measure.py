"""Measure how hard the data of quickstart are: ``python -m tools.quickstart.measure``.

The figures in plugins/quickstart/README.md come from here. They are those of baselines that know nothing of language
beyond the words of the train split, so a model that is worth running should pass them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .make_data import DATA, SPLITS

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import TfidfVectorizer

Row = dict[str, Any]
Rows = dict[str, list[Row]]


def load(task: str, folder: Path = DATA) -> Rows:
    """The rows of a task by split."""
    return {split: _read(folder / f"{task}.{split}.jsonl") for split in SPLITS}


def best_of_16(data: Rows) -> dict[str, float]:
    """Share of prompts for which each baseline's pick is correct."""
    from sklearn.linear_model import LogisticRegression

    words = _vectorizer().fit([text for row in data["train"] for text in row["responses"]])
    labels = [label for row in data["train"] for label in row["correct"]]
    model = LogisticRegression(max_iter=1000).fit(
        words.transform([t for r in data["train"] for t in r["responses"]]), labels
    )
    picks: dict[str, Callable[[Row], list[float]]] = {
        "longest response": lambda row: [len(text) for text in row["responses"]],
        "shortest response": lambda row: [-len(text) for text in row["responses"]],
        "TF-IDF logistic regression": lambda row: list(model.decision_function(words.transform(row["responses"]))),
    }
    test = data["test"]
    base = sum(sum(row["correct"]) for row in test) / sum(len(row["correct"]) for row in test)
    found = {name: _mean([row["correct"][_argmax(score(row))] for row in test]) for name, score in picks.items()}
    return {"random response (base rate)": base, **found}


def preferences(data: Rows) -> dict[str, float]:
    """Share of pairs for which each baseline prefers the chosen response."""
    from scipy.sparse import vstack
    from sklearn.linear_model import LogisticRegression

    words = _vectorizer().fit([row[side] for row in data["train"] for side in ("chosen", "rejected")])
    train, test = (_difference(words, data[split]) for split in SPLITS)
    labels = [1] * train.shape[0] + [0] * train.shape[0]
    model = LogisticRegression(fit_intercept=False).fit(vstack([train, -train]), labels)
    longer = [len(row["chosen"]) > len(row["rejected"]) for row in data["test"]]
    return {
        "random": 0.5,
        "longer response": _mean(longer),
        "TF-IDF logistic regression": _mean((model.decision_function(test) > 0).tolist()),
    }


def detection(data: Rows) -> dict[str, float]:
    """AUROC of each baseline, after the base rate."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    labels = [row["label"] for row in data["test"]]
    words = _vectorizer().fit([row["text"] for row in data["train"]])
    model = LogisticRegression(C=10).fit(
        words.transform([row["text"] for row in data["train"]]), [row["label"] for row in data["train"]]
    )
    scores = model.decision_function(words.transform([row["text"] for row in data["test"]]))
    named = [any(word in row["text"].lower() for word in ("password", "code", "pin", "key")) for row in data["test"]]
    return {
        "base rate": _mean(labels),
        "length": float(roc_auc_score(labels, [len(row["text"]) for row in data["test"]])),
        "names a credential": float(roc_auc_score(labels, named)),
        "TF-IDF logistic regression": float(roc_auc_score(labels, scores)),
    }


def duplicates(data: Rows) -> dict[str, float]:
    """AUROC of the TF-IDF cosine, after the base rate."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.metrics import roc_auc_score

    words = TfidfVectorizer().fit([row[side] for row in data["train"] for side in ("first", "second")])
    first, second = (words.transform([row[side] for row in data["test"]]) for side in ("first", "second"))
    cosines = first.multiply(second).sum(axis=1).A1
    labels = [row["label"] for row in data["test"]]
    return {"base rate": _mean(labels), "TF-IDF cosine": float(roc_auc_score(labels, cosines))}


def _vectorizer() -> TfidfVectorizer:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)


def _difference(words: TfidfVectorizer, rows: list[Row]) -> Any:
    """Features of the chosen less those of the rejected response."""
    return words.transform([row["chosen"] for row in rows]) - words.transform([row["rejected"] for row in rows])


def _read(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _argmax(values: list[float]) -> int:
    return max(range(len(values)), key=values.__getitem__)


def _mean(values: list[Any]) -> float:
    return float(sum(values) / len(values))


def main() -> None:
    """Write one line for each task and baseline."""
    for measure in (best_of_16, preferences, detection, duplicates):
        for name, value in measure(load(measure.__name__)).items():
            sys.stdout.write(f"{measure.__name__:<14}{name:<32}{value:.3f}\n")


if __name__ == "__main__":
    main()
