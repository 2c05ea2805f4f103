import csv
import gzip
import json
import math
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ConfigurationError, DataError, HarnessError
from harness.results.published import read_published

from ..messages import saying

ROW = {"model": "m", "task": "suite/task", "metric": "accuracy", "value": 0.5}


@pytest.fixture
def jsonl(tmp_path):
    def write(*rows, name="published.jsonl"):
        path = tmp_path / name
        path.write_text("".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows), "utf-8")
        return path

    return write


@pytest.fixture
def by_hand(tmp_path):
    def write(text):
        path = tmp_path / "published.yaml"
        path.write_text(text if isinstance(text, str) else yaml.safe_dump(text, sort_keys=False), "utf-8")
        return path

    return write


def test_what_a_row_does_not_say_is_not_invented(jsonl):
    (figure,) = read_published(jsonl(ROW))
    r = figure.result
    assert (r.model, r.task, r.metric, r.domain, r.unit, r.higher_is_better) == (
        *("m", "suite/task", "accuracy", "overall"),
        "fraction",
        True,
    )
    assert r.estimate.value == 0.5
    assert all(math.isnan(number) for number in (r.estimate.stderr, r.estimate.low, r.estimate.high))
    assert (r.estimate.n, figure.source, figure.note) == (0, "", "")


def test_everything_that_a_row_says_is_kept(jsonl):
    row = {**ROW, "domain": "d", "stderr": 0.1, "low": 0.3, "high": 0.7, "n": 25, "source": "Authors, table 1"}
    (figure,) = read_published(jsonl(row))
    e = figure.result.estimate
    assert (figure.result.domain, e.value, e.stderr, e.low, e.high, e.n) == ("d", 0.5, 0.1, 0.3, 0.7, 25)
    assert figure.source == "Authors, table 1"


def test_gzip_is_read(tmp_path):
    path = tmp_path / "published.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(ROW).encode()))
    assert len(read_published(path)) == 1


names = st.text(min_size=1, max_size=30).filter(lambda text: "\ud800" not in text)


@given(
    st.lists(st.tuples(names, names, st.floats(-1, 1)), min_size=1, max_size=8, unique_by=lambda row: (row[0], row[1]))
)
def test_any_name_comes_back_as_it_was(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("published") / "rows.jsonl"
    made = [{**ROW, "model": model, "domain": domain, "value": value} for model, domain, value in rows]
    path.write_text("".join(json.dumps(row) + "\n" for row in made))
    read = [(r.result.model, r.result.domain, r.result.estimate.value) for r in read_published(path)]
    assert read == rows


@given(st.lists(st.tuples(names, st.floats(-1, 1)), min_size=1, max_size=5, unique_by=lambda row: row[0]))
def test_any_model_name_can_stand_in_yaml(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("published") / "rows.yaml"
    figures = {model: {"suite/task:accuracy": value} for model, value in rows}
    path.write_text(yaml.safe_dump({"source": "s", "figures": figures}, sort_keys=False), "utf-8")
    assert [(r.result.model, r.result.estimate.value) for r in read_published(path)] == rows


def test_yaml_cites_its_source_for_every_figure(by_hand):
    read = read_published(
        by_hand(
            {
                "source": "Authors, table 2",
                "citation": "arXiv 0000.00000",
                "note": "Rounded.",
                "figures": {"m": {"suite/task:accuracy": 1, "suite/task:f1:threshold=0.5": 0.25}, "k": {}},
            }
        )
    )
    assert {(r.source, r.note) for r in read} == {("Authors, table 2 (arXiv 0000.00000)", "Rounded.")}
    assert [(r.result.metric, r.result.domain, r.result.estimate.value) for r in read] == [
        ("accuracy", "overall", 1.0),
        ("f1:threshold=0.5", "overall", 0.25),
    ]


def test_a_selector_may_end_in_a_domain(by_hand):
    selectors = {"suite/task:accuracy:one": 0.1, "suite/task:f1:threshold=0.5:two": 0.2}
    read = read_published(by_hand({"source": "s", "figures": {"m": selectors}}))
    assert [(r.result.metric, r.result.domain) for r in read] == [("accuracy", "one"), ("f1:threshold=0.5", "two")]


def test_a_table_in_csv_is_read_like_the_same_rows_in_jsonl(jsonl, tmp_path):
    full = {**ROW, "domain": "d", "stderr": 0.1, "low": 0.3, "high": 0.7, "n": 25, "higher_is_better": True}
    rows = [full, {**ROW, "metric": "brier", "higher_is_better": False}, {**ROW, "task": "007", "source": "A, table 1"}]
    keys = sorted({key for row in rows for key in row})
    for name in ("published.csv", "published.csv.gz"):
        opened = gzip.open if name.endswith("gz") else open
        with opened(tmp_path / name, "wt", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, keys)
            writer.writeheader()
            writer.writerows(rows)
        assert list(map(repr, read_published(tmp_path / name))) == list(map(repr, read_published(jsonl(*rows))))


def test_a_table_in_parquet_is_read_like_the_same_rows_in_jsonl(jsonl, tmp_path):
    import pyarrow
    import pyarrow.parquet

    rows = [{**ROW, "n": 25}, {**ROW, "domain": "d"}]
    table = pyarrow.Table.from_pylist([{"n": None, "domain": None, **row} for row in rows])
    pyarrow.parquet.write_table(table, tmp_path / "p.parquet")
    assert list(map(repr, read_published(tmp_path / "p.parquet"))) == list(map(repr, read_published(jsonl(*rows))))


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("value\nhalf", saying("'value'", "finite", "number", "'half'")),
        ("value\nnan", saying("'value'", "finite", "number", "nan")),
        ("value\n", saying("'value'", "finite", "number")),
        ("value\n55", saying("55", "fraction")),
        ("value,n\n0.5,2.5", saying("'n'", "whole number", "'2.5'")),
        ("value,higher_is_better\n0.5,yes", saying("'higher_is_better'", "true", "'yes'")),
    ],
)
def test_a_malformed_cell_is_named_with_its_line(tmp_path, cell, says):
    head, _, last = cell.partition("\n")
    (tmp_path / "p.csv").write_text(f"model,task,metric,{head}\nm,suite/task,accuracy,{last}\n")
    with pytest.raises(DataError, match=says.pattern) as raised:
        read_published(tmp_path / "p.csv")
    assert "p.csv:2: " in str(raised.value)


@pytest.mark.parametrize("name", ["p.txt", "p.xlsx", "p", "p.yaml.gz"])
def test_an_unknown_ending_is_told_which_there_are(tmp_path, name):
    (tmp_path / name).write_text("x")
    with pytest.raises(DataError, match=saying("jsonl", "ndjson", "parquet").pattern):
        read_published(tmp_path / name)


def test_unit_and_direction_are_those_of_the_metric(by_hand, jsonl):
    text = {"source": "s", "figures": {"m": {"t:brier": 0.2, "t:log_loss": 1.7, "t:accuracy": 0.5, "t:wer": 0.1}}}
    found = {r.result.metric: (r.result.unit, r.result.higher_is_better) for r in read_published(by_hand(text))}
    assert found["brier"] == ("fraction", False)
    assert found["log_loss"] == ("nats", False)
    assert found["accuracy"] == found["wer"] == ("fraction", True)
    found = {r.result.metric: r.result for r in read_published(by_hand({**text, "lower_is_better": ["wer"]}))}
    assert not found["wer"].higher_is_better
    assert not read_published(jsonl({**ROW, "metric": "brier"}))[0].result.higher_is_better


def test_a_direction_against_the_metrics_own_is_an_error(by_hand, jsonl):
    with pytest.raises(DataError, match=saying("published.jsonl:1", "opposite").pattern):
        read_published(jsonl({**ROW, "metric": "brier", "higher_is_better": True}))
    text = {"source": "s", "lower_is_better": ["accuracy"], "figures": {"m": {"t:accuracy": 0.5}}}
    with pytest.raises(DataError, match=saying("published.yaml", "figures.m.t:accuracy").pattern):
        read_published(by_hand(text))


def test_percentages_are_found_out(jsonl):
    with pytest.raises(DataError, match=saying("66.56", "fraction", "divide", "percentages", "100").pattern):
        read_published(jsonl({**ROW, "value": 66.56}))
    assert read_published(jsonl({**ROW, "value": 66.56, "unit": "points"}))[0].result.unit == "points"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "source: s\nfigures:\n  m:\n    t:a: 0.1\n  m:\n    t:b: 0.1\n",
            saying(":5", "YAML", "'m'", "twice"),
        ),
        ("source: s\nfigures:\n  m:\n    t:a: 0.1\n    t:a: 0.2\n", saying(":5", "YAML", "'t:a'", "twice")),
        ("source: s\nfigures: {m: {t:a: 0.1, t:a:overall: 0.2}}\n", saying("is there already, at")),
        ("source: s\nfigures:\n  m:\n    accuracy: 0.1\n", saying(":4", "figures.m.accuracy", "task:metric")),
        ("source: s\nfigures:\n  m:\n    t:a: high\n", saying(":4")),
        ("source: s\nfigures:\n  m:\n    t:a: true\n", saying(":4")),
        ("source: s\nfigures:\n  m:\n    t:a: .nan\n", saying(":4", "figures.m.t:a", "'value'", "finite", "number")),
        ("figures: {m: {t:a: 0.1}}\n", saying("source")),
        ("source: s\nfigure: {m: {t:a: 0.1}}\n", saying("'figures'")),
        ("source: s\nfigures: {}\n", saying("no published figures")),
        ("source: s\nfigures: [\n", saying("not valid YAML")),
        ("- source\n", saying("expected a mapping")),
    ],
)
def test_a_malformed_yaml_file_is_named_with_its_line(by_hand, text, says):
    with pytest.raises(HarnessError) as raised:
        read_published(by_hand(text))
    assert "published.yaml" in str(raised.value)
    assert str(raised.value) == says


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({**ROW, "model": ""}, saying("'model'", "text")),
        ({**ROW, "model": 3}, saying("'model'", "text", "3")),
        ({key: ROW[key] for key in ("model", "metric", "value")}, saying("'task'", "text")),
        ({**ROW, "domain": None}, saying("'domain'", "text")),
        ({**ROW, "value": "0.5"}, saying("'value'", "finite", "number", "'0.5'")),
        ({**ROW, "value": True}, saying("'value'", "finite", "number")),
        ({**ROW, "value": None}, saying("'value'", "finite", "number")),
        ({**ROW, "value": math.inf}, saying("'value'", "finite", "number")),
        ({**ROW, "stderr": -0.1}, saying("'stderr'", "negative")),
        ({**ROW, "low": 0.1}, saying("an interval needs both")),
        ({**ROW, "low": 0.6, "high": 0.7}, saying("interval", "[0.6, 0.7]")),
        ({**ROW, "n": 2.5}, saying("'n'", "whole number")),
        ({**ROW, "n": -1}, saying("'n'", "whole number")),
        ({**ROW, "higher_is_better": "yes"}, saying("must be true or false")),
        ({**ROW, "source": ["a"]}, saying("'source'", "text")),
        ({**ROW, "score": 1}, saying("unknown", "'score'")),
        ("[1]\n", saying("JSON", "list")),
        ('{"model":\n', saying("not valid JSON")),
    ],
)
def test_a_malformed_row_is_named_with_its_line(jsonl, row, says):
    with pytest.raises(DataError) as raised:
        read_published(jsonl({**ROW, "model": "first"}, row))
    assert "published.jsonl:2: " in str(raised.value)
    assert str(raised.value) == says


def test_files_that_are_not_there_or_hold_nothing(jsonl, tmp_path):
    for name in ("none.jsonl", "none.yaml"):
        with pytest.raises(DataError, match="no such file of published results"):
            read_published(tmp_path / name)
    with pytest.raises(DataError, match="no published figures"):
        read_published(jsonl())
    with pytest.raises(DataError, match="in files that end in"):
        read_published(jsonl(ROW, name="published.pdf"))
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_published(tmp_path / "binary.yaml")


def test_a_figure_that_is_there_twice_names_both_lines(jsonl):
    with pytest.raises(DataError, match=saying(":3", "suite/task:accuracy:overall", "'m'", ":1").pattern):
        read_published(jsonl(ROW, {**ROW, "domain": "d"}, {**ROW, "domain": "overall"}))


def test_the_example_on_the_page_follows_the_schema(by_hand, harness):
    page = (Path(__file__).parents[2] / "docs" / "published-results.md").read_text("utf-8")
    example = re.findall(r"^```yaml\n(.*?)^```$", page, re.S | re.M)[1]
    assert len(read_published(by_hand(example))) == 3
    schema = harness("schema", "published").document
    assert set(yaml.safe_load(example)) <= set(schema["properties"])
    assert schema["required"] == ["source", "figures"]
    assert [key for key in schema["properties"] if f"| `{key}` |" not in page] == []
