"""How often the interval holds, in the settings that are hardest; all of them: benchmarks/lc_coverage.py."""

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.mark.slow
@pytest.mark.parametrize(("instructions", "rate"), [(50, 0.03), (50, 0.97), (200, 0.2)])
def test_the_interval_holds_and_the_published_one_does_not(instructions, rate, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    from lc_coverage import covered

    found = covered(instructions, rate, 600)
    assert 0.925 <= found.score <= 0.98
    assert found.published < 0.7
