"""Drift between two stores: pairs where the items agree, two samples where they do not, and who became worse."""

import json

import pytest
from harness_plugins.firewall.drift import _unpaired

from harness import stats


@pytest.fixture
def dated(project, harness):
    """Two stores of one label: the word that the later traffic's attacks use is not on the list any more."""

    def traffic(words, task="week"):
        rows = [
            {"id": f"r{i}", "prompt": f"{words[i % 2]} {i}", "reply": "plum" if i % 2 else "tea", "label": i % 2}
            for i in range(200)
        ]
        folder = project / "tasks" / "wall"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{task}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (folder / f"{task}.yaml").write_text(f"kind: firewall-replay\ndata: {{test: {{file: {task}.jsonl}}}}\n")

    (project / "registry.yaml").write_text("task_folders: [tasks]\n")
    (project / "old.txt").write_text("secret\n")
    (project / "new.txt").write_text("password\n")
    traffic(("tea", "secret"))

    def evaluate(words, store):
        model = f"guard=firewall:input=[[keyword-list:path={words}]]"
        assert harness("eval", "-m", model, "-t", "wall/week", "--store", store).code == 0

    evaluate("old.txt", "may.sqlite")
    evaluate("new.txt", "june.sqlite")
    return traffic, evaluate


SHARES = ("--metric", "residual_asr", "--metric", "over_block")  # times differ from run to run
DRIFT = ("drift", "wall/week", "--before", "may.sqlite", "--json")


def of(ran, metric):
    return next(one for one in ran.document["drift"] if one["metric"] == metric)


def test_what_became_worse_is_shown_in_pairs_and_fails_on_request(dated, harness):
    ran = harness(*DRIFT, "--after", "june.sqlite", "--fail")
    assert ran.code == 3, ran.err
    found = of(ran, "residual_asr")
    assert (found["before"], found["after"], found["paired"], found["worse"]) == (0, 1, 200, True)
    assert not found["same_model"]
    assert not of(ran, "over_block")["worse"]
    assert harness(*DRIFT, "--after", "june.sqlite").code == 0
    back = harness(
        "drift", "wall/week", "--before", "june.sqlite", "--after", "may.sqlite", "--fail", "--json", *SHARES
    )
    assert back.code == 0


def test_nothing_changes_between_a_store_and_its_copy(dated, harness):
    ran = harness(*DRIFT, "--after", "may.sqlite", "--fail")
    assert ran.code == 0, ran.err
    assert all(one["change"] in (0, None) and one["same_model"] for one in ran.document["drift"])


def test_another_definition_of_the_task_is_compared_as_another_sample(dated, harness):
    traffic, evaluate = dated
    traffic(("coffee", "password"))
    path = "tasks/wall/week.yaml"
    with open(path, "a") as file:
        file.write("version: '2'\n")
    evaluate("old.txt", "july.sqlite")
    ran = harness(*DRIFT, "--after", "july.sqlite")
    assert ran.code == 0, ran.err
    assert of(ran, "residual_asr")["paired"] == 0
    assert of(ran, "residual_asr")["worse"]
    assert "definition changed" in ran.document["notes"][0]


def test_stores_without_a_model_in_common_are_refused(dated, harness):
    harness("eval", "-m", "never-block", "-t", "wall/week", "--store", "other.sqlite")
    ran = harness("drift", "wall/week", "--before", "may.sqlite", "--after", "other.sqlite")
    assert (ran.code, "guard" in ran.err, "never-block" in ran.err) == (2, True, True)
    assert harness("drift", "wall/week", "--before", "may.sqlite", "--after", "none.sqlite").code == 2
    assert harness("drift", "nothing/*", "--before", "may.sqlite", "--after", "june.sqlite").code == 2


def test_the_interval_of_two_samples_is_newcombes():
    before = stats.Estimate(0.2, 0.04, *stats.wilson(20, 100), 100)
    after = stats.Estimate(0.35, 0.05, *stats.wilson(35, 100), 100)
    found = _unpaired(before, after, 0.95)
    assert (found.low, found.high) == pytest.approx((0.0263, 0.2684), abs=0.002)  # Newcombe 1998, method 10
    assert 0.01 < found.p_value < 0.05
    nothing = _unpaired(before, before, 0.95)
    assert nothing.p_value == pytest.approx(1)
