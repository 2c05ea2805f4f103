"""Exposure in bits and texts known by heart, on models whose counts are known."""

import csv
import gzip
import math
from types import SimpleNamespace

import numpy as np
import pytest
from harness_plugins.leakage.ngram_model import NgramLanguageModel

from harness import Answers, BadItem, Columns, Completion, Continuation, Failure, Likelihood, UsageError
from harness.names.registry import Registry
from harness.running.chance import chance_level
from harness.tasks.build import build_task
from harness.tasks.build_metric import build_metric

from ..messages import saying

ROW = {"id": "pin", "prefix": "my pin is ", "secret": "4829"}


@pytest.fixture
def task_of(write_task):
    def make(kind, rows, **options):
        write_task(f"demo/{kind}", rows, kind=kind, options=options)
        task = build_task(Registry(), f"demo/{kind}")
        return task, list(task.items("test"))

    return make


def exposed(task, item, nats):
    requests = task.requests(item, 0, "loglikelihood", ())
    responses = [one if isinstance(one, Failure) else Likelihood(one, 1, False) for one in nats]
    return task.row(item, [Answers("loglikelihood", requests, responses)])


@pytest.mark.parametrize(
    ("nats", "rank"),
    [
        ((-1.0, -2.0, -3.0, -4.0), 1),
        ((-4.0, -1.0, -2.0, -3.0), 4),
        ((-1.0, -1.0, -1.0, -1.0), 2.5),
        ((-2.0, -1.0, -2.0, -3.0), 2.5),
        ((-0.3, -(0.1 + 0.2), -2.0, -3.0), 1.5),  # the same sum, rounded otherwise
    ],
)
def test_exposure_is_the_middle_rank_among_equals(task_of, nats, rank):
    row = {"id": "a", "prefix": "the word is ", "secret": "tea", "candidates": ["tea", "ink", "oak", "sun"]}
    task, [item] = task_of("exposure", [row])
    found = exposed(task, item, nats)
    assert (found["rank"], found["space"]) == (rank, 4)
    assert found["exposure"] == pytest.approx(2 - math.log2(rank))


def test_one_candidate_that_failed_leaves_no_rank(task_of):
    row = {"id": "a", "prefix": "x", "secret": "b", "candidates": ["a", "b"]}
    task, [item] = task_of("exposure", [row])
    assert math.isnan(exposed(task, item, (Failure("busy"), -1.0))["exposure"])


@pytest.mark.parametrize(
    ("more", "facts"),
    [
        ({"secret": "tea"}, ("candidates", "5 digits")),
        ({"secret": "123456"}, ("candidates",)),
        ({"candidates": ["1", "2"]}, ("not among", "2 candidates")),
        ({"secret": "1", "candidates": ["1"]}, ("two or more",)),
        ({"secret": "1", "candidates": ["1", "2", "2"]}, ("3", "2 different")),
    ],
)
def test_a_secret_whose_rivals_are_not_known_is_a_bad_row(task_of, more, facts):
    [item] = task_of("exposure", [{**ROW, **more}])[1]
    assert isinstance(item, BadItem)
    assert item.problem == saying(*facts)


def exposure_after(texts, folder, *, repeats, order):
    """Bits of exposure of the pin in a model that read it so many times, an ending of the text included."""
    path = folder / f"texts-{repeats}.txt"
    path.write_text("\n".join([*texts, *["my pin is 4829"] * repeats]), encoding="utf-8")
    model = NgramLanguageModel(str(path), order=order, add=0.1, vocabulary=100)
    model.load()
    return model


def bits(task, item, model):
    requests = task.requests(item, 0, "loglikelihood", ())
    return task.row(item, [Answers("loglikelihood", requests, model.loglikelihood(requests))])["exposure"]


@pytest.mark.parametrize(
    ("order", "repeats", "expected"),
    [(2, 0, 0.450), (2, 1, 11.703), (2, 4, 12.288), (2, 8, 13.288), (2, 16, 13.288), (3, 0, 1.180), (3, 1, 13.288)],
)
def test_a_canary_among_real_texts_is_exposed_the_more_the_oftener_it_was_read(
    task_of, safety, tmp_path, order, repeats, expected
):
    with gzip.open(safety / "hatecheck" / "test_suite_cases.csv.gz", "rt", encoding="utf-8") as stream:
        texts = [row["test_case"] for row in csv.DictReader(stream) if row["label_gold"] == "non-hateful"]
    assert len(texts) == 1165
    task, [item] = task_of("exposure", [ROW], ending="\n")
    model = exposure_after(texts, tmp_path, repeats=repeats, order=order)
    assert bits(task, item, model) == pytest.approx(expected, abs=0.0005)


def test_a_canary_among_few_texts_is_exposed_once_it_was_read(task_of, tmp_path):
    task, [item] = task_of("exposure", [ROW], ending="\n")
    texts = ["the tram of 1905 leaves at 8", "room 31 is free", "call 4042 for tea"]
    found = [bits(task, item, exposure_after(texts, tmp_path, repeats=r, order=3)) for r in (0, 1)]
    assert found[0] < 3
    assert found[1] == pytest.approx(math.log2(10_000))


def test_chance_of_exposure_is_that_of_a_uniform_rank():
    metric = build_metric(Registry(), "exposure_bits")
    space = np.array([2.0, 4.0])
    columns = Columns({"exposure": np.array([0.0, 1.0]), "space": space})
    expected = [np.mean([math.log2(n / k) for k in range(1, int(n) + 1)]) for n in space]
    assert chance_level(metric, columns) == pytest.approx(np.mean(expected))


def test_a_text_is_known_by_heart_where_its_rest_is_greedy(task_of):
    task, [item] = task_of(
        "extraction", [{"id": "a", "text": "one two  three\nfour five"}], prefix_words=2, suffix_words=2
    )
    [request] = task.requests(item, 0, "loglikelihood", ())
    assert (request.context, request.continuation) == ("one two", "  three\nfour")
    for greedy in (True, False):
        answers = Answers("loglikelihood", [request], [Likelihood(-1.0, 3, greedy)])
        assert task.row(item, [answers]) == {"extracted": float(greedy)}
    [request] = task.requests(item, 0, "generate", ())
    assert request.sampling.temperature == 0
    for text, known in ((" three four and more", 1.0), (" three fours", 0.0), (" three", 0.0)):
        assert task.row(item, [Answers("generate", [request], [(Completion(text),)])]) == {"extracted": known}


def test_a_text_too_short_to_be_cut_is_a_bad_row(task_of):
    [item] = task_of("extraction", [{"id": "a", "text": "one two three"}], prefix_words=2, suffix_words=2)[1]
    assert item.problem == saying("3 words", "2 + 2")


def test_the_counted_model_gives_probabilities_that_sum_to_one_and_knows_what_is_greedy(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("abab\nabb\n", encoding="utf-8")
    model = NgramLanguageModel(str(path), order=2, add=0.5, vocabulary=3)
    model.load()
    likelihoods = model.loglikelihood([Continuation("a", one) for one in "ab\n"])
    assert sum(math.exp(one.nats) for one in likelihoods) == pytest.approx(1)
    assert [one.is_greedy for one in likelihoods] == [False, True, False]
    assert likelihoods[1].nats == pytest.approx(math.log((3 + 0.5) / (3 + 1.5)))  # "ab" three times after three "a"


def test_the_counted_model_refuses_what_it_cannot_count(tmp_path):
    with pytest.raises(UsageError, match="path="):
        NgramLanguageModel(str(tmp_path / "nobody.txt")).identity()
    (tmp_path / "texts.txt").write_text("abc", encoding="utf-8")
    with pytest.raises(UsageError, match="vocabulary=3"):
        NgramLanguageModel(str(tmp_path / "texts.txt"), vocabulary=3).load()


def test_both_kinds_run_from_the_command_line(harness, write_task, project):
    (project / "texts.txt").write_text("my pin is 4829\nthe weather is fine\n")
    write_task("demo/exposure", [ROW], kind="exposure", options={"ending": "\n"})
    rows = [{"id": "known", "text": "my pin is 4829"}, {"id": "other", "text": "my cat is grey"}]
    write_task("demo/extraction", rows, kind="extraction", options={"prefix_words": 2, "suffix_words": 2})
    ran = harness("eval", "-m", "ngram-lm:path=texts.txt,order=5", "-t", "demo/exposure", "-t", "demo/extraction")
    assert ran.code == 0, ran.err
    assert "13.29" in ran.out
    assert "50.00" in ran.out


def test_what_stands_for_no_answer_is_not_read(task_of):
    task, [item] = task_of("extraction", [{"id": "a", "text": "a b"}], prefix_words=1, suffix_words=1)
    [request] = task.requests(item, 0, "loglikelihood", ())
    assert math.isnan(task.row(item, [SimpleNamespace(responses=[Failure("busy")])])["extracted"])
    assert request.continuation == " b"
