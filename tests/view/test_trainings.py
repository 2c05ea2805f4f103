"""Trainings in the viewer: as runs, and by their learning curves."""

from __future__ import annotations

import html
import re
from urllib.parse import urlencode

import pytest


def text_of(page):
    """What a reader sees, without the tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.fixture
def trained(toys, write_task, rows, harness):
    write_task("demo/plain", rows(5), data={name: {"file": "plain.jsonl"} for name in ("test", "train")})
    ran = harness("train", "toy-trainer", "-t", "demo/plain", "-o", "n", "--set", "steps=30")
    assert ran.code == 0, ran.err
    return toys


def test_a_training_is_a_run_with_its_curve(trained, view):
    viewer = view()
    runs = text_of(viewer.page("/"))
    assert "training toy-trainer demo/plain - -" in runs
    page = viewer.page("/runs/1")
    text = text_of(page)
    assert "Run 1: training toy-trainer done" in text
    assert str(trained / "n") in text
    assert "0 requests: 0 answered anew" in text
    assert "loss: 1 to 0.0333" in text
    assert "20 of 30 steps" in text
    assert page.count("<polyline") == 1
    assert "steps 30" in text


def test_curves_are_listed_by_the_place_of_the_model(trained, view):
    viewer = view()
    listed = viewer.page("/curves")
    assert str(trained / "n") in text_of(listed)
    assert "<polyline" in viewer.page("/curves?" + urlencode({"model": str(trained / "n")}))
    assert viewer.get("/curves?model=nowhere").status == 404


def test_a_training_that_failed_says_why(toys, write_task, rows, harness, view, add_plugin):
    add_plugin(
        "hopeless",
        "from harness import Trainer, hookimpl\n\n\n"
        "class Hopeless(Trainer):\n"
        "    model = 'toy-file'\n\n"
        "    def fit(self, task, items, workdir, *, ask, progress):\n"
        "        progress(1, loss=float('nan'))\n"
        "        raise ValueError('all <b>labels</b> are alike')\n\n\n"
        "@hookimpl\n"
        "def register_trainers(register):\n"
        "    register('hopeless', f'{__name__}:Hopeless', model='toy-file', description='fails')\n",
    )
    write_task("demo/plain", rows(5), data={name: {"file": "plain.jsonl"} for name in ("test", "train")})
    assert harness("train", "hopeless", "-t", "demo/plain", "-o", "n").code == 1
    page = view().page("/runs/1")
    assert "all &lt;b&gt;labels&lt;/b&gt; are alike" in page
    assert "failed" in text_of(page)
    assert "<b>labels" not in page
