"""The whole way on real prompts: how likely three chat models began a reply with each word, from there to detectors.

What the models' first word would be is learned from their published replies to XSTest, held out by focus; that stands
in for a language model. No row is printed.
"""

import csv
import gzip
import os
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

DATA = Path(os.environ.get("HARNESS_DATA", "nowhere")) / "safety" / "xstest"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="HARNESS_DATA holds no safety/xstest")

PLUGIN = """
import json
from pathlib import Path
import numpy as np
from harness import Failure, Model, hookimpl


class FirstWord(Model):
    places = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def load(self) -> None:
        self.table = json.loads(Path(self.path).read_text())

    def tokens(self):
        return json.loads(Path(self.path).read_text())["words"]

    def next_token(self, requests):
        return [np.array(self.table["rows"][request.messages[0].content]) for request in requests]


@hookimpl
def register_models(register):
    register("first-word", "plugin_words:FirstWord", offers=("next_token",), description="first words on file")
"""


def prompts():
    with (DATA / "xstest_prompts.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def first_words(model, rows):
    with gzip.open(DATA / "xstest_v2_completions.csv.gz", "rt", newline="") as stream:
        replies = {r["id"].removeprefix("v2-"): r["completion"] for r in csv.DictReader(stream) if r["model"] == model}
    found = [(re.findall(r"\w+", replies[row["id"]]) or [""])[0] for row in rows]
    common = {word for word, count in Counter(found).items() if count >= 2}
    return [word if word in common else "<other>" for word in found]


def log_probabilities(rows, words):
    """Of every word as the first, (n, V), each row from the other focuses."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold

    names = sorted(set(words))
    texts = np.array([row["prompt"] for row in rows])
    chances = np.full((len(rows), len(names)), 1e-4)
    for fit, held in GroupKFold(5).split(texts, groups=[row["focus"] for row in rows]):
        vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
        model = LogisticRegression(C=10, max_iter=500).fit(vectors.fit_transform(texts[fit]), [words[i] for i in fit])
        columns = [names.index(word) for word in model.classes_]
        chances[np.ix_(held, columns)] = model.predict_proba(vectors.transform(texts[held]))
    return names, np.log(chances / chances.sum(axis=1, keepdims=True))


# AUROC of the probability of refusal, from the method card, each within .02; and of the sparse detector by the authors'
# descent, which the exact one need only come near to.
@pytest.mark.parametrize(
    ("model", "refusal", "sparse"),
    [("llama2orig", 0.730, 0.690), ("llama2new", 0.770, 0.681), ("gpt4", 0.771, 0.671)],
)
def test_from_first_words_to_detectors(harness, add_plugin, write_task, project, model, refusal, sparse):
    import json

    rows = prompts()
    words = first_words(model, rows)
    names, logs = log_probabilities(rows, words)
    assert 10 <= len(names) <= 24
    (project / "words.json").write_text(
        json.dumps({"words": names, "rows": {r["prompt"]: v for r, v in zip(rows, logs.tolist(), strict=True)}})
    )
    add_plugin("words", PLUGIN)
    write_task(
        "demo/xstest",
        [
            {"id": r["id"], "text": r["prompt"], "label": int(r["label"] == "unsafe"), "focus": r["focus"] or "none"}
            for r in rows
        ],
        kind="detection",
        cluster="focus",
    )
    refusing = [name for name in ("I", "Sorry", "As") if name in names]
    together = np.logaddexp.reduce(logs[:, [names.index(name) for name in refusing]], axis=1)
    from harness.stats import auroc

    unsafe = [row["label"] == "unsafe" for row in rows]
    assert auroc(together, unsafe).value == pytest.approx(refusal, abs=0.02)
    ran = harness(
        "cross-validate", "muli", "--base", "first-word:path=words.json", "-t", "demo/xstest", "--json",
        "--set", "penalty=0.01", "--set", "prompt=plain",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    (found,) = [r for r in ran.document["results"] if r["metric"] == "auroc" and r["domain"] == "overall"]
    assert found["n"] == 450
    assert sparse - 0.02 < found["value"] < sparse + 0.08
    assert found["low"] < found["value"] < found["high"]
