import importlib.util
import sys
from pathlib import Path

import pytest

from harness.names.registry import Registry
from harness.tasks.build_metric import build_metric

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def coverage():
    """The script that simulates the intervals."""
    # Not by its name, which is that of the tool that measures tests.
    spec = importlib.util.spec_from_file_location("interval_coverage", ROOT / "benchmarks" / "coverage.py")
    script = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        spec.loader.exec_module(script)
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))
    return script


def test_the_table_in_the_document_has_the_rows_of_the_script(coverage):
    text = (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")
    assert list(coverage.rows_in(text)) == [case.name for case in coverage.CASES]


def test_a_row_run_anew_replaces_its_own_only(coverage):
    text = (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")
    case = coverage.CASES[3]
    made = coverage.written(text, {case.name: coverage.row(case, coverage.Share(12.3, 0.4))})
    old, new = coverage.rows_in(text), coverage.rows_in(made)
    assert [name for name in old if old[name] != new[name]] == [case.name]
    assert new[case.name].endswith("12.3 ± 0.4 |")


def test_the_same_case_gives_the_same_figure(coverage):
    case = next(case for case in coverage.CASES if case.what == "share, clustered")
    assert case.simulate(0.02) == case.simulate(0.02)


def test_every_metric_with_an_interval_has_a_row(coverage):
    registry = Registry()
    rows = {case.what for case in coverage.CASES}
    names = set(registry.names("metric"))
    without = {
        name
        for name in names - coverage.WITHOUT_INTERVAL - coverage.NOT_SIMULATED
        if coverage.row_of(name, build_metric(registry, coverage.WITH_ARGUMENTS.get(name, name))) not in rows
    }
    assert without == set()
    assert names >= coverage.WITHOUT_INTERVAL | coverage.NOT_SIMULATED


def test_rows_say_beside_their_share_what_else_the_rounds_show(coverage):
    def once(rng):
        return (float("nan"), 0.5) if rng.random() < 0.5 else (1.0, 0.5)

    case = coverage.Case("what", "setting", once, beside=lambda rest: f"{rest.mean():.1f} beside")
    found = case.simulate(1.0)
    assert found[:2] == (100.0, 0.0)
    assert coverage.row(case, found).startswith("| what | setting | 100.0 ± 0.0; 0.5 beside; ")
    # Rounds without an interval are no rounds in which it fails to cover.
    assert found.beside.endswith("% have none")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "setting", "least"),
    [
        ("share, clustered", "10 clusters of 1 to 89, correlation 0.3, true share 0.5", 93),
        ("share, clustered", "10 clusters, one with half, correlation 0.3, true share 0.9", 93),
        ("AUROC", "20 positives, 500 negatives, true 0.98", 93.5),
        ("paired difference of shares", "n = 30, 4 % against 0 % differ", 94),
        ("balanced accuracy", "20 positives, 500 negatives, threshold 2.5", 92.5),
        ("mean of tasks over the same items", "5 tasks, correlation 0.7", 93),
        ("places", "2 models of opposite answers, n = 300", 93),
        ("cost_saved", "500 questions", 92),
        ("forecast_calibration_error", "100 questions", 93),
        ("Bradley-Terry strengths", "10 clusters of 5 to 400 battles", 92.5),
        ("win probability, length and position taken out", "50 prompts", 93.5),
    ],
)
def test_intervals_that_once_were_too_short_cover(coverage, what, setting, least):
    case = next(case for case in coverage.CASES if (case.what, case.setting) == (what, setting))
    assert case.simulate(0.5).value >= least
