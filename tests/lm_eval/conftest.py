"""A project with toy tasks in lm-eval's form, and the same deterministic model for harness and for lm-eval."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_SPEC = importlib.util.spec_from_file_location("toy_tasks", Path(__file__).with_name("toy_tasks.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
toy_tasks = sys.modules.setdefault("toy_tasks", importlib.util.module_from_spec(_SPEC))
_SPEC.loader.exec_module(toy_tasks)


@pytest.fixture
def folder(project: Path, add_plugin: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the model ``fake`` and the tasks above, named ``toy_...``, under lm_eval's ``include``."""
    monkeypatch.setenv("HF_HOME", str(project / "hf"))
    monkeypatch.setenv("HF_DATASETS_CACHE", str(project / "hf" / "datasets"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    add_plugin("fakes", toy_tasks.PLUGIN)
    toy_tasks.write_documents(project / "docs.jsonl", 20)
    toy_tasks.write_documents(project / "train.jsonl", 9, first=100)
    tasks = project / "tasks"
    tasks.mkdir()
    for name, text in toy_tasks.TASKS.items():
        toy_tasks.write_task(tasks, f"toy_{name}", text)
    (project / "registry.yaml").write_text("sources: {lm_eval: {include: [tasks]}}\n")
    return project


@pytest.fixture
def direct_model() -> Callable[[], Any]:
    """The same numbers straight from an ``LM``, without harness."""
    from lm_eval.api.model import LM

    class Direct(LM):  # type: ignore[misc]
        def loglikelihood(self, requests: Any) -> Any:
            return [(-50 * toy_tasks.number(*r.args), toy_tasks.number(*reversed(r.args)) > 0.5) for r in requests]

        def loglikelihood_rolling(self, requests: Any) -> Any:
            return [-50 * toy_tasks.number("", r.args[0]) for r in requests]

        def generate_until(self, requests: Any) -> Any:
            seen: dict[str, int] = {}
            texts = []
            for r in requests:
                sampled = r.args[1].get("do_sample", False)
                repeat = seen.get(r.args[0], 0) if sampled else 0
                seen[r.args[0]] = repeat + 1
                texts.append(f"so #### {int(5 * toy_tasks.number(r.args[0], repeat))} two of them")
            return texts

        def apply_chat_template(self, history: Any, add_generation_prompt: bool = True) -> str:
            return "".join(f"<{m['role']}>{m['content']}" for m in history)

        def chat_template(self, chat_template: Any = False) -> str:
            return ""

        tokenizer_name = "none"

    return Direct
