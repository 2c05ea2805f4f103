"""Routes in and out: recorded choices, RouterArena's files, models that look at the outcomes, robustness."""

import json

import numpy as np
import pytest
from harness_plugins.routing.robustness import RouteRobustness

from harness import Columns

LABELS = ("small", "medium", "large")


@pytest.fixture
def questions(write_task):
    """Two halves of forty questions, each with a rephrasing, of three models; the large one is better and dearer."""

    def write(name="my/routes", *, seed=0, **keys):
        random = np.random.default_rng(seed)
        rows = []
        for i in range(40):
            outcomes = [float(random.random() < p) for p in (0.3, 0.5, 0.8)]
            for form in ("", "/rephrased"):
                rows.append(
                    {"id": f"q{i}{form}", "prompt": f"Question {i}{form and ', in other words'}?", "kind": f"k{i % 2}",
                     "original": f"q{i}" if form else None, "costs": [0.001, 0.002, 0.01],
                     **dict(zip(LABELS, outcomes, strict=True))}
                )  # fmt: skip
        keys.setdefault("data", {name: {"file": "routes.jsonl"} for name in ("train", "test")})
        columns = {"outcomes": list(LABELS), "category": "kind", "rephrases": "original"}
        write_task(name, rows, kind="routing", columns=columns, **keys)
        return rows

    return write


def results(ran):
    return {row["metric"]: row["value"] for row in ran.document["results"] if row["domain"] == "overall"}


def test_what_looks_at_the_outcomes_is_the_bound_and_says_so(project, harness, questions):
    rows = questions(metrics=["route_accuracy", "oracle", "best_constant_on_test", "forecast_accuracy"])
    ran = harness("eval", "-m", "oracle-router", "-t", "my/routes", "--json")
    assert ran.code == 0, ran.err
    found = results(ran)
    assert found["route_accuracy"] == found["oracle"] == np.mean([max(row[label] for label in LABELS) for row in rows])
    assert found["forecast_accuracy"] == 1
    assert "no router" in ran.err
    ran = harness("eval", "-m", "best-on-test-router", "-t", "my/routes", "--json")
    found = results(ran)
    assert found["route_accuracy"] == found["best_constant_on_test"]
    assert "no router" in ran.err


def test_other_outcomes_are_looked_at_anew(project, harness, questions):
    questions(metrics=["route_accuracy", "oracle"])
    for model in ("oracle-router", "best-on-test-router"):
        assert harness("eval", "-m", model, "-t", "my/routes").code == 0
    questions(metrics=["route_accuracy", "oracle", "best_constant_on_test"], seed=1)  # the same ids and texts
    for model, reference in (("oracle-router", "oracle"), ("best-on-test-router", "best_constant_on_test")):
        found = results(harness("eval", "-m", model, "-t", "my/routes", "--json"))
        assert found["route_accuracy"] == found[reference]


def test_an_outcome_that_is_not_known_is_never_chosen(project, harness, write_task):
    rows = [{"id": str(i), "prompt": f"{i}?", "a": None if i % 2 else 1, "b": 0, "c": 0} for i in range(20)]
    write_task("my/gaps", rows, kind="routing", columns={"outcomes": ["a", "b", "c"]}, metrics=["route_accuracy"])
    for model, value in (("oracle-router", 0.5), ("best-on-test-router", 1.0)):
        ran = harness("eval", "-m", model, "-t", "my/gaps", "--json")
        assert results(ran)["route_accuracy"] == value


def test_a_prediction_file_of_router_arena_goes_in_and_out(project, harness, questions):
    rows = questions(metrics=["route_accuracy", "route_robustness", "mean_cost"])
    entries = [
        {"global index": f"q{i}", "prompt": f"Question {i}?", "prediction": LABELS[i % 3], "for_optimality": False}
        for i in range(40)
    ]
    entries.append({**entries[0], "prediction": "large", "for_optimality": True})
    robustness = [{**entry, "prediction": LABELS[0]} for entry in entries[:40]]
    for name, content in (("full", entries), ("other-words", robustness)):
        (project / f"{name}.json").write_text(json.dumps(content))
    ran = harness("import", "router-arena", "full.json", "--set", "task=my/routes", "-o", "full.jsonl")
    assert ran.code == 0, ran.err
    assert "1 entries for optimality" in ran.err
    command = ("import", "router-arena", "other-words.json", "--set", "task=my/routes", "--set", "suffix=/rephrased")
    assert harness(*command, "-o", "more.jsonl").code == 0
    recorded = [path.read_text() for path in (project / "full.jsonl", project / "more.jsonl")]
    (project / "both.jsonl").write_text("".join(recorded))
    ran = harness("eval", "-m", "mine=recorded:path=both.jsonl", "-t", "my/routes", "--json")
    assert ran.code == 0, ran.err
    found = results(ran)
    outcome = {row["id"]: row for row in rows}
    chosen = {f"q{i}": LABELS[i % 3] for i in range(40)} | {f"q{i}/rephrased": LABELS[0] for i in range(40)}
    assert found["route_accuracy"] == pytest.approx(np.mean([outcome[id_][label] for id_, label in chosen.items()]))
    assert found["route_robustness"] == pytest.approx(14 / 40)
    ran = harness("routes", "mine", "-t", "my/routes", "-o", "out.json")
    assert ran.code == 0, ran.err
    written = json.loads((project / "out.json").read_text())
    assert {entry["global index"]: entry["prediction"] for entry in written} == chosen
    costs = dict(zip(LABELS, (0.001, 0.002, 0.01), strict=True))
    for entry in written:
        assert entry["cost"] == costs[entry["prediction"]]
        assert entry["accuracy"] == outcome[entry["global index"]][entry["prediction"]]
        assert entry["prompt"] == outcome[entry["global index"]]["prompt"]
    (project / "again.json").write_text(json.dumps(written))
    assert harness("import", "router-arena", "again.json", "--set", "task=my/routes", "-o", "again.jsonl").code == 0
    again = results(harness("eval", "-m", "again=recorded:path=again.jsonl", "-t", "my/routes", "--json"))
    assert again == found


def test_routes_weigh_cost_where_asked(project, harness, questions):
    questions()
    assert harness("train", "constant-router", "-t", "my/routes", "-o", "c").code == 0
    assert harness("eval", "-m", "c=constant-router:path=c", "-t", "my/routes").code == 0
    for weight, label in ((0, "large"), (1000, "small")):
        assert harness("routes", "c", "-t", "my/routes", "-o", "r.json", "--cost-weight", weight).code == 0
        assert {entry["prediction"] for entry in json.loads((project / "r.json").read_text())} == {label}
    for arguments, says in (
        (("d", "-t", "my/routes"), "'d'"),
        (("c", "-t", "quickstart/preferences"), "routing"),
        (("c", "-t", "my/routes", "--split", "train"), "'c'"),
    ):
        ran = harness("routes", *arguments, "-o", "s.json")
        assert ran.code == 2
        assert says in ran.err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "not valid JSON"),
        ("{}", "expected a list"),
        ("[1]", "entry 0"),
        ('[{"prediction": "small"}]', "global index"),
        ('[{"global index": "q1", "prediction": 3}]', "entry 0"),
        ('[{"global index": "q1", "prediction": "a"}, {"global index": "q1", "prediction": "a"}]', "already"),
    ],
)
def test_what_is_no_prediction_file_is_refused(project, harness, content, says):
    (project / "p.json").write_text(content)
    ran = harness("import", "router-arena", "p.json", "--set", "task=my/routes", "-o", "p.jsonl")
    assert ran.code == 1
    assert says in ran.err
    assert "p.json" in ran.err


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"chosen": "huge"}, "'huge'"),
        ({"chosen": None}, "null"),
        ({"predicted": None}, "null"),
        ({"predicted": {"small": 1, "medium": 0}}, "large"),
        ({"predicted": {"small": 1, "medium": 0, "large": None}}, "large"),
    ],
)
def test_a_recorded_route_that_does_not_say_enough_is_a_failure(project, harness, questions, row, reason):
    questions(metrics=["route_accuracy"])
    good = {"task": "my/routes", "id": "q1", "predicted": {"large": 0.9, "medium": 0.5, "small": 0.1, "huge": 1}}
    rows = [good, {"task": "my/routes", "id": "q0", **row}]
    (project / "r.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    ran = harness("eval", "-m", "r=recorded:path=r.jsonl", "-t", "my/routes", "--json")
    assert reason in ran.out + ran.err
    assert (ran.document["results"][0]["n"], ran.document["results"][0]["n_failed"]) == (1, 79)


@pytest.mark.parametrize(
    "row", [{"predicted": [1]}, {"predicted": {"a": "x"}}, {"chosen": 1}, {"chosen": "a", "predicted": {"a": 1}}]
)
def test_a_recorded_route_of_another_form_is_refused(project, harness, questions, row):
    questions()
    (project / "r.jsonl").write_text(json.dumps({"task": "my/routes", "id": "q0", **row}))
    ran = harness("eval", "-m", "r=recorded:path=r.jsonl", "-t", "my/routes")
    assert ran.code == 2
    assert "r.jsonl:1" in ran.err


def columns(chosen, codes):
    predicted = np.eye(4)[[max(one, 0) for one in chosen]]
    predicted[[one < 0 for one in chosen]] = np.nan
    return Columns({"predicted": predicted, "outcome": np.full_like(predicted, np.nan),
                    "cost": np.full_like(predicted, np.nan), "rephrasings": np.array(codes, dtype=float)})  # fmt: skip


def test_robustness_is_of_questions_whatever_the_number_of_their_rephrasings():
    nan = float("nan")
    found = RouteRobustness().compute(columns([0, 0, 0, 1, 2, 3, 3, 1, -1], [0, 0, 0, 1, 1, 2, 2, nan, 2]))
    assert found.value == pytest.approx(2 / 3)
    assert (found.n, found.n_failed) == (7, 2)
    random = np.random.default_rng(0)
    same = random.random(200) < 0.7
    chosen = np.repeat(random.integers(0, 3, 200), 3)
    chosen[2::3] = np.where(same, chosen[::3], 3)
    found = RouteRobustness().compute(columns(chosen, np.repeat(np.arange(200), 3)))
    assert found.value == same.mean()
    assert found.stderr == pytest.approx(same.std() / np.sqrt(200), rel=0.02)


def test_robustness_of_data_without_rephrasings_says_what_to_map():
    found = RouteRobustness().compute(columns([0, 1], [float("nan")] * 2))
    assert "rephrases" in found.detail["reason"]
