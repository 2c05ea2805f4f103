"""Pairs that a judge labels: candidates, verdicts, the command, and what a judge's errors cost."""

from __future__ import annotations

import json

import numpy as np
import pytest
from harness_plugins.prompt_caching import demonstration
from harness_plugins.prompt_caching.distilling import neighbours
from harness_plugins.prompt_caching.judges import ReuseJudge, ScriptedReuse
from harness_plugins.prompt_caching.reuse import Reuse

from harness import Completion, Failure, Part, UsageError, evaluate, train
from harness.cli.main import cli


def test_neighbours_are_those_of_a_plain_loop():
    vectors = np.random.default_rng(0).normal(size=(60, 5))
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = units @ units.T
    expected = set()
    for i in range(60):
        order = [j for j in np.argsort(-cosines[i]) if j != i][:3]
        expected |= {tuple(sorted((i, int(j)))) for j in order if cosines[i, j] >= 0.5}
    first, second, cosine = neighbours(vectors, 3, 0.5)
    assert set(zip(first.tolist(), second.tolist(), strict=True)) == expected
    assert cosine == pytest.approx(cosines[first, second], abs=1e-5)


def language_model(reply):
    def ask(capability, requests):
        if capability == "generate":
            return [(Completion(reply(request.prompt.text)),) for request in requests]
        return [np.log(reply(request.prompt.text)) for request in requests]

    return Part(ask, specification="given", fingerprint="f", offers=("generate", "choose"))


def test_a_language_model_judges_in_words_or_by_probability():
    judge = ReuseJudge(base="given")
    judge.parts = {"base": language_model(lambda text: "Yes." if "Second: a" in text else "well, perhaps")}
    yes, failed = judge.reuse([Reuse("a", "b", "it is 7"), Reuse("c", "b")])
    assert yes == 1
    assert isinstance(failed, Failure)
    judge = ReuseJudge(base="given", verdict="log-probability")
    judge.parts = {"base": language_model(lambda text: np.array([0.3, 0.1]))}
    assert judge.reuse([Reuse("a", "b")]) == [pytest.approx(0.75)]


@pytest.mark.parametrize("error", [0.0, 0.1, 0.2])
def test_a_scripted_judge_errs_as_often_as_it_is_told(tmp_path, error):
    path = tmp_path / "prompts.jsonl"
    path.write_text("".join(json.dumps({"prompt": f"p{i}", "group": str(i % 7)}) + "\n" for i in range(120)))
    judge = ScriptedReuse(path=str(path), error=error)
    judge.load()
    pairs = [(i, j) for i in range(120) for j in range(i)]
    verdicts = np.array(judge.reuse([Reuse(f"p{i}", f"p{j}") for i, j in pairs]))
    wrong = np.mean(verdicts != [i % 7 == j % 7 for i, j in pairs])
    assert wrong == pytest.approx(error, abs=0.015)
    assert judge.reuse([Reuse("p1", "p0")]) == judge.reuse([Reuse("p0", "p1")])
    assert isinstance(judge.reuse([Reuse("unknown", "p0")])[0], Failure)


@pytest.fixture
def intents(project):
    demonstration.write(project)
    return project


def distil(runner, intents, error, *more):
    judge = f"scripted-reuse:path=tasks/caching/prompts.train.jsonl,group=intent,error={error}"
    return runner.invoke(
        cli,
        [
            "distil",
            "caching/intents",
            "--embedder",
            "words",
            "--judge",
            judge,
            "--neighbours",
            "20",
            "-o",
            f"d{error}.jsonl",
            "--task-file",
            f"tasks/d{error}.yaml",
            *more,
        ],
    )


def test_a_judges_errors_cost_what_they_cost(intents):
    from click.testing import CliRunner

    runner, areas = CliRunner(), {}
    for error in (0.0, 0.1, 0.2):
        done = distil(runner, intents, error, "--json")
        assert done.exit_code == 0, done.output
        said = json.loads(done.stdout)
        assert (said["pairs"], said["failed"]) == (7365, 0)
        train("cache-head", f"d{error}", base="words", directory=f"h{error}", settings={"rate": 0.003, "epochs": 8})
        found = evaluate([f"h=cache-head:path=h{error}"], ["hard:caching/intents:embedder=words"])
        [area] = [r.estimate.value for c in found.cells for r in c.results if r.metric == "similarity_auroc"][:1]
        areas[error] = area
    assert areas[0.0] > 0.85
    assert areas[0.0] > areas[0.1] > areas[0.2] > 0.5


def test_a_model_that_is_no_judge_is_refused(intents):
    from click.testing import CliRunner

    done = CliRunner().invoke(
        cli, ["distil", "caching/intents", "--embedder", "words", "--judge", "length", "-o", "x.jsonl"]
    )
    assert isinstance(done.exception, UsageError)
    assert not (intents / "x.jsonl").exists()


def test_a_task_of_pairs_is_refused(intents):
    from click.testing import CliRunner

    done = CliRunner().invoke(
        cli, ["distil", "prompt_caching/polarity", "--embedder", "words", "--judge", "length", "-o", "x.jsonl"]
    )
    assert isinstance(done.exception, UsageError)


def test_groups_of_a_scripted_judge_are_needed(tmp_path):
    with pytest.raises(UsageError):
        ScriptedReuse(path=str(tmp_path / "none")).load()
