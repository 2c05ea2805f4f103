"""Aggregates of the field on leaderboards: matched by item, ranked by their covariance, said where they cannot be."""

import json

import numpy as np
import pytest

from harness import build_leaderboard, build_site, evaluate, stats
from harness.files.validation import validate
from harness.leaderboard.aggregates import problems_of
from harness.leaderboard.field_fitting import FieldFigures
from harness.leaderboard.rendering import FORMATS, as_json, render
from harness.names.registry import Registry
from harness.results import field_aggregates
from harness.results.field import Field
from harness.stats import Estimate
from harness.tasks.schema import BenchmarkFile

N = 30
SHARES = {"good": 0.9, "fair": 0.7, "weak": 0.4}


def right(name):
    return np.random.default_rng(sum(map(ord, name))).random(N) < SHARES.get(name, 0.6)


def strength(**more):
    return {"name": "strength", "how": "bradley-terry", "of": ["field/texts:accuracy"], **more}


@pytest.fixture
def lab(tmp_path):
    """A benchmark of one preference task of ``N`` pairs in two domains, and models that are right on given items."""

    class Lab:
        folder = tmp_path
        store = tmp_path / "store.sqlite"

        def registry(self, *aggregates, **more):
            rows = [
                {"id": f"q{i}", "prompt": f"question {i}", "chosen": "y", "rejected": "n", "part": "ab"[i < 10]}
                for i in range(N)
            ]
            for name in ("texts", "more"):
                (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
            tasks = {
                f"field/{name}": {
                    "kind": "preference",
                    "data": {"test": {"file": str(tmp_path / f"{name}.jsonl")}},
                    "slices": ["part"],
                    "metrics": ["accuracy"],
                }
                for name in ("texts", "more")
            }
            board = {"tasks": list(tasks), "aggregates": list(aggregates), **more}
            file = tmp_path / "registry.yaml"
            file.write_text(json.dumps({"tasks": tasks, "benchmarks": {"field": board}}), encoding="utf-8")
            return Registry(extra=file)

        def model(self, name, answers=None, without=(), task="field/texts"):
            path = tmp_path / f"{name}.jsonl"
            answers = right(name) if answers is None else answers
            rows = [
                {"task": task, "id": f"q{i}", "scores": [1, 0] if answers[i] else [0, 1]}
                for i in range(N)
                if i not in without
            ]
            path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
            return f"{name}=recorded:path={path}"

        def evaluate(self, registry, models, store=None, tasks=("field/texts",)):
            evaluate(models, tasks, store=store or self.store, registry=registry)

        def board(self, *aggregates, models=tuple(SHARES), **more):
            registry = self.registry(*aggregates, **more)
            self.evaluate(registry, [self.model(name) for name in models])
            return build_leaderboard("field", store=self.store, registry=registry)

    return Lab()


def battles(names, items=range(N)):
    """All battles of accuracies, as `harness.stats.fit` takes them."""
    rows = [
        (a, b, 0.5 + 0.5 * (float(right(names[a])[i]) - float(right(names[b])[i])), i)
        for i in items
        for a in range(len(names))
        for b in range(a)
    ]
    first, second, credit, clusters = map(list, zip(*rows, strict=True))
    return stats.fit(first, second, credit, n_players=len(names), clusters=clusters)


def test_strengths_are_those_of_all_battles_and_rank_with_their_covariance(lab):
    board = lab.board(strength())
    names = sorted(SHARES)
    fit = battles(names)
    by_model = {entry.model: entry for entry in board.entries}
    assert [entry.model for entry in board.entries] == ["good", "fair", "weak"]
    for i, name in enumerate(names):
        figure = by_model[name].figures["strength"]
        assert figure.value == pytest.approx(fit.strengths[i])
        assert figure.stderr == pytest.approx(np.sqrt(fit.covariance[i, i]))
        assert (figure.n, figure.n_failed) == (N, 0)
    covariance = board.covariances["strength"]
    assert covariance.models == tuple(names)
    assert covariance.values == pytest.approx(fit.covariance)
    spread = covariance.values + np.diag(covariance.single_item**2)
    ranks = stats.rank_intervals(fit.strengths, spread)
    for i, name in enumerate(names):
        own = by_model[name]
        assert (own.rank, own.rank_low, own.rank_high) == (ranks.rank[i], ranks.low[i], ranks.high[i])
    assert not [note for note in board.notes if "independent" in note]


def test_every_format_shows_the_column_and_json_its_covariance(lab):
    board = lab.board(strength(settings={"scale": "elo", "anchor": "fair"}))
    for format_ in FORMATS:
        assert "strength" in render(board, format_)
    document = json.loads(render(board, "json"))
    covariance = document["covariances"]["strength"]
    assert covariance["models"] == ["fair", "good", "weak"]
    values = np.array(covariance["values"])
    figures = {entry["model"]: entry["figures"]["strength"] for entry in document["entries"]}
    assert figures["fair"]["value"] == 1000.0
    assert (values[0] == 0).all()
    assert figures["good"]["stderr"] == pytest.approx(np.sqrt(values[1, 1]))
    (column,) = [c for c in document["columns"] if c["key"] == "strength"]
    assert (column["unit"], column["higher_is_better"]) == ("Elo", True)
    assert "strength: held against fair" in document["notes"]
    assert "covariances" not in as_json(lab.board())


def test_a_domain_and_several_tasks_are_selected(lab):
    part = {"name": "part", "how": "bradley-terry", "of": ["field/texts:accuracy:a"]}
    twice = {"name": "twice", "how": "bradley-terry", "of": ["field/texts:accuracy", "field/texts:accuracy"]}
    board = lab.board(strength(), part, twice)
    names = sorted(SHARES)
    figures = {entry.model: entry.figures for entry in board.entries}
    fit = battles(names, range(10, N))
    assert [figures[name]["part"].value for name in names] == pytest.approx(list(fit.strengths))
    # The same items again add no certainty.
    for name in names:
        assert figures[name]["twice"].value == pytest.approx(figures[name]["strength"].value)
        assert figures[name]["twice"].stderr == pytest.approx(figures[name]["strength"].stderr)


def test_a_model_that_lacks_the_task_is_unranked_and_one_that_failed_is_said(lab):
    registry = lab.registry(strength())
    lab.evaluate(registry, [lab.model("good"), lab.model("fair"), lab.model("weak", without=(3, 4))])
    lab.evaluate(registry, [lab.model("other", task="field/more")], tasks=["field/more"])
    board = build_leaderboard("field", store=lab.store, registry=registry)
    entries = {entry.model: entry for entry in board.entries}
    assert entries["other"].rank is None
    assert "without rank, since 'strength' needs tasks not evaluated: other" in board.notes
    weak = entries["weak"].figures["strength"]
    assert (weak.n, weak.n_failed) == (N - 2, 2)
    assert entries["good"].figures["strength"].n == N
    said = f"strength: items without a figure, which do not count for the model: weak (2 of {N})"
    assert said in board.notes
    common = lab.registry(strength(settings={"items": "common"}))
    board = build_leaderboard("field", store=lab.store, registry=common)
    assert {e.figures["strength"].n for e in board.entries if e.rank} == {N - 2}


def test_rows_are_matched_by_id_whatever_their_order(lab):
    registry = lab.registry(strength())
    models = [lab.model(name) for name in SHARES]
    lab.evaluate(registry, models)
    board = build_leaderboard("field", store=lab.store, registry=registry)
    straight = {entry.model: entry.figures["strength"].value for entry in board.entries}
    from harness.leaderboard.field_rows import field_columns, rows_of

    cells = _cells(registry, lab.store)
    with _opened(lab.store) as store:
        task, metric = _task_and_metric(registry)
        rows = {cell.label: [rows_of(store, cell, task, metric, "overall", 0)] for cell in cells}
        whole = field_columns(store, rows)
        turned = {}
        for number, (label, (part,)) in enumerate(rows.items()):
            order = np.random.default_rng(number).permutation(N)[: N - number]
            turned[label] = [_reordered(part, order)]
        mixed = field_columns(store, turned)
    assert whole.keys() == mixed.keys()
    for label, columns in mixed.items():
        own = dict(zip(columns.ids.tolist(), columns.figures.tolist(), strict=True))
        kept = {id_: figure for id_, figure in own.items() if not np.isnan(figure)}
        theirs = dict(zip(whole[label].ids.tolist(), whole[label].figures.tolist(), strict=True))
        assert {id_: theirs[id_] for id_ in kept} == kept
        assert len(kept) == int(columns.present.sum())
        # Columns read later stand in the same order.
        given = columns.columns.values["as_given"]
        assert (np.isnan(given) == ~columns.present).all()
        assert ((given[columns.present] > 0.5) == (columns.figures[columns.present] == 1)).all()
    assert straight["good"] > straight["weak"]


def _opened(path):
    from harness.store import Store

    return Store(path)


def _cells(registry, path):
    from harness.store import latest_cells

    with _opened(path) as store:
        return latest_cells(store, ["field/texts"])


def _task_and_metric(registry):
    from harness.tasks.build import build_task
    from harness.tasks.build_metric import metric_of

    task = build_task(registry, "field/texts")
    return task, metric_of(registry, task, "accuracy")


def _reordered(part, order):
    import dataclasses

    return dataclasses.replace(
        part, rows=part.rows[order], ids=part.ids[order], figures=part.figures[order], prompts=part.prompts[order]
    )


def test_stores_of_two_machines_make_one_field(lab, tmp_path):
    registry = lab.registry(strength())
    other = tmp_path / "other" / "store.sqlite"
    other.parent.mkdir()
    lab.evaluate(registry, [lab.model("good"), lab.model("fair")])
    lab.evaluate(registry, [lab.model("weak")], store=other)
    merged = build_leaderboard("field", store=lab.store, merge=[other], registry=registry)
    fit = battles(sorted(SHARES))
    figures = {entry.model: entry.figures["strength"].value for entry in merged.entries}
    assert [figures[name] for name in sorted(SHARES)] == pytest.approx(list(fit.strengths))


def test_published_rows_stand_beside_without_a_figure_of_the_field(lab, tmp_path):
    registry = lab.registry(strength())
    lab.evaluate(registry, [lab.model(name) for name in SHARES])
    file = tmp_path / "published.yaml"
    file.write_text("source: a paper\nfigures: {theirs: {'field/texts:accuracy': 0.8}}\n", encoding="utf-8")
    board = build_leaderboard("field", store=lab.store, registry=registry, published=[file])
    (theirs,) = [entry for entry in board.entries if entry.published]
    assert set(theirs.figures) == {"field/texts:accuracy"}
    assert "published results cannot be in the field, and have no figure of: strength" in board.notes


def test_a_site_has_the_column_and_fits_once(lab, tmp_path, monkeypatch):
    registry = lab.registry(strength())
    lab.evaluate(registry, [lab.model(name) for name in SHARES])
    calls = []
    fit = field_aggregates.fit_figures
    monkeypatch.setattr(field_aggregates, "fit_figures", lambda *a, **k: calls.append(1) or fit(*a, **k))
    build_leaderboard("field", store=lab.store, registry=registry)
    build_site(["field"], tmp_path / "site", store=lab.store, registry=registry)
    assert calls == [1]
    document = json.loads((tmp_path / "site" / "field" / "leaderboard.json").read_text("utf-8"))
    assert document["covariances"]["strength"]["models"] == sorted(SHARES)
    assert "strength" in (tmp_path / "site" / "field" / "index.html").read_text("utf-8")
    lab.evaluate(registry, [lab.model("late")])  # another field
    build_leaderboard("field", store=lab.store, registry=registry)
    assert calls == [1, 1]


def test_a_single_model_has_no_field_and_a_metric_without_figures_of_items_is_said(lab):
    board = lab.board(strength(), models=("good",))
    assert "without 'strength', since it is a figure of the field, which needs two models at least: good" in board.notes
    assert board.entries[0].rank is None
    assert "field/texts:accuracy" in board.entries[0].figures


def test_models_without_a_finite_strength_are_named_and_a_prior_mends_it(lab):
    registry = lab.registry(strength())
    lab.evaluate(registry, [lab.model("all", np.ones(N, bool)), lab.model("none", np.zeros(N, bool))])
    board = build_leaderboard("field", store=lab.store, registry=registry)
    (note,) = [note for note in board.notes if "finite" in note]
    assert "all; none" in note
    mended = lab.registry(strength(settings={"prior": 0.25}))
    board = build_leaderboard("field", store=lab.store, registry=mended)
    assert [(e.model, e.rank) for e in board.entries] == [("all", 1), ("none", 2)]


def _problems(lab, *aggregates):
    registry = lab.registry(*aggregates)
    benchmark = registry.benchmarks().find("field")
    return problems_of(registry, benchmark, {"field/texts": ["accuracy"], "field/more": ["accuracy"]})


@pytest.mark.parametrize(
    ("aggregate", "problem"),
    [
        (strength(settings={"ancor": "good"}), "has no such setting (did you mean 'anchor'?)"),
        (strength(settings={"scale": "elos"}), "settings.scale=elos is not 'log-odds' or 'elo' (did you mean 'elo'?)"),
        (strength(settings={"prior": -1}), "settings.prior=-1 is not a number of at least 0"),
        (strength(settings={"items": "all"}), "settings.items=all is not 'pairs' or 'common'"),
        (strength(settings={"confidence": 0.9}), "settings.confidence: is not a setting"),
        (strength(weights=[1]), "'bradley-terry' takes no weights"),
        (
            {"name": "m", "how": "mean", "of": ["field/texts:accuracy"], "settings": {"trim": 1}},
            "settings.trim: 'mean' has no such setting (it takes none)",
        ),
    ],
)
def test_settings_that_cannot_be_are_refused_before_anything_runs(lab, aggregate, problem):
    (found,) = _problems(lab, aggregate)
    assert problem in found
    assert f"the aggregate {aggregate['name']!r}" in found


def test_a_field_of_an_aggregate_is_refused_and_an_aggregate_of_a_field_figure_is_not(lab):
    inner = {"name": "inner", "of": ["field/texts:accuracy"]}
    (found,) = _problems(lab, {**strength(), "of": ["inner"]}, inner)
    assert "needs figures of items, which the aggregate 'inner' has not" in found
    outer = {"name": "outer", "of": ["strength"]}
    assert _problems(lab, outer, strength()) == []
    board = lab.board(outer, strength())
    for entry in board.entries:
        assert entry.figures["outer"].value == entry.figures["strength"].value


def test_unknown_keys_of_an_aggregate_are_still_refused():
    from pathlib import Path

    from harness.errors import ConfigurationError

    with pytest.raises(ConfigurationError, match="setings"):
        validate(BenchmarkFile, {"tasks": ["a"], "aggregates": [{**strength(), "setings": {}}]}, Path("b.yaml"))


def test_an_anchor_or_covariate_that_is_not_there_leaves_that_column_empty_only(lab):
    anchored = {**strength(settings={"anchor": "goood"}), "name": "anchored"}
    styled = {**strength(settings={"covariates": ["length"]}), "name": "styled"}
    board = lab.board(strength(), anchored, styled)
    assert {key for entry in board.entries for key in entry.figures} == {"strength", "field/texts:accuracy"}
    assert any("no model of the field is called 'goood' (did you mean 'good'?)" in note for note in board.notes)
    assert any("there is no column 'length'" in note for note in board.notes)


PLUGIN = """
from harness import Estimate, Field, hookimpl
from harness.results import figures_of
import numpy as np

def totals(models, *, times=1.0, seed=0):
    sums = times * figures_of(models).sum(axis=1)
    estimates = {label: Estimate(float(total), 1.0, 0.0, 1.0, 3) for label, total in zip(models, sums)}
    return Field(estimates, np.eye(len(models)), notes=[f"seed {seed}"])

def raises(models):
    return 1 / 0

def no_field(models):
    return {}

def strangers(models):
    return Field({"nobody": Estimate(1.0, 0.1, 0.8, 1.2, 3)})

def shape(models):
    return Field({label: Estimate(1.0, 0.1, 0.8, 1.2, 3) for label in models}, np.eye(1))

def wrong_errors(models):
    return Field({label: Estimate(1.0, 0.1, 0.8, 1.2, 3) for label in models}, np.eye(len(models)))

def negative(models):
    m = len(models)
    return Field({label: Estimate(1.0, 1.0, 0.8, 1.2, 3) for label in models}, 3 * np.ones((m, m)) - 2 * np.eye(m))

@hookimpl
def register_benchmarks(register):
    for name in ("totals", "raises", "no_field", "strangers", "shape", "wrong_errors", "negative"):
        register(name, f"plugin_fields:{name}", field=True, unit="points", description=name)
    register("careless", "plugin_fields:totals", unit="points", description="not of the field")
"""
BROKEN = {
    "raises": "ZeroDivisionError",
    "no_field": "it must give a Field, not dict",
    "strangers": "'nobody', which is no model of the field",
    "shape": "the covariance must have the shape (3, 3), not (1, 1)",
    "wrong_errors": "the diagonal of the covariance must hold the squares of the standard errors",
    "negative": "must not give a difference a negative variance",
}


def test_a_plugins_code_is_named_where_it_fails_and_the_others_go_on(lab, add_plugin):
    add_plugin("fields", PLUGIN)
    wanted = {"name": "totals", "how": "totals", "of": ["field/texts:accuracy"], "settings": {"times": 2}}
    broken = [{"name": name, "how": name, "of": ["field/texts:accuracy"]} for name in BROKEN]
    board = lab.board(wanted, *broken)
    assert {entry.model: entry.figures["totals"].value for entry in board.entries} == {
        name: 2.0 * right(name).sum() for name in SHARES
    }
    assert "totals: seed 0" in board.notes
    assert board.columns[0].unit == "points"
    assert [column.key for column in board.columns] == ["totals", "field/texts:accuracy"]
    for name, reason in BROKEN.items():
        (note,) = [note for note in board.notes if f"without {name!r}" in note]
        assert reason in note
        assert "plugin 'fields' of harness-fields" in note


def test_a_field_aggregate_from_the_command_line(lab, add_plugin, harness):
    add_plugin("fields", PLUGIN)
    lab.registry({"name": "totals", "how": "totals", "of": ["field/texts:accuracy"]}, strength())
    options = ("--registry", lab.folder / "registry.yaml", "--store", lab.store)
    models = [part for name in SHARES for part in ("-m", lab.model(name))]
    ran = harness("eval", *models, "-t", "field/texts", *options)
    assert ran.code == 0, ran.err
    ran = harness("leaderboard", "field", "--format", "json", *options)
    assert ran.code == 0, ran.err
    assert [entry["model"] for entry in ran.document["entries"]] == ["good", "fair", "weak"]
    assert set(ran.document["covariances"]) == {"totals", "strength"}
    shown = harness("show", "field", *options[:2])
    assert "bradley-terry of field/texts:accuracy" in shown.out
    listed = harness("list", "aggregates", *options[:2])
    assert "bradley-terry" in listed.out
    assert "totals" in listed.out
    refused = harness("plugins")
    assert "unit= does nothing without field=True" in refused.out + refused.err


def test_detectors_meet_by_their_errors_and_lower_is_better(suite, detector, tmp_path):
    registry = suite(
        aggregates=[
            {"name": "strength", "how": "bradley-terry", "of": ["suite/texts:brier"]},
            {"name": "excess", "how": "less-field-mean", "of": ["suite/texts:brier"]},
            {"name": "none", "how": "bradley-terry", "of": ["suite/texts:auroc"]},
        ]
    )
    noise = {name: np.random.default_rng(seed).normal(size=40) for seed, name in enumerate(("sure", "fair", "poor"))}
    models = [
        detector(name, lambda i, n=name, s=s: float((1 if i % 2 else -1) * s + noise[n][i]), "suite/texts")
        for name, s in (("sure", 2.0), ("fair", 1.0), ("poor", 0.0))
    ]
    evaluate(models, ["suite/texts"], store=tmp_path / "store.sqlite", registry=registry)
    board = build_leaderboard("suite", store=tmp_path / "store.sqlite", registry=registry)
    assert [entry.model for entry in board.entries] == ["sure", "fair", "poor"]
    directions = {column.key: column.higher_is_better for column in board.columns}
    assert directions == {"strength": True, "excess": False, "suite/texts:auroc": True}
    assert sum(entry.figures["excess"].value for entry in board.entries) == pytest.approx(0)
    assert any("without 'none'" in note and "one figure an item" in note for note in board.notes)


def test_two_models_are_compared_with_the_covariance_of_the_field(lab, harness):
    lab.board(strength())
    options = ("--registry", lab.folder / "registry.yaml", "--store", lab.store)
    ran = harness("compare", "good", "weak", "-t", "field", "--json", *options)
    assert ran.code == 0, ran.err
    by_metric = {c["metric"]: c for c in ran.document["comparisons"]}
    assert set(by_metric) == {"accuracy", "strength"}
    made, fit = by_metric["strength"], battles(["good", "weak", "fair"])
    c = fit.covariance
    assert made["task"] == "field"
    assert made["difference"] == pytest.approx(fit.strengths[0] - fit.strengths[1])
    assert made["stderr"] >= np.sqrt(c[0, 0] + c[1, 1] - 2 * c[0, 1])
    assert made["low"] < made["difference"] < made["high"]
    assert made["p_value"] < 0.01
    assert made["unit"] == "log-odds"
    only = harness("compare", "good", "weak", "-t", "field", "--metric", "accuracy", "--json", *options)
    assert [c["metric"] for c in only.document["comparisons"]] == ["accuracy"]


def test_a_run_file_writes_a_table_and_a_site_of_one_fit(lab, harness, monkeypatch):
    lab.registry(strength())
    run = {
        "models": [lab.model(name) for name in SHARES],
        "tasks": ["field/texts"],
        "store": str(lab.store),
        "registry": "registry.yaml",
        "leaderboards": [
            {"benchmark": "field", "output": "board.md"},
            {"benchmark": "field", "output": "site/"},
        ],
    }
    file = lab.folder / "run.yaml"
    file.write_text(json.dumps(run), encoding="utf-8")
    calls = []
    fit = field_aggregates.fit_figures
    monkeypatch.setattr(field_aggregates, "fit_figures", lambda *a, **k: calls.append(1) or fit(*a, **k))
    ran = harness("run", file)
    assert ran.code == 0, ran.err
    assert calls == [1]
    assert "| strength |" in (lab.folder / "board.md").read_text("utf-8")
    lab.registry(strength(settings={"scal": "elo"}))
    for refused in (
        harness("run", file),
        harness("eval", "field", "-m", run["models"][0], "--registry", lab.folder / "registry.yaml", "--dry-run"),
    ):
        assert refused.code != 0
        assert "settings.scal: 'bradley-terry' has no such setting (did you mean 'scale'?)" in refused.err
    # A board that is made without a plan says the same.
    ran = harness("leaderboard", "field", "--registry", lab.folder / "registry.yaml", "--store", lab.store)
    assert "settings.scal: 'bradley-terry' has no such setting" in ran.out


def test_the_analysis_of_outcomes_has_figures_of_the_field(lab, tmp_path):
    from harness_plugins.outcomes.figures import gather

    from harness.store import Store

    board = lab.board(strength())
    published = tmp_path / "published.yaml"
    published.write_text("source: a paper\nfigures: {theirs: {'field/texts:accuracy': 0.8}}\n", encoding="utf-8")
    with Store(lab.store) as store:
        figures = gather(Registry(extra=lab.folder / "registry.yaml"), "field", store=store, published=[published])
    (column,) = [i for i, feature in enumerate(figures.features) if feature.metric == "strength"]
    made = dict(zip(figures.models, figures.values[:, column].tolist(), strict=True))
    for entry in board.entries:
        assert made[entry.model] == entry.figures["strength"].value
    assert np.isnan(made["theirs"])
    assert "field:strength: a figure of the field, which these are not in: theirs" in figures.notes


def test_models_without_a_standard_error_are_taken_as_independent(lab, add_plugin):
    source = """
from harness import Estimate, Field, hookimpl
import math
import numpy as np

def bare(models):
    return Field({label: Estimate(float(i), math.nan, math.nan, math.nan, 3) for i, label in enumerate(models)},
                 np.full((len(models), len(models)), math.nan))

@hookimpl
def register_benchmarks(register):
    register("bare", "plugin_bare:bare", field=True, lower_is_better=True, description="no error")
"""
    add_plugin("bare", source)
    board = lab.board({"name": "bare", "how": "bare", "of": ["field/texts:accuracy"]})
    assert [(e.model, e.rank_low, e.rank_high) for e in board.entries] == [
        ("fair", 1, 3),
        ("good", 1, 3),
        ("weak", 1, 3),
    ]
    assert board.covariances == {}


def test_what_is_published_has_no_figure_of_the_field_by_itself():
    assert FieldFigures().of_model("m").figures == {}
    assert Field({"a": Estimate(1.0, 0.1, 0.8, 1.2, 3)}).covariance is None
