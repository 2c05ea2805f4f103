"""Pairs that people labelled, and recorded verdicts on them: the published figures, from the published verdicts."""

import csv
import gzip
import json
from collections import Counter

import numpy as np
import pytest
from harness_plugins.judge_audit.agreement import classes, macro
from harness_plugins.judge_audit.importers import mt_bench_200, pandalm
from harness_plugins.judge_audit.judged import UNREAD, judged

from harness import BadItem, Registry, Verdict
from harness.kinds.preference_agreement import kappa

from .conftest import Audited
from .test_figures import pair

PANDALM = "pandalm/testset_v1_with_verdicts.jsonl.gz"
VERDICTS = "llmbar/evaluator_verdicts.csv.gz"


def task_of(project, rows, **options):
    (project / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = {"kind": "labelled-pairs", "data": {"test": {"file": str(project / "rows.jsonl")}}, "options": options}
    (project / "registry.yaml").write_text(json.dumps({"tasks": {"mine/pairs": task}}))
    return Registry().task("mine/pairs")


def test_labels_votes_and_contexts_become_items(project):
    pair = {"prompt": "Do it.", "first": "a", "second": "b"}
    rows = [
        {**pair, "label": "first"},
        {**pair, "label": "tie", "context": "On this text."},
        {**pair, "votes": ["second", "first", "second"], "context": ""},
        {**pair, "votes": ["second", "first", "tie"]},
        {**pair, "votes": "second"},
        {**pair, "label": "both"},
        pair,
    ]
    items = list(task_of(project, rows).items())
    assert [item.fields["people"] for item in items[:3]] == [1.0, 0.5, 0.0]
    assert [item.fields["prompt"].text for item in items[:3]] == ["Do it.", "Do it.\n\nOn this text.", "Do it."]
    assert all(isinstance(item, BadItem) for item in items[3:])
    problems = [item.problem for item in items[3:]]
    for problem, said in zip(
        problems, ("no label has more than half", "expected a list", "'both'", "missing"), strict=True
    ):
        assert said in problem


def test_agreement_in_three_classes_by_hand(harness, project):
    pair = {"prompt": "q", "first": "a", "second": "b"}
    labels = ["first", "tie", "second", "first"]
    task_of(project, [{**pair, "id": str(i), "label": label} for i, label in enumerate(labels)])
    records = [
        {"task": "mine/pairs", "id": str(i), "order": order, "p_first": p}
        for order, ps in (("ab", [1.0, 0.5, 1.0, None]), ("ba", [0.0, 0.5, 1.0, 0.0]))
        for i, p in enumerate(ps)
    ]
    (project / "r.jsonl").write_text("".join(json.dumps(row) + "\n" for row in records))
    metrics = ["people_agreement", "people_agreement@compat"]
    ran = harness(
        "eval",
        "-m",
        "recorded:path=r.jsonl",
        "-t",
        "mine/pairs",
        "--metric",
        metrics[0],
        "--metric",
        metrics[1],
        "--json",
    )
    found = {r["metric"]: (r["value"], r["n"]) for r in ran.document["results"]}
    # As given: right, right, wrong; exchanged: right, right, right. The fourth has no verdict as given.
    assert found["people_agreement"] == (pytest.approx((1 + 1 + 0.5) / 3), 3)
    # Unread is a tie, which is not what people say of the fourth.
    assert found["people_agreement@compat"] == (pytest.approx(2 / 4), 4)


# published verdicts


@pytest.mark.parametrize(
    ("importer", "row", "settings", "said"),
    [
        (pandalm, {"idx": 1}, {"evaluator": "gpt35"}, "gpt35"),
        (pandalm, {"idx": 1}, {"evaluator": "gpt-35"}, "gpt35"),
        (pandalm, {"gpt35": "1"}, {"evaluator": "gpt35"}, "idx"),
    ],
)
def test_a_file_that_is_no_table_of_verdicts_is_refused(tmp_path, importer, row, settings, said):
    from harness import HarnessError

    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row) + "\n")
    with pytest.raises(HarnessError, match=said):
        list(importer(path, **settings))


def test_verdicts_are_read_as_tie_unread_or_winner(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(
        "".join(json.dumps({"idx": i, "gpt35": said}) + "\n" for i, said in enumerate(["1", "2", "Tie", "hm"]))
    )
    rows = list(pandalm(path, evaluator="gpt35"))
    assert [row["p_first"] for row in rows] == [1.0, 0.0, 0.5, None]
    assert rows[3]["text"] == "hm"


def test_winners_of_both_orders_become_preferences_for_what_is_shown_first(tmp_path):
    path = tmp_path / "v.csv"
    head = "subset,evaluator,index,label,winner_noswap,winner_swap\n"
    path.write_text(head + "Processed/MT-Bench,E,0,1,1,1\nProcessed/MT-Bench,E,1,1,2,\nLLMBar/Natural,E,0,1,1,1\n")
    rows = [(r["id"], r["order"], r["p_first"]) for r in mt_bench_200(path, evaluator="E")]
    assert rows == [("0", "ab", 1.0), ("0", "ba", 0.0), ("1", "ab", 0.0), ("1", "ba", None)]


# the data themselves


def test_pandalms_majority_labels_are_472_422_and_105(with_verdicts):
    items = list(Registry().task("judge-audit/pandalm").items())
    assert Counter(item.fields["people"] for item in items) == {0.0: 472, 1.0: 422, 0.5: 105}


@pytest.mark.parametrize(
    ("evaluator", "accuracy", "precision", "recall", "f1", "unread"),
    [("gpt35", 0.710711, 0.5879, 0.5736, 0.5755, 25), ("pandalm7b", 0.667668, 0.5738, 0.5750, 0.5743, 0)],
)
def test_published_figures_of_pandalms_evaluators(
    with_verdicts, alignment, harness, evaluator, accuracy, precision, recall, f1, unread
):
    harness("import", "pandalm", alignment / PANDALM, "-o", "r.jsonl", "--set", f"evaluator={evaluator}")
    ran = harness("eval", "-m", "recorded:path=r.jsonl", "-t", "judge-audit/pandalm-as-given", "--json")
    found = {r["metric"]: r for r in ran.document["results"]}
    assert found["people_agreement@compat"]["value"] == pytest.approx(accuracy, abs=1e-6)
    assert found["people_macro_f1@compat"]["value"] == pytest.approx(f1, abs=5e-5)
    detail = found["people_macro_f1@compat"]["detail"]
    assert (detail["macro_precision"], detail["macro_recall"]) == (
        pytest.approx(precision, abs=5e-5),
        pytest.approx(recall, abs=5e-5),
    )
    assert found["unparsed_rate"]["value"] == pytest.approx(unread / 999)


def test_pandalms_annotators_agree_as_published(alignment):
    with gzip.open(alignment / PANDALM, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    votes = np.array([[row[f"annotator{k}"] for k in (1, 2, 3)] for row in rows])
    found = [kappa(votes[:, a], votes[:, b]).value for a, b in ((0, 1), (0, 2), (1, 2))]
    assert found == pytest.approx([0.852023, 0.878944, 0.861661], abs=1e-6)
    people = np.array([row["majority"] for row in rows])
    assert macro(people, people)["f1"].value == pytest.approx(1)
    assert set(classes(np.array([0.0, 0.5, 1.0]))) == {0, 1, 2}


def test_counts_of_all_265_rows_of_recorded_evaluators_are_the_published(alignment):
    """On LLMBar, its case studies and the processed sets; two failures agree, as the published script has it."""
    with (alignment / "llmbar/published_statistics.csv").open(encoding="utf-8") as file:
        published = {(row["subset"], row["evaluator"]): row for row in csv.DictReader(file)}
    rows = {}
    with gzip.open(alignment / VERDICTS, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rows.setdefault((row["subset"], row["evaluator"]), []).append(row)
    names = ("n", "correct_noswap", "correct_swap", "correct_both", "agree")
    for key, several in rows.items():
        pairs = [pair(f"a{i}", f"b{i}", float(r["label"] == "1"), prompt=str(i)) for i, r in enumerate(several)]
        credit = {"1": 1.0, "2": 0.0}
        answers = []
        for row in several:
            given, other = (credit.get(row[name][:1]) for name in ("winner_noswap", "winner_swap"))
            answers.append([Verdict(given), Verdict(None if other is None else 1 - other)])
        found = Audited(judged(pairs, answers))
        n = len(several)
        unread = found.judged.status == UNREAD
        right = {
            order: np.nan_to_num(np.where(found.judged.label == 1, p, 1 - p)) == 1
            for order, p in (("as_given", found.judged.given), ("exchanged", found.judged.exchanged))
        }
        agree = (found.judged.given == found.judged.exchanged) | unread.all(axis=1)
        counts = [n, *(right[o].sum() for o in right), (right["as_given"] & right["exchanged"]).sum(), agree.sum()]
        assert counts == [int(published[key][name]) for name in names], key
        # The audit's own figures leave unread verdicts out.
        read = ~np.isnan(found.judged.given)
        if read.any():
            assert found["accuracy_as_given"].value * read.sum() == pytest.approx(counts[1])
    assert len(rows) == 265


def test_counts_on_the_pairs_of_mt_bench_come_through_the_importer(alignment):
    with gzip.open(alignment / "llmbar/instances.jsonl.gz", "rt", encoding="utf-8") as file:
        label = {
            str(row["index"]): row["label"] for row in map(json.loads, file) if row["subset"] == "Processed/MT-Bench"
        }
    won = {"ab": {}, "ba": {}}
    for record in mt_bench_200(alignment / VERDICTS, evaluator="GPT-4/Vanilla_NoRules"):
        p = record["p_first"]
        first = p if record["order"] == "ab" or p is None else 1 - p
        won[record["order"]][record["id"]] = None if first is None else 2 - int(first)
    counts = [sum(won[order][i] == label[i] for i in label) for order in ("ab", "ba")]
    both = sum(won["ab"][i] == won["ba"][i] == label[i] for i in label)
    agree = sum(won["ab"][i] == won["ba"][i] for i in label)
    assert [len(label), *counts, both, agree] == [200, 159, 165, 149, 174]


def test_a_recorded_judge_is_audited_on_the_pairs_of_mt_bench(with_verdicts, alignment, harness):
    path = alignment / VERDICTS
    harness("import", "mt-bench-200", path, "-o", "r.jsonl", "--set", "evaluator=GPT-4/Metrics_Reference")
    document = harness("audit", "recorded:path=r.jsonl", "-t", "judge-audit/mt-bench-200", "--json").document
    figures = {f["key"]: f["value"] for group in document["sets"][0]["figures"].values() for f in group}
    assert figures["accuracy_as_given"] == pytest.approx(161 / 200)
    assert figures["accuracy_exchanged"] == pytest.approx(163 / 200)
    assert figures["accuracy_both"] == pytest.approx(146 / 200)
    assert figures["conflict_rate"] == pytest.approx(1 - 168 / 200)
