"""M-RewardBench and RMB on data of their schemas; items that benchmarks share."""

import json

import numpy as np
import pytest

from harness import build_leaderboard, evaluate
from harness.errors import DataError
from harness.task import BadItem
from harness.tasks.build import build_task

from ..messages import saying


def recorded(tmp_path, rows):
    path = tmp_path / "recorded.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return f"rm=recorded:path={path}"


# M-RewardBench


SUBSETS = {"alpacaeval-easy": 4, "llmbar-natural": 3, "donotanswer": 5, "math-prm": 4, "hep-cpp": 2}


@pytest.fixture
def translated(mirror, registry):
    """Five subsets in every language of the task; the task, and its rows by language."""
    numbered = [subset for subset, count in SUBSETS.items() for _ in range(count)]
    task = build_task(registry, "m-rewardbench/pairs")
    languages = [part.source.config for part in task.definition.parts["test"]]
    for language in languages:
        mirror(
            f"CohereLabsCommunity/multilingual-reward-bench/{language}/test",
            [
                {
                    "id": number,
                    "prompt": f"{language} question {number}",
                    "chosen": f"{language} good {number}",
                    "rejected": f"{language} bad {number}",
                    "language": language[:3],
                    "source": subset,
                    "chosen_model": "a",
                    "rejected_model": "b",
                }
                for number, subset in enumerate(numbered)
            ],
        )
    return languages, numbered


def test_m_rewardbench_is_the_mean_of_23_languages(translated, registry, tmp_path):
    languages, numbered = translated
    assert len(languages) == len(set(languages)) == 23
    rng = np.random.default_rng(0)
    right = {language: rng.random(len(numbered)) < 0.7 for language in languages}
    rows = [
        {"task": "m-rewardbench", "id": f"{language}/{i}", "scores": [float(right[language][i]), 0.5]}
        for language in languages
        for i in range(len(numbered))
    ]
    store = tmp_path / "store.sqlite"
    outcome = evaluate([recorded(tmp_path, rows)], ["m-rewardbench"], store=store, registry=registry)
    assert outcome.exit_code == 0
    wanted = {}
    for language in languages:
        accuracy = {
            s: np.mean([r for r, own in zip(right[language], numbered, strict=True) if own == s]) for s in SUBSETS
        }
        weight = 4 * 983 / 447
        reasoning = (weight * accuracy["math-prm"] + 2 * accuracy["hep-cpp"]) / (weight + 2)
        sections = [accuracy[s] for s in ("alpacaeval-easy", "llmbar-natural", "donotanswer")]
        wanted[language] = np.mean([*sections, reasoning])
    found = {r.domain: r.estimate for r in outcome.results if r.metric == "section_mean"}
    assert {language: found[language].value for language in languages} == pytest.approx(wanted)
    (entry,) = build_leaderboard("m-rewardbench", store=store, registry=registry).entries
    assert entry.figures["score"].value == pytest.approx(np.mean(list(wanted.values())))
    assert entry.figures["worst language"].value == pytest.approx(min(wanted.values()))


def test_a_question_in_several_languages_is_one_cluster(translated, registry):
    languages, numbered = translated
    items = list(build_task(registry, "m-rewardbench/pairs").items())
    assert len(items) == len(languages) * len(numbered)
    assert {item.cluster for item in items} == {str(i) for i in range(len(numbered))}


# RMB


def scenarios(registry, task):
    prefix = f"rmb/{task}:"
    of = [s for a in registry.benchmarks().find("rmb").aggregates if "of scenarios" in a.name for s in a.of]
    return [s.rpartition(":")[2] for s in of if s.startswith(prefix)]


def spoken(text):
    return [{"content": text, "language": "English", "role": "user"}]


@pytest.fixture
def rmb(mirror, registry):
    """Two rows a scenario in both sets; the scenarios."""
    for name in scenarios(registry, "pairwise"):
        pairs = [
            {
                "pair_uid": str(i),
                "conversation_input": spoken(f"{name} {i}"),
                "chosen": {"llm_name": "a", "answer": f"good {i}", "score": 5.0},
                "reject": {"llm_name": "b", "answer": f"bad {i}", "score": 1.5},
                "category_path": f"Pairwise_set/{name}",
            }
            for i in range(2)
        ]
        lists = [
            {
                "bon_uid": str(i),
                "conversation_input": spoken(f"{name} {i}"),
                "bon_best": {"llm_name": "a", "answer": f"good {i}"},
                "loser_list": [{"llm_name": "b", "answer": f"bad {i} {k}"} for k in range(2 + i)],
                "category_path": f"BoN_set/{name}",
            }
            for i in range(2)
        ]
        mirror(f"rmb/RMB_dataset/Pairwise_set/{name}.json", pairs)
        mirror(f"rmb/RMB_dataset/BoN_set/{name}.json", lists)
    return scenarios(registry, "pairwise")


def test_rmb_has_49_scenarios_and_the_winner_must_score_above_all_losers(rmb, registry, tmp_path):
    assert len(set(rmb)) == len(rmb) == 49
    assert scenarios(registry, "best-of-n") == rmb
    rng = np.random.default_rng(1)
    rows, won = [], {}
    for task, metric in (("pairwise", "accuracy_strict"), ("best-of-n", "best_of_k_strict")):
        for name in rmb:
            for i in range(2):
                scores = rng.integers(0, 3, 2 if task == "pairwise" else 3 + i).astype(float)
                scores[0] += 1
                won[metric, name, i] = all(scores[0] > s for s in scores[1:])
                rows.append({"task": f"rmb/{task}", "id": f"{name}/{i}", "scores": scores.tolist()})
    store = tmp_path / "store.sqlite"
    outcome = evaluate([recorded(tmp_path, rows)], ["rmb"], store=store, registry=registry)
    assert outcome.exit_code == 0
    (entry,) = build_leaderboard("rmb", store=store, registry=registry).entries
    parts = []
    for kind, metric in (("pairwise", "accuracy_strict"), ("best-of-N", "best_of_k_strict")):
        for goal in ("helpfulness", "harmlessness"):
            mean = np.mean([v for (m, name, _), v in won.items() if m == metric and name.startswith(goal.title())])
            assert entry.figures[f"{kind} {goal}"].value == pytest.approx(mean)
            parts.append(mean)
        of_scenarios = [np.mean([won[metric, name, i] for i in range(2)]) for name in rmb]
        assert entry.figures[f"{kind} mean of scenarios"].value == pytest.approx(np.mean(of_scenarios))
    assert entry.figures["overall"].value == pytest.approx(np.mean(parts))


def test_without_a_copy_rmb_says_where_to_get_one(mirror, registry, monkeypatch):
    task = build_task(registry, "rmb/pairwise")
    with pytest.raises(DataError, match=saying("folder", "https://github.com/Zhou-Zoey/", "$HARNESS_DATA/rmb").pattern):
        next(task.items())
    monkeypatch.delenv("HARNESS_DATA")
    with pytest.raises(DataError, match=saying("RMB", "repository", "HARNESS_DATA", "folder").pattern):
        next(task.items())


def test_a_row_of_rmb_without_losers_is_reported(mirror, registry):
    good = {"bon_uid": "1", "conversation_input": spoken("q"), "bon_best": {"answer": "a"}}
    bad = [{**good, "bon_uid": "2"}, {**good, "bon_uid": "3", "loser_list": []}, {**good, "loser_list": [{}]}]
    mirror("rmb/RMB_dataset/BoN_set/Harmlessness/S1.json", [{**good, "loser_list": [{"answer": "b"}]}, *bad])
    first, *others = build_task(registry, "rmb/best-of-n").items()
    assert (first.id, first.fields["responses"], first.domains) == (
        "Harmlessness/S1/1",
        ["a", "b"],
        ("Harmlessness", "Harmlessness/S1"),
    )
    assert all(isinstance(item, BadItem) for item in others)
    problems = [item.problem for item in others]
    assert problems[0].startswith("'rejected' is missing")
    assert problems[1] == saying("'rejected'", "empty")
    assert problems[2].startswith("'rejected': expected a list of texts")


# items that benchmarks share


def test_an_item_that_two_benchmarks_share_is_scored_once(toys, harness, mirror):
    """RewardBench holds LLMBar verbatim."""
    from harness_toys.models import ASKED

    shared = [(f"instruction {i}", f"{i}.75", f"{i}.5") for i in range(5)]
    places = {
        "Natural": "llmbar-natural",
        "Adversarial_Neighbor": "llmbar-adver-neighbor",
        "Adversarial_GPTInst": "llmbar-adver-GPTInst",
        "Adversarial_GPTOut": "llmbar-adver-GPTOut",
        "Adversarial_Manual": "llmbar-adver-manual",
    }
    ours = []
    for (split, subset), (prompt, good, bad) in zip(places.items(), shared, strict=True):
        turned = {"input": prompt, "output_1": bad, "output_2": good, "label": 2}
        mirror(f"princeton-nlp/LLMBar/LLMBar/{split}", [turned])
        ours.append({"prompt": prompt, "chosen": good, "rejected": bad, "subset": subset, "id": len(ours)})
    ours.append({"prompt": "alone", "chosen": "9.75", "rejected": "9.5", "subset": "donotanswer", "id": 99})
    mirror("allenai/reward-bench/filtered", ours)
    ASKED.clear()
    ran = harness("eval", "-m", "toy-reader", "-t", "llmbar/pairs", "-t", "rewardbench/filtered", "--json")
    assert ran.code == 0, ran.err
    assert len(ASKED) == len(set(ASKED)) == 12
    figures = {
        (r["task"], r["metric"]): (r["value"], r["n"]) for r in ran.document["results"] if r["domain"] == "overall"
    }
    assert figures["llmbar/pairs", "accuracy_strict"] == (1, 5)
    assert figures["rewardbench/filtered", "accuracy_strict"] == (1, 6)
    ASKED.clear()
    assert harness("eval", "-m", "toy-reader", "-t", "rewardbench/filtered").code == 0
    assert ASKED == []
