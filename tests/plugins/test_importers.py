import json
import re

import pytest
from harness_plugins.reward_benchmarks.importers import judgebench, llmbar, rewardmath

from harness.errors import DataError, UsageError

from ..messages import saying


@pytest.fixture
def document(tmp_path):
    def write(content, name="file.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return write


def test_judgebench_keeps_each_game_in_the_letters_of_its_own_order(document):
    decisions = [("A>B", "B>>A"), ("A=B", None), ("A<B", "nonsense")]
    rows = [{"pair_id": i, "judgments": [{"decision": d} for d in pair]} for i, pair in enumerate(decisions)]
    found = [(row["id"], row["order"], row["p_first"]) for row in judgebench(document(rows))]
    assert found == [(0, "ab", 1.0), (0, "ba", 0.0), (1, "ab", 0.5), (1, "ba", None), (2, "ab", 0.0), (2, "ba", None)]


def test_judgebench_takes_the_scores_of_the_first_game(document):
    games = [{"decision": "A>B", "scores": [2.0, 1.0]}, {"decision": "B>A", "scores": [1.0, 2.0]}]
    assert list(judgebench(document([{"pair_id": "x", "judgments": games}]))) == [
        {"task": "judgebench", "id": "x", "scores": [2.0, 1.0]}
    ]


@pytest.mark.parametrize(
    "row", [{}, {"pair_id": "x"}, {"pair_id": "x", "judgments": []}, {"pair_id": 1, "judgments": None}]
)
def test_another_form_of_judgment_is_an_error_with_its_row(row, document):
    path = document([row])
    with pytest.raises(DataError, match=rf"^{re.escape(str(path))} row 0: not a JudgeBench judgment"):
        list(judgebench(path))


CSV = """subset,evaluator,index,label,winner_noswap,winner_swap
LLMBar/Natural,GPT-4/CoT,0,1,1,1
LLMBar/Adversarial/Manual,GPT-4/CoT,3,2,2,
Processed/FairEval,GPT-4/CoT,0,1,1,1
LLMBar/Natural,Falcon/CoT,0,1,2,1
"""


def test_llmbar_winners_are_those_of_the_data_in_both_orders(document):
    found = [
        (row["id"], row["order"], row["p_first"])
        for row in llmbar(document(CSV, "verdicts.csv"), evaluator="GPT-4/CoT")
    ]
    # Output 1 won both times: shown first in the order of the data, second in the other.
    assert found == [
        ("Natural/0", "ab", 1.0),
        ("Natural/0", "ba", 0.0),
        ("Manual/3", "ab", 0.0),
        ("Manual/3", "ba", None),
    ]


def test_an_unknown_evaluator_or_model_suggests_the_nearest(document):
    with pytest.raises(UsageError, match=saying("'GPT4/CoT'", "'GPT-4/CoT'").pattern):
        list(llmbar(document(CSV, "verdicts.csv"), evaluator="GPT4/CoT"))
    with pytest.raises(UsageError, match=saying("'internlm'", "'internlm2'").pattern):
        list(rewardmath(document({"scores": {"internlm2": [[1, 0]]}}), model="internlm"))


def test_rewardmath_scores_belong_to_the_problem_of_their_index(document):
    path = document({"scores": {"rm": [[1, 0, 0.5], [2, 3, 1]]}})
    assert list(rewardmath(path, model="rm")) == [
        {"task": "rewardmath", "id": "0", "scores": [1, 0, 0.5]},
        {"task": "rewardmath", "id": "1", "scores": [2, 3, 1]},
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [("[]", saying("object", "'scores'")), ("{", saying("not valid JSON")), (None, saying("no such file"))],
)
def test_a_file_of_another_form_is_an_error(content, problem, document, tmp_path):
    path = tmp_path / "none.json" if content is None else document(content)
    with pytest.raises(DataError, match=problem.pattern):
        list(rewardmath(path, model="rm"))
