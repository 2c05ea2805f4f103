"""Detectors with scripted parts, and small sets of labelled texts."""

import pytest

from harness import Conversation, Item
from harness.model import Part


class ToyTask:
    """Stands in for a task where a trainer only wants its name."""

    name = "toy"


@pytest.fixture
def over():
    """A model with scripted parts: ``over(model, base=function)``; loaded."""

    def make(model, **parts):
        model.offers(["detect", "detect_each"])
        model.parts = {name: Part(part, specification=name, fingerprint=name) for name, part in parts.items()}
        model.load()
        return model

    return make


@pytest.fixture
def items():
    """Items of (text, label)."""

    def make(rows):
        return [Item(str(i), {"text": Conversation.user(t), "label": y}) for i, (t, y) in enumerate(rows)]

    return make


@pytest.fixture
def fit(tmp_path):
    """Runs a trainer on items over a scripted base; the directory of its product."""

    def run(trainer, items, base=None, specification="constant", folder="product"):
        directory = tmp_path / folder
        directory.mkdir(exist_ok=True)
        ask = None if base is None else Part(base, specification=specification, fingerprint="another base")
        run.figures = trainer.fit(ToyTask(), items, directory, ask=ask, progress=lambda step, **values: None)
        return directory

    return run
