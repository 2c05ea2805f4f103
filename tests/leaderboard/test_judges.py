"""A verdict is on one model's answer, and figures that different judges gave are not shown as if one had."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml

from harness.store import Store
from harness.store import schema as s

from ..messages import saying

ITEMS = 6


@pytest.fixture
def duel(toys, write_task):
    """The task ``demo/duel`` of two stages, in the benchmark ``demo``: a candidate writes, a judge compares."""
    rows = [{"id": str(i), "prompt": f"write {i}", "reference": "2.0"} for i in range(ITEMS)]
    write_task("demo/duel", rows, kind="toy-duel")
    registry = {"task_folders": ["tasks"], "benchmarks": {"demo": {"tasks": ["demo/duel"]}}}
    (toys / "registry.yaml").write_text(yaml.safe_dump(registry))
    return toys


@pytest.fixture
def verdicts(duel):
    """Write verdicts of a judge that ran elsewhere: ``verdicts(a=1, b=0)``, on the answers of a and b."""

    def write(name="verdicts.jsonl", **won):
        rows = [
            {"task": "demo/duel", "id": str(i), "p_first": p, **({"of": of} if of != "nobody" else {})}
            for of, p in won.items()
            for i in range(ITEMS)
        ]
        (duel / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
        return f"judge=recorded:path={name}"

    return write


def judged(harness, role, *models, code=0):
    """Evaluate toy writers under these labels, which all write the same; the share won of each."""
    listed = [part for model in models for part in ("-m", model if "=" in model else f"{model}=toy-writer")]
    ran = harness("eval", *listed, "-t", "demo/duel", "--role", f"judge={role}", "--json")
    assert ran.code == code, ran.err
    return {result["model"]: result["value"] for result in ran.document["results"]}


def test_each_candidate_gets_the_verdicts_on_its_own_answers(verdicts, harness):
    recorded = verdicts(a=1, b=0, c=0.5)
    assert judged(harness, recorded, "a", "b", "c") == {"a": 1.0, "b": 0.0, "c": 0.5}
    for label, won in (("c", 0.5), ("b", 0.0), ("a", 1.0)):  # from the store, one by one, in another order
        assert judged(harness, recorded, label) == {label: won}


def test_a_candidate_that_was_never_judged_is_refused_before_anything_runs(verdicts, harness):
    ran = harness("eval", "-m", "stranger=toy-writer", "-t", "demo/duel", "--role", f"judge={verdicts(a=1, b=0)}")
    assert ran.code == 2
    assert "'stranger'" in ran.err
    assert "'a', 'b'" in ran.err


@pytest.mark.parametrize("models", [("a",), ("a", "b")])
def test_verdicts_that_do_not_say_whose_answers_they_are_on_are_nobodys(verdicts, harness, models):
    listed = [part for model in models for part in ("-m", f"{model}=toy-writer")]
    ran = harness("eval", *listed, "-t", "demo/duel", "--role", f"judge={verdicts(nobody=1)}")
    assert ran.code == 2
    assert "do not say whose they are on" in ran.err


def test_an_argument_says_it_for_the_whole_file_and_for_one_candidate_only(verdicts, harness):
    recorded = verdicts(nobody=1) + ",of=a"
    assert judged(harness, recorded, "a") == {"a": 1.0}
    assert harness("eval", "-m", "b=toy-writer", "-t", "demo/duel", "--role", f"judge={recorded}").code == 2


def test_verdicts_of_one_who_wrote_otherwise_under_that_label_are_asked_anew(verdicts, harness):
    recorded = verdicts(a=1)
    judged(harness, recorded, "a")
    ran = harness("eval", "-m", "a=toy-writer:plus=1", "-t", "demo/duel", "--role", f"judge={recorded}")
    assert ran.code == 0
    assert "from the store" not in ran.err


def test_one_missing_verdict_is_a_failed_request(verdicts, harness, duel):
    recorded = verdicts(a=1)
    file = duel / "verdicts.jsonl"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))
    ran = harness("eval", "-m", "a=toy-writer", "-t", "demo/duel", "--role", f"judge={recorded}", "--json")
    (result,) = ran.document["results"]
    assert (result["value"], result["n"], result["n_failed"]) == (1.0, ITEMS - 1, 1)
    assert "'a'" in ran.document["failures"][0]["reason"]


NOTE = "demo/duel: different models as judge, so its figures cannot be compared: judge (a); toy-judge (b)"


@pytest.fixture
def two_judges(verdicts, harness):
    """Candidate a was judged by records, b by the toy judge."""
    judged(harness, verdicts(a=1), "a")
    judged(harness, "toy-judge", "b")


def shown(harness, format_):
    ran = harness("leaderboard", "demo", "--format", format_)
    assert ran.code == 0, ran.err
    return ran.out


def test_a_leaderboard_of_several_judges_says_so_in_every_format(two_judges, harness):
    for format_ in ("table", "html", "latex"):
        assert NOTE in shown(harness, format_), format_
    assert NOTE in shown(harness, "markdown").replace("\\", "")
    document = json.loads(shown(harness, "json"))
    assert NOTE in document["notes"]
    assert {e["model"]: e["roles"] for e in document["entries"]} == {
        "a": {"demo/duel": {"judge": "judge"}},
        "b": {"demo/duel": {"judge": "toy-judge"}},
    }
    rows = csv.DictReader(io.StringIO(shown(harness, "csv")))
    assert {row["model"]: row["roles"] for row in rows} == {"a": "judge=judge", "b": "judge=toy-judge"}
    cards = yaml.safe_load(shown(harness, "model-card"))["model-index"]
    roles = {card["name"]: card["results"][0]["metrics"][0]["args"]["roles"] for card in cards}
    assert roles == {"a": {"demo/duel": {"judge": "judge"}}, "b": {"demo/duel": {"judge": "toy-judge"}}}


def test_so_do_the_site_and_a_comparison(two_judges, harness, project):
    assert harness("leaderboard", "demo", "-o", "site/").code == 0
    for page in ("index.html", "compare.html"):
        assert NOTE in (project / "site" / "demo" / page).read_text(), page
    assert NOTE in harness("compare", "a", "b", "-t", "demo/duel").out
    compared = harness("compare", "a", "b", "-t", "demo/duel", "--json").document["comparisons"]
    assert [c["note"] for c in compared] == [NOTE]


def test_one_judge_is_not_worth_a_note(verdicts, harness):
    judged(harness, verdicts(a=1, b=0), "a", "b")
    assert "different models as" not in shown(harness, "table")
    assert harness("compare", "a", "b", "-t", "demo/duel", "--json").document["comparisons"][0]["note"] == ""


def test_two_judges_of_one_label_are_told_apart_by_their_fingerprints(verdicts, harness):
    judged(harness, verdicts(a=1), "a")
    judged(harness, verdicts("others.jsonl", b=0), "b")
    assert re.search(r"judge \[[0-9a-f]{8}\] \(a\); judge \[[0-9a-f]{8}\] \(b\)", shown(harness, "table"))


def test_a_model_with_a_judge_on_one_task_and_none_on_another_is_one_model(duel, write_task, harness):
    write_task("demo/plain", [{"id": "0", "prompt": "p", "responses": ["1", "2"], "correct": [1, 0]}])
    registry = {"task_folders": ["tasks"], "benchmarks": {"demo": {"tasks": ["demo/duel", "demo/plain"]}}}
    (duel / "registry.yaml").write_text(yaml.safe_dump(registry))
    rows = [{"task": "demo/duel", "id": str(i), "text": "3.0"} for i in range(ITEMS)]
    rows.append({"task": "demo/plain", "id": "0", "scores": [1, 0]})
    (duel / "both.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    ran = harness("eval", "-m", "both=recorded:path=both.jsonl", "-t", "demo", "--role", "judge=toy-judge")
    assert ran.code == 0, ran.err
    board = shown(harness, "table")
    assert "100.00" in board
    assert "one label, different models" not in board


def test_verdicts_filed_before_they_were_looked_up_by_label_are_said(verdicts, harness):
    judged(harness, verdicts(a=1), "a")
    assert "evaluate again" not in shown(harness, "table")
    with Store(Path(".harness/store.sqlite")) as store, store.transaction() as connection:
        settings = {"limit": None, "seed": 0, "split": "test", "confidence": 0.95, "task_version": "1"}
        connection.execute(sa.update(s.cells).values(settings=json.dumps(settings)))
    assert shown(harness, "table") == saying("recorded", "demo/duel")
