"""What a model scored on each document of a task of lm-eval, as a table of figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.api import evaluate, figures

pytest.importorskip("lm_eval")
pytestmark = pytest.mark.filterwarnings("default")  # lm-eval and its libraries warn on import


def test_a_mean_over_documents_has_a_figure_of_each(folder: Path) -> None:
    outcome = evaluate(["a=fake", "b=fake:scale=2"], ["lm_eval:toy_choice"], store=folder / "s.sqlite")
    table = figures("lm_eval:toy_choice", store=folder / "s.sqlite")
    assert table.models == ("a", "b")
    assert len(table.ids) == 20
    values = {r.model: r.estimate.value for r in outcome.results if r.metric == "acc"}
    assert np.mean(table.values, axis=0) == pytest.approx([values["a"], values["b"]])
