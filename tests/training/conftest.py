"""The plugin of a trainer that iterates, installed for a test, with the data that it learns from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

SOURCE = Path(__file__).with_name("iterating_plugin.py")


@pytest.fixture
def iterating(project, add_plugin, write_task, rows):
    """The project, with the plugin, a model to begin with in ``start``, and the task ``demo/plain``."""
    add_plugin("iterating", SOURCE.read_text())
    for name, logits in (("start", np.zeros(6)), ("other", np.arange(6.0))):
        (project / name).mkdir()
        np.save(project / name / "weights.npy", logits)
    write_task("demo/plain", rows(9), data={name: {"file": "plain.jsonl"} for name in ("test", "train")})
    return project
