"""Every example in a docstring of the core runs, and prints what it says."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INTERFACES = ("requests", "capabilities.capability", "adapters", "hooks")
"""Modules of interfaces that must hold an example."""


def modules_with_examples():
    """The modules of `harness` whose text holds an example, however deep they lie."""
    for path in sorted((ROOT / "harness").rglob("*.py")):
        if ">>>" in path.read_text("utf-8"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("name", list(modules_with_examples()))
def test_the_examples_run(name, project):
    module = importlib.import_module(name)
    tests = [test for test in doctest.DocTestFinder(exclude_empty=True).find(module) if test.examples]
    assert tests, f"{name} holds '>>>' outside the docstring of anything that it defines"
    printed = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
    for test in tests:
        runner.run(test, out=printed.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(printed)


def test_the_interfaces_hold_examples():
    assert {f"harness.{name}" for name in INTERFACES} <= set(modules_with_examples())
