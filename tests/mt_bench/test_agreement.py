"""Agreement of a judge's votes with people's, on made files of the hub's form."""

import json

import pytest
from harness_plugins.mt_bench.agreement import votes_of

from harness import DataError


def vote(question, winner, turn=1, pair="ab"):
    return {"question_id": question, "model_a": pair[0], "model_b": pair[1], "winner": winner, "turn": turn}


def filed(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_votes_do_not_depend_on_which_model_comes_first(tmp_path):
    rows = [vote(1, "model_a"), vote(1, "model_a", pair="ba"), vote(1, "tie (inconsistent)"), vote(1, "model_b", 2)]
    assert votes_of("human", filed(tmp_path / "v.jsonl", rows)) == {"1-1 a b": [1, -1, 0], "1-2 a b": [-1]}


@pytest.mark.parametrize("bad", [{"question_id": 1}, vote(1, "A")])
def test_rows_of_another_form_are_refused_by_line(tmp_path, bad):
    with pytest.raises(DataError, match=r"v\.jsonl"):
        votes_of("human", filed(tmp_path / "v.jsonl", [bad]))


def test_agreement_with_and_without_ties(harness, project, write_task):
    people = [vote(1, "model_a"), vote(1, "model_a"), vote(1, "tie"), vote(2, "model_b"), vote(3, "model_a")]
    judge = [vote(1, "model_b", pair="ba"), vote(2, "tie (inconsistent)"), vote(9, "tie")]
    filed(project / "p.jsonl", people)
    filed(project / "j.jsonl", judge)
    generator = "harness_plugins.mt_bench.agreement:people"
    data = {"test": {"generator": generator, "settings": {"path": "p.jsonl"}}}
    write_task("mine/votes", kind="mt-bench-agreement", data=data, cluster="question", slices=["which"])
    ran = harness("eval", "-m", "judge=mt-bench-votes:path=j.jsonl", "-t", "mine/votes", "--json")
    assert ran.code == 0, ran.err
    found = {r["metric"]: r for r in ran.document["results"] if r["domain"] == "overall"}
    # Question 1: the judge says a; two people agree, and one says tie. Question 2: it ties. Question 3: it has no vote.
    assert found["mt_bench_agreement"]["value"] == pytest.approx(2 / 4)
    assert found["mt_bench_agreement:ties=without"]["value"] == 1.0
    assert found["mt_bench_agreement:of=people"]["value"] == pytest.approx(1 / 3)
    assert found["mt_bench_agreement:of=people,ties=without"]["value"] == 1.0
    assert found["mt_bench_agreement"]["detail"]["pairs"] == 4
