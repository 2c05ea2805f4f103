"""Language models of this machine on tasks of lm-eval, to a matrix, to routers, to their leaderboard and pictures."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("lm_eval")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]  # lm-eval and its libraries warn on import

TASK = """\
task: {name}
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "Q: {{{{question}}}}\\nA:"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: "{{{{answer}}}}"
metric_list: [{{metric: acc}}]
"""
BENCHMARK = """\
tasks: [school/router]
metrics: {school/router: [route_accuracy, aiq]}
aggregates: [{name: gain over the best constant, of: [school/router:route_gain]}]
"""


@pytest.fixture
def tiny():
    path = Path(__file__).parents[1] / "hf" / "tiny.py"
    spec = importlib.util.spec_from_file_location("tiny", path)
    module = sys.modules.setdefault("tiny", importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def school(project, monkeypatch):
    """Two tasks in lm-eval's form, of sums and of animals."""
    monkeypatch.setenv("HF_HOME", str(project / "hf"))
    monkeypatch.setenv("HF_DATASETS_CACHE", str(project / "hf" / "datasets"))
    (project / "lm").mkdir()
    animals = ["whale", "trout", "fox", "dog", "hawk", "mole"]
    for name in ("sums", "animals"):
        rows = [
            {"question": f"What is {i} plus {i % 7}?" if name == "sums" else f"Is {i} the {animals[i % 6]}?",
             "choices": [f" {i + i % 7}", f" {i + 1 + i % 5 + i % 7}"] if name == "sums" else [" Yes.", " No."],
             "answer": i % 2 if name == "animals" else 0}
            for i in range(60)
        ]  # fmt: skip
        data = project / f"{name}.jsonl"
        data.write_text("".join(json.dumps(row) + "\n" for row in rows))
        (project / "lm" / f"{name}.yaml").write_text(TASK.format(name=name, data=data))
    (project / "registry.yaml").write_text("sources: {lm_eval: {include: [lm]}}\ntask_folders: [tasks]\n")
    return project


def test_three_language_models_become_a_router(school, harness, tiny):
    models = []
    for i, name in enumerate(("small", "medium", "large")):
        made = tiny.causal(school / name, seed=i)
        models += ["-m", f"{name}=hf:path={made},dtype=float32"]
    ran = harness("eval", *models, "-t", "lm_eval:sums", "-t", "lm_eval:animals")
    assert ran.code == 0, ran.err
    command = ("matrix", "lm_eval:sums", "lm_eval:animals", "-o", "school.parquet")
    ran = harness(*command, "--task-file", "tasks/school/router.yaml", "--train", 0.5, "--usd-per-hour", 2)
    assert ran.code == 0, ran.err
    assert "120 items of 2 tasks, 3 models, 0 of 360 outcomes unknown" in ran.out
    routers = []
    for trainer, *base in (("category-router",), ("neighbour-router", "--base", "tfidf")):
        ran = harness("train", trainer, "-t", "school/router", "-o", trainer, *base)
        assert ran.code == 0, ran.err
        routers += ["-m", f"{trainer}={trainer}:path={trainer}"]
    (school / "tasks" / "school" / "benchmark.yaml").write_text(BENCHMARK)
    ran = harness("eval", *routers, "-m", "oracle-router", "-t", "school")
    assert ran.code == 0, ran.err
    assert "gain over the best constant" in ran.out
    ran = harness("leaderboard", "school", "-o", "site/")
    assert ran.code == 0, ran.err
    pages = "".join(
        path.read_text("utf-8") for path in (school / "site").rglob("*") if path.suffix in (".html", ".js", ".json")
    )
    assert "Cost and quality" in pages
    assert "neighbour-router" in pages
