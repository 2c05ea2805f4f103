"""Tables of outcomes, the meeting of names, and what the command prints and writes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from harness_plugins.outcomes.quantiles import sorted_scores
from harness_plugins.outcomes.replicates import add_replicates
from harness_plugins.outcomes.table import read_outcomes

import harness
from harness.errors import DataError, UsageError

from ..messages import saying

DEMO = ("correlate", "demo", "--outcome", "outcome.csv", "--published", "published.jsonl")


@pytest.fixture
def table(tmp_path):
    """Write a file and read it as outcomes: ``table("a.csv", text, ...)``."""

    def read(name, text, **options):
        path = tmp_path / name
        path.write_text(text)
        return read_outcomes(path, **options)

    return read


# tables


def test_every_shape_of_table_gives_the_same(table):
    shapes = [
        ("a.csv", "model,value\na,1.5\nb,-2\n"),
        ("a.csv", ",model,Arena\n0,a,1.5\n1,b,-2\n"),
        ("a.csv", "who,Elo\na,1.5\nb,-2\n"),
        ("a.jsonl", '{"model": "a", "value": 1.5}\n{"model": "b", "value": "-2"}\n'),
        ("a.json", '[{"model": "a", "Arena": 1.5}, {"model": "b", "Arena": -2}]'),
        ("a.json", '{"a": 1.5, "b": -2}'),
        ("a.json", '{"a": {"value": 1.5}, "b": {"value": -2}}'),
    ]
    for name, text in shapes:
        assert {m: v.value for m, v in table(name, text).values.items()} == {"a": 1.5, "b": -2.0}


def test_errors_come_from_stderr_or_from_bounds(table):
    assert table("a.csv", "model,value,stderr\na,1,0.5\n").values["a"].stderr == 0.5
    found = table("a.csv", "model,Elo,Elo_low,Elo_high\na,10,8.04,11.96\n").values["a"]
    assert found.stderr == pytest.approx(1.0, abs=1e-4)
    assert np.isnan(table("a.csv", "model,value\na,1\n").values["a"].stderr)


def test_what_is_no_number_in_the_only_column_is_said_with_its_row(table):
    with pytest.raises(DataError, match=saying("a.csv:3", "'arena'", "number", "'abc'").pattern):
        table("a.csv", "model,arena\na,1\nb,abc\n")


def test_which_column_is_asked_for_where_it_is_not_clear(table):
    text = "model,plain,style\na,1,2\nb,3,4\n"
    with pytest.raises(UsageError, match=saying("--value-column", "'plain'", "'style'").pattern):
        table("a.csv", text)
    assert table("a.csv", text, value_column="style").values["b"].value == 4
    with pytest.raises(UsageError, match=r"no column 'stile'.*'style'"):
        table("a.csv", text, value_column="stile")
    with pytest.raises(UsageError, match="which column names the model"):
        table("a.csv", "one,two,n\na,b,1\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model,value\na,1\na,2\n", saying("a.csv:3", "'a'")),
        ("model,value,x\na,1,t\nb,two,t\n", saying("a.csv:3", "'value'", "number", "'two'")),
        ("model,value\n,1\n", saying("a.csv:2", "'model'")),
        ("model,value,stderr\na,1,-2\n", saying("a.csv:2", "negative", "-2")),
        ("model,value\na\n", saying("a.csv:2", "fields")),
        ("model,value\n", saying("a.csv", "file")),
    ],
)
def test_a_bad_row_is_named(table, text, message):
    with pytest.raises(DataError) as caught:
        table("a.csv", text, value_column="value")
    assert str(caught.value) == message


def test_an_empty_outcome_is_left_out_and_said(table):
    found = table("a.csv", "model,value\na,1\nb,\n", value_column="value")
    assert set(found.values) == {"a"}
    assert "b has no value; left out" in found.notes[0]


def test_replicates_in_every_shape(table, tmp_path):
    shapes = [
        ("r.json", '{"a": [1, 2, 3], "b": [4, 4, 4]}'),
        ("r.csv", "model,one,two,three\na,1,2,3\nb,4,4,4\n"),
        ("r.csv", "model,draw,value\na,1,2\na,0,1\na,2,3\nb,0,4\nb,1,4\nb,2,4\n"),
        ("r.jsonl", '{"model": "a", "draws": [1, 2, 3]}\n{"model": "b", "draws": [4, 4, 4]}\n'),
    ]
    for name, text in shapes:
        (tmp_path / name).write_text(text)
        outcomes = table("a.csv", "model,value\na,2\nb,4\n")
        add_replicates(outcomes, tmp_path / name)
        found = outcomes.values
        assert (found["a"].replicates, found["a"].stderr) == ((1.0, 2.0, 3.0), 1.0)
        assert found["b"].stderr == 0.0
    (tmp_path / "r.json").write_text('{"a": [1, 2], "bb": [1, 2]}')
    with pytest.raises(DataError, match="no replicates of b"):
        add_replicates(table("a.csv", "model,value\na,2\nb,4\n"), tmp_path / "r.json")


# correlations


def test_a_metric_and_its_complement_correlate_alike(made_up, project):
    made_up()
    report = harness.correlate("demo", "outcome.csv", published=["published.jsonl"])
    found = {(c.feature.metric, c.feature.domain): c for c in report.tests.correlations if c.feature.task == "demo/one"}
    for domain in ("overall", "easy", "hard"):
        accuracy, loss = found["accuracy", domain], found["loss", domain]
        assert not loss.feature.higher_is_better
        assert loss.pearson.value == pytest.approx(accuracy.pearson.value)
        assert loss.p_value == accuracy.p_value
        assert accuracy.pearson.value > 0.8
        # Errors of 0.01 on a spread of about 0.05: the true correlation is a little higher.
        assert accuracy.pearson.value < accuracy.corrected <= 1
        assert accuracy.leave_one_out[0] <= accuracy.pearson.value <= accuracy.leave_one_out[1]


def test_the_mean_of_tasks_correlates_as_the_mean_of_their_figures(made_up, project):
    outcome = made_up(8)
    report = harness.correlate("demo", "outcome.csv", published=["published.jsonl"], metrics=["mean accuracy"])
    (c,) = report.tests.correlations
    rows = [json.loads(line) for line in (project / "published.jsonl").read_text().splitlines()]
    overall = [r for r in rows if r["metric"] == "accuracy" and r.get("domain", "overall") == "overall"]
    means = [np.mean([r["value"] for r in overall if r["model"] == f"m{i}"]) for i in range(8)]
    assert c.feature.aggregate
    assert c.pearson.value == pytest.approx(np.corrcoef(means, outcome[:8])[0, 1], abs=1e-4)
    assert report.notes[-1] == saying("figures", "selected", "allowed")


def test_figures_come_from_the_store_before_published_ones(toys, write_task, rows, harness):
    write_task("demo/plain", rows(9))
    row = {"task": "demo/plain", "metric": "best_of_k_accuracy", "value": 0.25}
    published = [{**row, "model": "m0"}, {**row, "model": "old"}]
    (toys / "tasks/demo/old.jsonl").write_text("".join(json.dumps(r) + "\n" for r in published))
    (toys / "tasks/demo/benchmark.yaml").write_text("tasks: [demo/plain]\npublished: [old.jsonl]\n")
    models = [part for i in range(5) for part in ("-m", f"m{i}=toy-reader:scale={1 - i / 2}")]
    assert harness("eval", *models, "-t", "demo").code == 0
    outcomes = {"m0": 10, "m1": 9, "m2": 6, "m3": 1, "m4": -6, "old": 0}
    (toys / "outcome.json").write_text(json.dumps(outcomes))
    ran = harness("correlate", "demo", "--outcome", "outcome.json", "--metric", "best_of_k_accuracy", "--json")
    (c,) = [c for c in ran.document["correlations"] if c["domain"] == "overall"]
    assert (c["n"], ran.document["exact"], ran.document["permutations"]) == (6, True, 720)
    board = harness("leaderboard", "demo", "--format", "json").document
    own = {e["model"]: e["figures"]["demo/plain:best_of_k_accuracy"]["value"] for e in board["entries"] if e["rank"]}
    own["old"] = 0.25
    expected = np.corrcoef([own[m] for m in outcomes], list(outcomes.values()))[0, 1]
    assert c["pearson"]["value"] == pytest.approx(expected)
    assert saying("published", "give way", "m0") in ran.document["notes"]


def test_too_few_shared_models_are_refused_with_the_nearest_names(made_up, harness, project):
    made_up(6)
    (project / "outcome.csv").write_text("model,value\nm0,1\nm1,2\nm2,3\nm-3,4\n")
    ran = harness(*DEMO)
    assert ran.code == 2
    assert ran.err == saying("3", "outcome.csv", "at least 4")
    assert ran.err == saying("m-3", "'m3'")


def test_names_without_figures_are_noted(made_up, harness, project):
    made_up(6)
    with (project / "outcome.csv").open("a") as stream:
        stream.write("m-6,3\n")
    ran = harness(*DEMO)
    assert ran.code == 0
    assert ran.out == saying("m-6", "'m6'")


def test_a_constant_outcome_is_refused(made_up, harness, project):
    made_up(6)
    (project / "outcome.csv").write_text("model,value\n" + "".join(f"m{i},1\n" for i in range(6)))
    ran = harness(*DEMO)
    assert (ran.code, "all 6 models have the outcome 1" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--metric", "acuracy"), saying("'acuracy'", "'accuracy'")),
        (("--task", "demo/tow"), saying("'demo/tow'", "'demo/two'")),
        (("--domain", "eazy"), saying("'eazy'", "'easy'")),
        (("--metric", "loss", "--task", "demo/two"), saying("together select nothing")),
        (("--curve-domain", "eazy"), saying("'eazy'", "'easy'")),
        (("-m", "x*"), saying("'x*'", "m0, m1")),
        (("--exclude", "m99"), saying("'m99'", "m0, m1")),
        (("--predict", "m3"), saying("'m3'", "outcome.csv")),
        (("--predict", "x12"), saying("--predict", "'x12'")),
        (("--level", "1.5"), saying("1.5", "range", "0<x<1")),
    ],
)
def test_what_cannot_be_is_said(made_up, harness, options, message):
    made_up()
    ran = harness(*DEMO, *options)
    assert ran.code == 2
    assert ran.err == message


def test_the_models_are_chosen_and_counted(made_up, harness):
    made_up(8)
    ran = harness(*DEMO, "-m", "m*", "--exclude", "m7", "--json")
    assert ran.code == 0, ran.err
    assert sorted(ran.document["models"]) == [f"m{i}" for i in range(7)]
    assert any("8 of 9 models" in note for note in ran.document["notes"])


def test_nothing_to_correlate(made_up, harness):
    made_up()
    ran = harness("correlate", "demo", "--outcome", "outcome.csv")
    assert ran.code == 2
    assert "there is no result of demo to correlate" in ran.err
    assert "'dmeo' (did you mean 'demo'" in harness("correlate", "dmeo", "--outcome", "outcome.csv").err


def test_noise_that_explains_all_of_the_spread_is_said(made_up, project):
    made_up(8)
    outcome = (project / "outcome.csv").read_text().splitlines()
    noisy = [outcome[0] + ",stderr", *(line + ",500" for line in outcome[1:])]
    (project / "outcome.csv").write_text("\n".join(noisy))
    rows = [json.loads(line) for line in (project / "published.jsonl").read_text().splitlines()]
    text = "".join(json.dumps({**row, "stderr": 0.4 if row["metric"] == "loss" else 0.001}) + "\n" for row in rows)
    (project / "published.jsonl").write_text(text)
    report = harness.correlate("demo", "outcome.csv", published=["published.jsonl"])
    assert report.tests.outcome_reliability < 0
    assert all(np.isnan(c.corrected) for c in report.tests.correlations)
    assert saying("3 figures", "not corrected") in report.notes
    assert saying("the outcomes spread", "noise") in report.notes


# output


def test_the_text_has_maps_intervals_curves_and_a_verdict(made_up, harness):
    made_up()
    out = harness(*DEMO, "--predict", "m12", "--all").out
    assert "demo against rating, 12 models" in out
    assert "demo/one, domains\nmetric    overall  easy  hard\n" in out
    assert out == saying("99999", "family", "8 figures")
    assert "loss (negated)" in out
    assert "lower-bound curves" in out
    assert "ridge on 8 figures can be used: skill 0." in out
    assert out == saying("published", "published.jsonl")
    assert out == saying("12 models", "92.3 %", "95 %", "19 models")


def test_the_json_says_why(made_up, harness):
    outcome = made_up(12, signal=0.0)
    found = harness(*DEMO, "--predict", "m12", "--json").document
    (prediction,) = found["predictions"]
    assert found["predictor"]["useful"] is False
    assert prediction["predicted"] is None
    assert prediction["kind"] == "range"
    assert [prediction["low"], prediction["high"]] == pytest.approx([outcome[:12].min(), outcome[:12].max()], abs=1e-3)
    assert prediction["level"] == pytest.approx(11 / 13)
    assert "no prediction" in prediction["detail"]
    assert len(found["predictor"]["left_out"]) == 12


def test_the_page_needs_nothing_else_and_escapes_what_it_shows(made_up, harness, project):
    made_up()
    evil = "<script>alert(1)</script>"
    for name in ("published.jsonl", "outcome.csv"):
        text = (project / name).read_text()
        (project / name).write_text(text.replace("m11", evil).replace('"hard"', '"<b>hard</b>"'))
    ran = harness(*DEMO, "-o", "page", "--predict", "m12")
    assert (ran.code, ran.out, ran.err) == (0, "", "written to page/correlations.html\n")
    page = (project / "page/correlations.html").read_text()
    assert evil not in page
    assert "&lt;script&gt;" in page
    assert "<b>hard" not in page
    for outside in ("http://", "https://", "src=", "@import", "<link"):
        assert outside not in page
    assert page.count("<svg") == 2 + 1 + 2  # maps: across tasks, domains, aggregates; curves: accuracy, loss
    import xml.etree.ElementTree as ElementTree

    for piece in page.split("<svg")[1:]:
        ElementTree.fromstring("<svg" + piece.split("</svg>")[0] + "</svg>")


def test_output_by_ending(made_up, harness, project):
    made_up()
    assert harness(*DEMO, "-o", "r.json").code == 0
    assert json.loads((project / "r.json").read_text())["benchmark"] == "demo"
    assert harness(*DEMO, "-o", "r.txt").code == 0
    assert (project / "r.txt").read_text().startswith("demo against rating")
    assert "cannot be written" in harness(*DEMO, "-o", "r.txt/x.html").err


def test_sorted_scores_are_standardised_within_domains():
    values = np.array([[1.0, 50.0, 7.0], [2.0, 30.0, 7.0], [3.0, 10.0, 7.0]])
    root = 1.5**0.5
    assert sorted_scores(values) == pytest.approx(np.array([[-root, 0, root], [0, 0, 0], [-root, 0, root]]))
