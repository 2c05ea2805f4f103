import os
from pathlib import Path

import pytest
from harness_plugins.judge_audit.asking import read_set
from harness_plugins.judge_audit.audit import audited_set, put_flags
from harness_plugins.judge_audit.judged import judged
from harness_plugins.judge_audit.simulated import SimulatedJudge

from harness import Registry

REGISTRY = Registry()
SETS = {}


class Audited:
    """An audit of a judge without a store: its figures by key, and the keys of those that are flagged."""

    def __init__(self, verdicts, generated=True):
        self.judged = verdicts
        self.set = audited_set("some/pairs", verdicts, generated=generated)
        self.flags = {figure.key for _, figure in put_flags([self.set])}
        self.figures = {figure.key: figure for figure in self.set.figures}

    def __getitem__(self, key):
        return self.figures[key]


def pairs_of_set(task="judge-audit/made-up"):
    if task not in SETS:
        SETS[task] = read_set(REGISTRY, task).pairs
    return SETS[task]


def simulate(task="judge-audit/made-up", repeats=1, **faults):
    """Audit a simulated judge with some faults."""
    pairs = pairs_of_set(task)
    answers = [SimulatedJudge(**faults).compare(pair.requests) for pair in pairs]
    firsts = [pair.requests[0] for pair in pairs]
    again = [SimulatedJudge(**{**faults, "seed": seed}).compare(firsts) for seed in range(1, repeats)]
    return Audited(judged(pairs, answers, again))


@pytest.fixture(scope="session")
def alignment():
    """The folder of recorded verdicts; a test that needs it is skipped where there is none."""
    folder = os.environ.get("HARNESS_DATA")
    if not folder or not (Path(folder) / "alignment" / "pandalm").is_dir():
        pytest.skip("the recorded verdicts are not here: set HARNESS_DATA to a folder that holds alignment/")
    return Path(folder) / "alignment"


@pytest.fixture
def with_verdicts(alignment, project, monkeypatch):
    """An empty project that sees the recorded verdicts."""
    monkeypatch.setenv("HARNESS_DATA", str(alignment.parent))
    return project
