"""Both kinds through the command line: rows in, estimates out, bad rows named."""

import itertools
import json

import pytest
import yaml

from ..messages import saying

NAMES = ["red", "green", "blue"]
TASK = "own/rows"


def _battle_rows(count=60):
    rows = []
    for i, (a, b) in zip(range(count), itertools.cycle(itertools.permutations(NAMES, 2)), strict=False):
        rows.append(
            {
                "question_id": f"q{i}",
                "prompt": f"Question {i}?",
                "response_1": "a long and careful answer" if i % 3 else "short",
                "response_2": "brief",
                "model_a": a,
                "model_b": b,
                "winner": ["model_a", "model_b", "tie", "tie (bothbad)", "model_a"][i % 5],
                "hard_prompt": i % 2 == 0,
                "sim": 0.7 + 0.01 * (i % 20),
                "longer_won": "False" if i % 4 else "True",
                "language": "English" if i % 3 else "Chinese",
            }
        )
    return rows


@pytest.fixture
def battle_task(project):
    def write(rows, **options):
        (project / "tasks" / "own").mkdir(parents=True, exist_ok=True)
        (project / "tasks" / "own" / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n")
        file = {
            "kind": "arena-battles",
            "data": {"test": {"file": "rows.jsonl"}},
            "columns": {
                "id": "question_id",
                "first": "response_1",
                "second": "response_2",
                "first_model": "model_a",
                "second_model": "model_b",
            },
            "options": {"models": NAMES, **options},
            "slices": [
                "hard_prompt",
                {"column": "sim", "above": 0.8, "name": "similar_response"},
                {"column": "longer_won", "equals": "False", "name": "shorter_won"},
                {"column": "language", "differs": "English", "name": "non_english_prompt"},
            ],
            "metrics": ["battle_accuracy", "elo_spearman:prior=0.25", "separability:prior=0.25", "order_consistency"],
        }
        (project / "tasks" / "own" / "rows.yaml").write_text(yaml.safe_dump(file))
        (project / "registry.yaml").write_text("task_folders: [tasks]\n")

    return write


def _results(ran):
    return {(r["metric"], r["domain"]): r for r in ran.document["results"]}


def test_battles_of_a_model_that_scores(harness, battle_task):
    rows = _battle_rows()
    battle_task(rows)
    ran = harness("eval", "-m", "length", "-t", TASK, "--json")
    assert ran.code == 0, ran.err
    results = _results(ran)
    decisive = [r for r in rows if "tie" not in r["winner"]]
    longer = ["model_a" if len(r["response_1"]) > len(r["response_2"]) else "model_b" for r in decisive]
    right = [
        0.5 if len(r["response_1"]) == len(r["response_2"]) else float(w == r["winner"])
        for r, w in zip(decisive, longer, strict=True)
    ]
    assert results["battle_accuracy", "overall"]["value"] == pytest.approx(sum(right) / len(right))
    assert {domain for _, domain in results} == {
        "overall",
        "hard_prompt",
        "similar_response",
        "shorter_won",
        "non_english_prompt",
    }
    assert results["battle_accuracy", "shorter_won"]["n"] == sum(r["longer_won"] == "False" for r in decisive)
    assert results["battle_accuracy", "similar_response"]["n"] == sum(r["sim"] > 0.8 for r in decisive)
    assert results["order_consistency", "similar_response"]["n"] == sum(r["sim"] > 0.8 for r in rows)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"winner": "both"}, saying("'winner'", "'both'", "'model_a'", "'model_b'", "'tie'", "'tie (bothbad)'")),
        ({"model_b": "red", "model_a": "red"}, saying("'red'", "battles")),
        ({"model_b": "gren", "model_a": "red"}, saying("'green'")),
        ({"response_1": None}, saying("missing")),
    ],
)
def test_a_bad_battle_is_named_and_the_others_count(harness, battle_task, change, said):
    rows = _battle_rows()
    rows[7].update(change)
    battle_task(rows)
    ran = harness("eval", "-m", "length", "-t", TASK, "--json")
    assert ran.code == 1
    problem = " ".join(str(f["reason"]) for f in ran.document["failures"])
    assert problem == said
    assert any("rows.jsonl:8" in str(f) for f in ran.document["failures"])
    assert _results(ran)["order_consistency", "overall"]["n"] == 59


def _sampled_rows(count=12, k=6):
    rows = []
    for i in range(count):
        scores = [(i + j) % 3 == 0 for j in range(k)]
        pairs = [[a, b] for a in range(k) for b in range(k) if scores[a] and not scores[b]][:4]
        row = {"question_id": f"q{i}", "prompt": f"Question {i // 2}?", "scores": scores, "model_name": f"g{i % 2}"}
        row |= {"sampled_conflict_pairs": [pair[:: 1 if i % 2 else -1] for pair in pairs]}
        row |= {f"response_{j + 1}": "x" * (10 + (7 * i + 3 * j) % 11) for j in range(k)}
        rows.append(row)
    return rows


@pytest.fixture
def sampled_task(project):
    def write(rows, k=6, **options):
        (project / "tasks" / "own").mkdir(parents=True, exist_ok=True)
        (project / "tasks" / "own" / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n")
        file = {
            "kind": "sampled-best-of-k",
            "data": {"test": {"file": "rows.jsonl"}},
            "columns": {
                "id": "question_id",
                "responses": {"numbered": "response_{}", "first": 1, "last": k},
                "correct": "scores",
                "pairs": "sampled_conflict_pairs",
            },
            "slices": ["model_name"],
            "cluster": "prompt",
            "metrics": ["conflict_pair_accuracy", "pooled_auroc", "best_of_k_max", "best_of_k_accuracy"],
            "options": options,
        }
        (project / "tasks" / "own" / "rows.yaml").write_text(yaml.safe_dump(file))
        (project / "registry.yaml").write_text("task_folders: [tasks]\n")

    return write


def test_sampled_responses_of_a_model_that_scores(harness, sampled_task):
    rows = _sampled_rows()
    sampled_task(rows)
    ran = harness("eval", "-m", "length", "-t", TASK, "--json")
    assert ran.code == 0, ran.err
    results = _results(ran)
    shares = []
    for row in rows:
        length = [len(row[f"response_{j + 1}"]) for j in range(6)]
        credit = []
        for i, j in row["sampled_conflict_pairs"]:
            right, wrong = (i, j) if row["scores"][i] else (j, i)
            credit.append(0.5 * (1 + (length[right] > length[wrong]) - (length[right] < length[wrong])))
        shares.append(sum(credit) / len(credit))
    assert results["conflict_pair_accuracy", "overall"]["value"] == pytest.approx(sum(shares) / len(shares))
    assert {domain for _, domain in results} == {"overall", "g0", "g1"}


def test_a_judge_compares_the_pairs(harness, toys, sampled_task):
    rows = _sampled_rows()
    for row in rows:
        row |= {f"response_{j + 1}": f"{float(row['scores'][j])}" for j in range(6)}
    sampled_task(rows)
    ran = harness("eval", "-m", "toy-judge", "-t", TASK, "--json")
    results = _results(ran)
    assert results["conflict_pair_accuracy", "overall"]["value"] == 1
    assert results["best_of_k_accuracy", "overall"]["value"] is None
    assert "compares pairs" in results["best_of_k_accuracy", "overall"]["detail"]["reason"]


def test_a_missing_response_goes_with_its_label_and_pairs(harness, sampled_task):
    rows = _sampled_rows()
    rows[3]["response_2"] = None
    sampled_task(rows)
    ran = harness("eval", "-m", "length", "-t", TASK, "--json")
    assert ran.code == 0, ran.err
    assert _results(ran)["best_of_k_accuracy", "overall"]["n"] == 12


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"scores": [True] * 5}, "6 responses, but 5 labels"),
        ({"scores": [True, False, 2, True, True, False]}, "expected a label of 0 or 1"),
        ({"sampled_conflict_pairs": [[0, 9]]}, "there are 6 responses, numbered from 0"),
        ({"sampled_conflict_pairs": [[0, 3]], "scores": [True] * 6}, "have the same label 1"),
        ({"sampled_conflict_pairs": ["0-3"]}, "expected lists [i, j]"),
    ],
)
def test_a_bad_row_is_named_and_the_others_count(harness, sampled_task, change, said):
    rows = _sampled_rows()
    rows[4].update(change)
    sampled_task(rows)
    ran = harness("eval", "-m", "length", "-t", TASK, "--json")
    assert ran.code == 1
    assert said in " ".join(str(f["reason"]) for f in ran.document["failures"])
    assert _results(ran)["best_of_k_accuracy", "overall"]["n"] == 11


def test_a_column_out_of_the_numbered_ones_is_missed_by_name(harness, sampled_task):
    sampled_task(_sampled_rows(), k=7)
    ran = harness("eval", "-m", "length", "-t", TASK)
    assert ran.code != 0
    assert "response_7" in ran.err + ran.out or "sampled" in ran.err


def test_all_right_all_wrong_and_constant_scores_are_no_crash(harness, sampled_task):
    rows = _sampled_rows()
    for i, row in enumerate(rows):
        row["scores"] = [i % 2 == 0] * 6
        row["sampled_conflict_pairs"] = []
    sampled_task(rows)
    ran = harness("eval", "-m", "constant", "-t", TASK, "--json")
    assert ran.code == 0, ran.err
    results = _results(ran)
    for metric in ("conflict_pair_accuracy", "pooled_auroc"):
        assert results[metric, "overall"]["value"] is None
        assert results[metric, "overall"]["detail"]["reason"]
    assert results["best_of_k_max", "overall"]["value"] == 0.5
