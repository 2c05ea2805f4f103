"""The viewer finds the answers to lm-eval's requests, of all kinds, by asking lm-eval for them again."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from harness_plugins.view.pages import Pages
from harness_plugins.view.samples import Samples

from harness.api import evaluate
from harness.names.registry import Registry
from harness.store.reading import StoreReader

pytest.importorskip("lm_eval")
pytestmark = pytest.mark.filterwarnings("default")  # lm-eval and its libraries warn on import


SENTENCES = {"choice": "; the likeliest of ", "rolling": "", "written": "; expected “"}


def test_answers_to_likelihoods_choices_and_texts_are_shown(folder: Path) -> None:
    names = ["choice", "rolling", "written"]
    outcome = evaluate(["fake"], [f"lm_eval:toy_{name}" for name in names], store=folder / "s.sqlite")
    assert not outcome.failures()
    with StoreReader(folder / "s.sqlite") as store:
        samples = Samples(Registry(), store, folder / "cache")
        pages = Pages(store, samples)
        for cell in range(1, len(names) + 1):
            shown = pages.sample({}, cell, 3)
            for _ in range(600):
                if shown.template == "sample.html" and not shown.context["sample"].waiting:
                    break
                time.sleep(0.1)
                shown = pages.sample({}, cell, 3)
            sample = shown.context["sample"]
            assert sample.texts.problem == ""
            groups = sample.side.groups
            answers = [a for group in groups for response in group.responses.values() for a in response.answers]
            answers += [a for g in groups for one in g.asked for asked in one.exchange.asked for a in asked.answers]
            assert answers
            assert not any(answer.missing or answer.error for answer in answers)
            assert all(answer.figures or answer.texts for answer in answers)
            assert SENTENCES[names[cell - 1]] in sample.told.sentence
        samples.close()
