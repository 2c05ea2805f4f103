"""Documents say by which script their measured figures are made; the scripts are there, and run without the data."""

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("plugins/embedllm/README.md", "plugins/routing/README.md", "benchmarks/README.md")
SCRIPTS = ("onboarding_studies", "routing_studies")
COMMAND = re.compile(r"python benchmarks/(\w+)\.py((?: --only [\w-]+)*)")


@pytest.fixture(params=SCRIPTS)
def script(request, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    yield importlib.import_module(request.param)
    for name in (*SCRIPTS, "_nine_models"):
        sys.modules.pop(name, None)


def named(script):
    """Studies of a script that the READMEs of plugins name a command for."""
    texts = [(ROOT / path).read_text("utf-8") for path in DOCUMENTS[:2]]
    commands = [found for text in texts for found in COMMAND.findall(text) if found[0] == script]
    return {study for _, only in commands for study in re.findall(r"--only ([\w-]+)", only)}


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_script_that_a_document_names_is_there(path):
    scripts = {name for name, _ in COMMAND.findall((ROOT / path).read_text("utf-8"))}
    assert scripts
    assert [name for name in scripts if not (ROOT / "benchmarks" / f"{name}.py").is_file()] == []


def test_every_study_is_named_beside_the_figures_that_it_makes(script):
    assert named(script.__name__) == set(script.STUDIES)


def test_every_study_is_in_the_description_of_its_script(script):
    assert re.findall(r"^- ``([\w-]+)``:", script.__doc__, re.M) == list(script.STUDIES)


def test_without_the_data_a_study_is_skipped_with_a_reason():
    done = subprocess.run(
        [
            sys.executable,
            "benchmarks/routing_studies.py",
            "--quick",
            "--json",
            "--only",
            "splits",
            "--only",
            "certificate",
        ],
        cwd=ROOT,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert found["quick"] is True
    assert found["studies"]["splits"] == {"skipped": "HARNESS_DATA names no folder"}
    assert set(found["studies"]["certificate"]["500, 0.1"]) == {"-0.013", "0.0", "0.02", "0.05"}
