"""What is known of a metric stands on its class: lists read it without importing, and the page agrees with it."""

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.names.registry import Registry

PAGE = Path(__file__).parents[2] / "docs/metrics.md"
READ_FIRST = """
import json, sys
from harness.names.registry import Registry
listed = {entry.name: entry.description for entry in Registry().entries("metric") if entry.plugin == "kinds"}
assert "numpy" not in sys.modules and "harness.metric" not in sys.modules
on_class = {entry.name: entry.load().description for entry in Registry().entries("metric") if entry.plugin == "kinds"}
print(json.dumps([listed, on_class]))
"""
METRICS = """
from harness import MeanMetric, mean_metric

raise SystemExit("a list imports no metric")

class Plain(MeanMetric):
    description = "says it itself"
    needs = ("scores",)

class Annotated(MeanMetric):
    description: str = ("in two "
                        "parts")

class Heir(Plain):
    pass

class Silent(MeanMetric):
    needs = ("scores",)

class Computed(MeanMetric):
    description = "a" + str(1)

@mean_metric(needs=("scores",), description="is a function")
def function(columns):
    return columns.values["scores"][:, 0]
"""
HOOKS = """
from harness.hooks import hookimpl
@hookimpl
def register_metrics(register):
    for name in ("Plain", "Annotated", "Heir", "Silent", "Computed", "function", "Absent"):
        register(f"mine-{name}", f"{MODULE}:{name}")
    register("mine-given", f"{MODULE}:Plain", description="as registered")
    register("mine-broken", "broken_metrics:Plain")
    register("mine-nowhere", "nowhere.at.all:Plain")
"""


def test_lists_read_the_descriptions_of_classes_without_importing_them(project):
    ran = subprocess.run([sys.executable, "-c", READ_FIRST], capture_output=True, text=True, check=True, timeout=60)
    listed, on_class = json.loads(ran.stdout)
    assert len(listed) > 40
    assert listed == on_class
    assert all(listed.values())


def test_a_description_registered_wins_and_one_that_cannot_be_read_is_empty(add_plugin, harness):
    folder = add_plugin("facts", f"MODULE = 'lazy_metrics'\n{HOOKS}")
    (folder / "lazy_metrics.py").write_text(METRICS)
    (folder / "broken_metrics.py").write_text("class Plain(:\n")
    ran = harness("list", "metrics", "--filter", "mine-", "--json")
    assert ran.code == 0, ran.err
    assert {row["name"].removeprefix("mine-"): row["description"] for row in ran.document} == {
        "Plain": "says it itself",
        "Annotated": "in two parts",
        "Heir": "says it itself",
        "Silent": "",
        "Computed": "",
        "function": "is a function",
        "Absent": "",
        "given": "as registered",
        "broken": "",
        "nowhere": "",
    }


def rows_of_the_page():
    """The rows of the tables, by each name in their first column."""
    rows = {}
    for line in PAGE.read_text("utf-8").splitlines():
        if line.startswith("| `"):
            for name in re.findall(r"`([^`]+)`", line.split("|")[1]):
                rows[name] = line
    return rows


@pytest.mark.parametrize("name", [entry.name for entry in Registry().entries("metric") if entry.plugin == "kinds"])
def test_the_page_agrees_with_the_class(name):
    kind = Registry().find("metric", name).load()
    row = rows_of_the_page()[name]
    assert ("lower is" in row) == (not kind.higher_is_better)
    assert kind.unit == "fraction" or kind.unit in row
    assert ("no bounds" in row) == (kind.bounds is None)


def test_a_metric_is_a_function_of_columns(add_plugin, harness):
    folder = add_plugin(
        "functions",
        "from harness.hooks import hookimpl\n"
        "@hookimpl\n"
        "def register_metrics(register):\n"
        "    register('first', 'function_metrics:first')\n"
        "    register('one-number', 'function_metrics:one_number')\n",
    )
    (folder / "function_metrics.py").write_text(
        "from harness import mean_metric\n"
        "@mean_metric(needs=('correct',), description='how often the first response is correct')\n"
        "def first(columns):\n"
        "    return columns.values['correct'][:, 0]\n"
        "@mean_metric(needs='correct', description='one number for all rows')\n"
        "def one_number(columns):\n"
        "    return columns.values['correct'].mean()\n"
    )
    ran = harness(
        *("eval", "-m", "length", "-m", "random", "-t", "quickstart/best-of-16", "--limit", 20),
        *("--metric", "first", "--metric", "one-number", "--json"),
    )
    values = {
        result["metric"]: result
        for result in ran.document["results"]
        if (result["model"], result["domain"]) == ("length", "overall")
    }
    assert 0 <= values["first"]["low"] < values["first"]["value"] < values["first"]["high"] <= 1
    assert values["one-number"]["value"] is None
    assert "expected one a row" in ran.err
    compared = harness("compare", "length", "random", "-t", "quickstart/best-of-16", "--metric", "first", "--json")
    assert compared.code == 0, compared.err


@pytest.mark.parametrize(
    ("module", "before", "now"),
    [
        ("best_of_k", "Accuracy", "BestOfKAccuracy"),
        ("best_of_k", "StrictAccuracy", "StrictBestOfKAccuracy"),
        ("similarity", "AreaUnderCurve", "SimilarityAreaUnderCurve"),
        ("similarity", "AveragePrecision", "SimilarityAveragePrecision"),
    ],
)
def test_a_class_is_there_by_its_name_of_before_which_says_the_one_of_now(module, before, now):
    place = importlib.import_module(f"harness.kinds.{module}")
    with pytest.warns(DeprecationWarning, match=now):
        assert getattr(place, before) is getattr(place, now)
    with pytest.raises(AttributeError, match="Nonsense"):
        _ = place.Nonsense
