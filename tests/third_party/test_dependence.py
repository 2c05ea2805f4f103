"""What is in keys, fingerprints and digests, and what is not, as docs/dependence.md says."""

import numpy as np
import pytest
import yaml

from harness import Registry
from harness.names import resolve_model
from harness.tasks import task_digest


@pytest.fixture
def fingerprint(workshop):
    def of(text):
        return resolve_model(Registry(), text, models_folder=workshop).fingerprint

    return of


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("babbler", "named=babbler", True),  # a label
        ("babbler", "babbler:journal=log.txt", True),  # an argument in `places`
        ("babbler", "babbler:seed=1", False),
        ("overlap", "overlap:sharp=1.0", False),  # a default that is given
        ("critic:base=babbler", "critic:base=[babbler:journal=log.txt]", True),
        ("critic:base=babbler", "critic:base=[babbler:seed=1]", False),
        ("critic:base=babbler", "critic:base=[babbler:adapters=[before:mark=x]]", False),
        ("panel:members=[[length]]", "panel:members=[[length:adapters=[fits:scale=2.0]]]", False),
        ("panel:members=[[length],[overlap]]", "panel:members=[[overlap],[length]]", False),
    ],
)
def test_what_is_in_a_fingerprint(fingerprint, one, other, alike):
    assert (fingerprint(one) == fingerprint(other)) is alike


def test_a_version_is_in_a_fingerprint_and_in_that_of_a_model_over_it(fingerprint, monkeypatch):
    from workshop import adapters, models

    texts = ("babbler", "critic:base=babbler", "panel:members=[[length]]")
    before = [fingerprint(text) for text in texts]
    monkeypatch.setattr(models.Babbler, "version", "2")
    monkeypatch.setattr(adapters.Fits, "version", "2")
    assert all(fingerprint(text) != was for text, was in zip(texts, before, strict=True))


def test_what_is_in_the_key_of_a_request(workshop):
    from workshop.requests import FITNESS, TRACE, Choices, Signal

    from harness import Origin

    def keys(*options, **origin):
        return FITNESS.keys(Choices("a", options, origin=Origin("task", **origin) if origin else None))

    assert keys("x", "y") == [*keys("x"), *keys("y")] == keys("x", "y", id="0", positions=(0, 1))
    values = np.arange(4.0)
    same, other = values[::-1][::-1], values.astype(np.float32)
    assert TRACE.keys(Signal(values)) == TRACE.keys(Signal(same)) != TRACE.keys(Signal(other))
    assert TRACE.keys(Signal(values)) != TRACE.keys(Signal(values, window=5))


@pytest.mark.parametrize(
    ("keys", "alike"),
    [
        ({"description": "another"}, True),
        ({"metrics": ["fitness_of_best"]}, True),
        ({"licence": "MIT"}, True),
        ({"version": "2"}, False),
        ({"slices": ["half"]}, False),
        ({"brief": {"positive": "a word"}}, False),
        ({"data": {"test": {"generator": "workshop.data:questions", "settings": {"n": 4}}}}, False),
    ],
)
def test_what_is_in_the_digest_of_a_task(workshop, write_task, keys, alike):
    data = {"test": {"generator": "workshop.data:questions", "settings": {"n": 3}}}
    path = write_task("demo/a", kind="workshop-options", data=data)
    before = task_digest(Registry(), "demo/a")
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **keys}))
    assert (task_digest(Registry(), "demo/a") == before) is alike


def test_facts_are_those_of_the_task_as_it_is_now(workshop, harness, monkeypatch):
    from workshop.kinds import Options

    models = ("-m", "overlap", "-m", "flat=overlap:sharp=0.5")
    assert harness("eval", *models, "-t", "workshop/options").code == 0
    compared = ("compare", "overlap", "flat", "-t", "workshop/options", "--json")
    assert harness(*compared).document["comparisons"][0]["difference"] is not None
    monkeypatch.setattr(Options, "facts", lambda self: {"most_options": 2})
    ran = harness(*compared)
    assert "more options than its task allows" in ran.out + ran.err


def test_another_metric_or_adapter_asks_nothing(workshop, harness, journal):
    command = ("eval", "-m", "critic:base=[babbler:journal=asked.txt]", "-t", "workshop/options", "--json")
    assert harness(*command).code == 0
    assert journal()
    ran = harness(*command, "--metric", "best_fits:slack=0.5")
    assert ran.code == 0, ran.err
    assert journal() == []
