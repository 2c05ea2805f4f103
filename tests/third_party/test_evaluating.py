"""All kinds of evaluation together, from the command line, with the package of everything."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys

import numpy as np
import pytest

import harness as public
from harness import stats

SIEGE = ("-t", "workshop/siege", "--role", "attacker=babbler:seed=1,journal=asked.txt", "--role", "judge=overlap")
CANDIDATE = ("-m", "babbler:journal=asked.txt")


def values(ran, metric):
    """By label, the value on all items."""
    assert ran.code == 0, ran.err
    return {
        r["model"]: r["value"] for r in ran.document["results"] if (r["metric"], r["domain"]) == (metric, "overall")
    }


def test_options_are_judged_part_by_part_through_lists_and_adapters(workshop, harness):
    panel = "panel:members=[[overlap],[length:adapters=[fits:scale=0.0]],[overlap:sharp=2.0]]"
    ran = harness("eval", "-m", "overlap", "-m", panel, "-t", "workshop/options", "--json")
    # Each prompt contains the letters of its best option.
    assert values(ran, "fitness_of_best") == {"overlap": 1.0, panel: 1.0}
    assert {tuple(r["adapters"]) for r in ran.document["results"]} == {(), ("members.2: fits:scale=0.0",)}
    slack = values(ran, "best_fits:slack=0.1")
    assert slack[panel] == slack["overlap"] <= values(ran, "best_fits")["overlap"]
    assert {r["domain"] for r in ran.document["results"]} == {"overall", "first", "second"}


def test_a_model_that_thinks_is_cut_by_an_adapter_with_arguments(workshop, harness, journal):
    command = ("-t", "workshop/reply", "--role", "judge=length", "--json")
    plain = values(harness("eval", "-m", "m=babbler", *command), "mean_worth")["m"]
    thinker = "babbler:thinks=yes,journal=asked.txt"
    aloud = values(harness("eval", "-m", f"m={thinker}", *command), "mean_worth")["m"]
    assert aloud == plain + len("let me see ...  | done")
    asked = journal()
    assert len(asked) == 6
    cut = harness("eval", "-m", f"m={thinker}", "--adapter", "before:mark=|,after=...", *command)
    assert values(cut, "mean_worth")["m"] == plain
    declared = harness("eval", "-m", f"m={thinker},adapters=[before:mark=|,after=...]", *command)
    assert declared.document["results"] == cut.document["results"]
    assert journal() == []  # the same replies were cut otherwise
    failed = harness("eval", "-m", "m=babbler", "--adapter", "before:mark=|", *command)
    assert failed.code == 1
    assert "a reply has no '|'" in failed.err
    (workshop / "registry.yaml").write_text(
        "models:\n  cut: {model: 'babbler:thinks=yes', adapters: ['before:mark=|,after=...']}\n"
    )
    assert values(harness("eval", "-m", "cut", *command), "mean_worth")["cut"] == plain


def test_sixty_rounds_are_killed_and_go_on_with_nothing_asked_twice(workshop, shell, harness, journal, kill):
    whole = harness("eval", *CANDIDATE, *SIEGE, "--json", "--store", "whole.sqlite")
    assert whole.code == 0, whole.err
    undisturbed = journal()
    assert len(undisturbed) == 2 * 4 * 60
    kill(100)
    assert shell("eval", *CANDIDATE, *SIEGE, "--store", "killed.sqlite").code == -signal.SIGKILL
    kill(0)
    before = journal()
    assert 0 < len(before) < len(undisturbed)
    ran = harness("eval", *CANDIDATE, *SIEGE, "--json", "--store", "killed.sqlite")
    assert ran.document["results"] == whole.document["results"]
    assert sorted([*before, *journal()]) == sorted(undisturbed)


def test_a_siege_tells_its_rounds_in_proportion(workshop, harness):
    ran = harness("eval", *CANDIDATE, *SIEGE, "--dry-run", "--json")
    (cell,) = ran.document["cells"]
    assert cell["stages"] == ["rounds 1-60: attacker: generate; candidate: generate; judge: fitness"]
    assert cell["most_requests"] == 4 * 180


def test_two_candidates_are_judged_by_one_recorded_judge(workshop, harness):
    for label, scores in {"a": (1, 2, 3, 4, 5, 6), "b": (0, 0, 0, 1, 1, 1)}.items():
        lines = [f"test-{i}: {score}" for i, score in enumerate(scores)]
        (workshop / f"{label}.txt").write_text("\n".join(lines))
        settings = ("--set", "task=workshop/reply", "--set", f"of={label}")
        ran = harness("import", "workshop-notes", f"{label}.txt", *settings, "-o", f"{label}.jsonl")
        assert ran.code == 0, ran.err
    judged = (workshop / "a.jsonl").read_text() + (workshop / "b.jsonl").read_text()
    (workshop / "judge.jsonl").write_text(judged)
    models = ("-m", "a=babbler", "-m", "b=babbler:seed=1")
    ran = harness("eval", *models, "-t", "workshop/reply", "--role", "judge=recorded:path=judge.jsonl", "--json")
    assert values(ran, "mean_worth") == {"a": 3.5, "b": 0.5}
    (workshop / "a.txt").write_text("test-0 one\n")
    assert harness("import", "workshop-notes", "a.txt", "--set", "task=workshop/reply", "-o", "c.jsonl").code != 0


def test_a_stream_that_is_made_is_settled_into_columns(workshop, harness):
    ran = harness("eval", "-m", "analyser", "-t", "workshop/drift", "-t", "shelf:drift-7", "--json")
    assert ran.code == 0, ran.err
    random = np.random.default_rng(0)
    signals = [random.standard_normal(16) for _ in range(20)]
    spectra = [np.abs(np.fft.rfft(signal, n=8)).astype(np.float32) for signal in signals]
    nearest = [min(np.linalg.norm(spectra[i] - spectra[j]) for j in range(i)) for i in range(1, 20)]
    found = {r["task"]: r for r in ran.document["results"]}
    assert found["workshop/drift"]["value"] == pytest.approx(np.mean(nearest), rel=1e-6)
    assert found["shelf:drift-7"]["value"] == pytest.approx(np.mean(nearest[:6]), rel=1e-6)
    assert "rows in sequence" in found["workshop/drift"]["detail"]["note"]


PEAK = """
import resource, sys
from harness.cli.main import run
code = run(sys.argv[1:])
print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_arrays_in_requests_and_answers_take_bounded_memory(workshop, write_task):
    (workshop / "peak.py").write_text(PEAK)

    def peak(length):
        write_task("demo/long", kind="workshop-drift", options={"n": 40, "length": length})
        command = [sys.executable, "peak.py", "eval", "-m", "analyser", "-t", "demo/long", "--json"]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        code, kilobytes = ran.stdout.split()[-2:]
        assert code == "0", ran.stderr
        return int(kilobytes) / 1024

    # 40 requests of 4 MB and as many answers of 2 MB are 240 MB; eight of each are held at once.
    assert peak(500_000) - peak(16) < 130


MODELS = ("overlap", "critic=critic:base=babbler", "mixed=panel:members=[[overlap],[critic:base=[babbler:seed=3]]]")


def test_a_field_is_ranked_by_its_covariance(workshop, harness):
    ran = harness("eval", "workshop", *(x for model in MODELS for x in ("-m", model)))
    assert ran.code == 0, ran.err
    board = json.loads(harness("leaderboard", "workshop", "--format", "json").out)
    found = board["covariances"]["wins alone"]
    assert sorted(found["models"]) == ["critic", "mixed", "overlap"]
    entries = {entry["model"]: entry for entry in board["entries"]}
    figures = [entries[label]["figures"]["wins alone"] for label in found["models"]]
    covariance = np.array(found["values"])
    assert np.sqrt(np.diag(covariance)) == pytest.approx([each["stderr"] for each in figures])
    # Who wins alone on an item keeps the others from winning: shares are opposed.
    assert covariance[0, 1] < 0 or covariance[0, 2] < 0 or covariance[1, 2] < 0
    table = public.figures("workshop/options", "best_fits")
    order = [table.models.index(label) for label in found["models"]]
    shown = table.values[:, order].T
    alone = [(shown[i] > np.delete(shown, i, axis=0)).all(axis=0).mean() for i in range(3)]
    assert [each["value"] for each in figures] == pytest.approx(alone)
    # No two models are told apart by less than one item moves them.
    spread = covariance + np.diag(np.full(3, 1 / 24) ** 2)
    ranks = stats.rank_intervals(np.array(alone), spread)
    for i, label in enumerate(found["models"]):
        entry = entries[label]
        assert (entry["rank"], entry["rank_low"], entry["rank_high"]) == (ranks.rank[i], ranks.low[i], ranks.high[i])


def test_figures_of_a_store_are_the_data_of_another_task(workshop, harness, write_task):
    models = ("-m", "first=overlap", "-m", "second=critic:base=babbler")
    assert harness("eval", *models, "-t", "workshop/options").code == 0
    source = {"store": "../../.harness/store.sqlite", "task": "workshop/options", "fields": ["prompt"]}
    data = {"test": {**source, "metric": "best_fits"}}
    write_task("demo/routing", kind="workshop-routing", data=data, columns={"outcomes": "figures"})
    ran = harness("eval", "-m", "usher", "-t", "demo/routing", "--json")
    table = public.figures("workshop/options", "best_fits")
    prompts = [item.fields["prompt"] for item in items_of("workshop/options")]
    chosen = [0 if len(prompt) % 2 else 1 for prompt in prompts]
    regret = np.nanmax(table.values, axis=1) - table.values[np.arange(len(chosen)), chosen]
    assert values(ran, "regret")["usher"] == pytest.approx(regret.mean())


def items_of(name):
    from harness.tasks import build_task

    return list(build_task(public.Registry(), name).items())


def test_settings_of_the_generator_are_the_tasks_definition(workshop, write_task):
    for name, settings in {"one": {"n": 3}, "two": {"n": 3, "k": 5}}.items():
        write_task(
            f"demo/{name}",
            kind="workshop-options",
            data={"test": {"generator": "workshop.data:questions", "settings": settings}},
        )
    one, two = items_of("demo/one"), items_of("demo/two")
    assert [len(item.fields["options"]) for item in itertools.chain(one, two)] == [3] * 3 + [5] * 3
