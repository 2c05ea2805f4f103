"""One typed row: the same rows give the same items as CSV, JSONL and Parquet, and values compare by one rule."""

from __future__ import annotations

import csv
import datetime
import json
import math
import tempfile
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.kinds.detection import Detection
from harness.kinds.preference import Preference
from harness.names.registry import Registry
from harness.task import BadItem, Definition
from harness.tasks.build import _part
from harness.tasks.data.sources import FileSource, GeneratorSource
from harness.tasks.data.values import UntypedText, domain_name, find_same, from_cell, is_missing, same
from harness.tasks.index import TaskEntry
from harness.tasks.schema import TaskFile

from ...messages import saying

KINDS = {"preference": Preference, "detection": Detection}


def items_of(folder, keys):
    """The items of a task file of these keys, beside which the data lie."""
    entry = TaskEntry("demo/task", folder / "task.yaml", keys["kind"], "", "")
    file = TaskFile.model_validate(keys)
    kind = KINDS[file.kind]
    parts = [_part(Registry(), entry, file, kind, ("test",), file.data["test"])]
    return list(kind(Definition("demo/task", parts={"test": parts}, options=file.options)).items())


def seen(items):
    """All that a figure may depend on, of every item."""
    return [
        ("bad", item.where.rpartition(" row ")[2].rpartition(":")[2] and "row")
        if isinstance(item, BadItem)
        else (item.id, dict(item.fields), item.domains, item.cluster)
        for item in items
    ]


def write_csv(path, rows):
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_parquet(path, rows):
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)


WRITERS = {"csv": write_csv, "jsonl": write_jsonl, "parquet": write_parquet}

# Texts that spell numbers and other things, which a field has to keep to the letter.
texts = st.one_of(
    st.sampled_from(["007", "1.0", "1e3", "nan", "NaN", "True", "false", "NA", "None", "null", "-0", "0x1", " 1"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), min_size=1, max_size=5),
)
names = texts.filter(lambda text: text not in {"True", "False", "TRUE", "FALSE", "true", "false", "nan", "NaN"})
rows_of_all_types = st.lists(
    st.fixed_dictionaries(
        {
            "number": st.integers(0, 10**6),
            "question": texts,
            "good": st.none() | texts,
            "bad": texts,
            "topic": st.none() | names,
            "hard": st.none() | st.booleans(),
            "year": st.none() | st.integers(1990, 1992),
            "score": st.one_of(st.none(), st.just(math.nan), st.sampled_from([0.0, 0.5, 1.0, 2.0, 1e-7])),
            "vote": st.integers(1, 2),
            "book": st.none() | names,
        }
    ),
    min_size=1,
    max_size=6,
)
KEYS = {
    "kind": "preference",
    "columns": {"id": "number", "prompt": "question", "chosen": "good", "rejected": "bad"},
    "slices": [
        "topic",
        "hard",
        "year",
        "score",
        {"column": "score", "above": 0.4, "name": "high"},
        {"column": "year", "equals": [1990, "1991"], "name": "early"},
        {"column": "score", "differs": 0, "name": "any score"},
        {"column": "hard", "equals": False, "name": "easy"},
        {"column": "hard", "differs": "False", "name": "not easy"},
        {"column": "topic", "pattern": "^.", "name": None},
    ],
    "cluster": "book",
}


@settings(max_examples=20)
@given(rows=rows_of_all_types)
def test_the_same_rows_are_the_same_items_in_every_kind_of_file(rows):
    """Whether the columns are mapped, compared, or name a domain, a cluster or an id."""
    labelled = {
        "kind": "preference",
        "columns": {
            "id": "{number}/{index}",
            "prompt": {"template": "{question} {topic?}"},
            "first": "bad",
            "second": "question",
            "label": {"column": "vote", "map": {1: "x", "2": "y"}},
        },
        "options": {"first_label": "x", "second_label": "y"},
        "cluster": "{book}-{year}",
    }
    unmapped = {**labelled, "columns": {**labelled["columns"], "label": "vote"}}
    unmapped["options"] = {"first_label": 1, "second_label": "2"}
    detection = {"kind": "detection", "columns": {"text": "question", "label": "hard"}}
    chosen = {"where": {"hard": [True, None], "year": [1990, "1991", None]}}
    with tempfile.TemporaryDirectory() as folder:
        for ending, write in WRITERS.items():
            write(Path(folder) / f"rows.{ending}", rows)
        for keys, where in ((KEYS, {}), (labelled, {}), (unmapped, {}), (detection, {}), (KEYS, chosen)):
            found = {
                ending: seen(
                    items_of(Path(folder), {**keys, "data": {"test": {"file": f"rows.{ending}", **where}}})
                    if not where or any(_is_chosen(row) for row in rows)
                    else []
                )
                for ending in WRITERS
            }
            assert found["csv"] == found["jsonl"] == found["parquet"]


def _is_chosen(row):
    return row["hard"] in (True, None) and row["year"] in (1990, 1991, None)


def test_a_text_of_a_csv_file_is_read_to_the_letter(tmp_path):
    (tmp_path / "rows.csv").write_text("prompt,chosen,rejected,id\n007,True,1.0,1.0\nnan,false,NA,01\n")
    found = items_of(tmp_path, {"kind": "preference", "data": {"test": {"file": "rows.csv"}}})
    read = [(i.id, i.fields["prompt"].text, i.fields["first"], i.fields["second"]) for i in found]
    assert read == [("1.0", "007", "True", "1.0"), ("01", "nan", "false", "NA")]
    assert {type(item.fields["first"]) for item in found} == {str}


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_an_empty_response_is_a_bad_row_in_csv_and_a_response_in_jsonl(tmp_path, ending):
    (tmp_path / "rows.csv").write_text("prompt,chosen,rejected\na,b,\n")
    write_jsonl(tmp_path / "rows.jsonl", [{"prompt": "a", "chosen": "b", "rejected": ""}])
    (found,) = items_of(tmp_path, {"kind": "preference", "data": {"test": {"file": f"rows.{ending}"}}})
    assert isinstance(found, BadItem) == (ending == "csv")
    assert ending == "jsonl" or ("'rejected' is missing" in found.problem and found.absent == ())


def test_gaps_and_booleans_of_csv_name_no_domain(tmp_path):
    """Rows of a table with a column of truth values, one with gaps and one of numbers, written by pandas."""
    (tmp_path / "rows.csv").write_text(
        "prompt,chosen,rejected,difficulty,reviewed,weight\na,b,c,steep,True,2020.0\nd,e,f,,False,nan\ng,h,i,,False,0\n"
    )
    keys = {
        "kind": "preference",
        "data": {"test": {"file": "rows.csv"}},
        "slices": ["difficulty", "reviewed", "weight", {"column": "weight", "differs": 0, "name": "heavy"}],
    }
    domains = [item.domains for item in items_of(tmp_path, keys)]
    assert domains == [("steep", "reviewed", "2020", "heavy"), (), ("0",)]


@pytest.mark.parametrize("where", [{"year": 2024}, {"year": "2024"}, {"year": [1, 2024.0]}, {"new": True}])
@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_rows_of_a_file_are_chosen_by_what_their_values_are(tmp_path, ending, where):
    rows = [{"text": "a", "label": 1, "year": 2024, "new": True}, {"text": "b", "label": 0, "year": 2023, "new": False}]
    WRITERS[ending](tmp_path / f"rows.{ending}", rows)
    data = {"test": {"file": f"rows.{ending}", "where": where}}
    (item,) = items_of(tmp_path, {"kind": "detection", "data": data})
    assert item.fields["text"].text == "a"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (1, 1),
        (1, 1.0),
        (1, "1"),
        ("1", 1),
        ("1.0", 1),
        ("1e3", 1000),
        (True, "True"),
        (True, "true"),
        ("true", True),
        (False, 0),
        (UntypedText("true"), "True"),
        (UntypedText("False"), False),
        (Decimal("0.1"), 0.1),
        (Decimal("2"), 2),
        (datetime.date(2024, 1, 2), "2024-01-02"),
        ("2024-01-02", datetime.date(2024, 1, 2)),
        (datetime.datetime(2024, 1, 2), datetime.date(2024, 1, 2)),
        (None, None),
        (math.nan, None),
        (UntypedText(""), None),
        (np.float64(2), 2),
        ([1], [1]),
    ],
)
def test_values_that_are_the_same(value, wanted):
    assert same(value, wanted)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("007", "7"),
        ("1.0", "1"),
        ("true", "True"),
        ("1", 2),
        ("a", 0),
        ("", 0),
        ("", None),
        (0, None),
        (None, 0),
        (None, ""),
        (UntypedText("nan"), "nan"),
        (UntypedText(""), ""),
        ("1_000", 1000),
        (" 1", 1),
        ("9" * 5000, 9),
        (datetime.date(2024, 1, 2), "2024-01-03"),
        (datetime.date(2024, 1, 2), 2024),
        ([1], 1),
    ],
)
def test_values_that_are_not_the_same(value, wanted):
    assert not same(value, wanted)


def test_a_table_of_values_takes_the_equal_text_before_an_equal_number():
    assert find_same("7", {7: "n", "7": "t"}) == "7"
    assert find_same("007", {"7": "t", 7: "n"}) == 7
    assert find_same("8", {7: "n"}) is None
    assert find_same([1], {1: "n"}) is None


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (2024, "2024"),
        (2024.0, "2024"),
        ("2024.0", "2024"),
        (Decimal("2024.00"), "2024"),
        ("2024.00", "2024"),
        (-0.0, "0"),
        (0.5, "0.5"),
        ("1.10", "1.10"),
        ("1.1", "1.1"),
        ("007", "007"),
        (1e300, "1e+300"),
        (datetime.datetime(2024, 1, 2), "2024-01-02"),
        (datetime.datetime(2024, 1, 2, 3), "2024-01-02 03:00:00"),
    ],
)
def test_one_value_names_one_domain_however_it_is_written(value, name):
    assert domain_name(value) == name


def test_what_is_missing():
    missing = [None, math.nan, from_cell(""), from_cell("nan"), Decimal("NaN"), np.float64("nan")]
    assert all(is_missing(value) for value in missing)
    assert not any(is_missing(value) for value in ["", "nan", 0, False, [], "None", Decimal(0), math.inf])


def numpy_rows(split):
    """Rows as a function gives them that reads a data frame."""
    yield {
        "text": np.str_("a"),
        "label": np.int64(1),
        "hard": np.bool_(True),
        "year": np.float32(2024),
        "id": np.int8(3),
    }


def test_numpys_values_are_plain_ones():
    (row,) = GeneratorSource(f"{__name__}:numpy_rows", "test").rows()
    assert [type(value) for value in row.values.values()] == [str, int, bool, float, int]


def test_dates_and_decimals_of_parquet_are_compared_and_name_domains(tmp_path):
    rows = [
        {"text": "a", "label": 1, "day": datetime.date(2024, 1, 2), "price": Decimal("1.50")},
        {"text": "b", "label": 0, "day": datetime.date(2024, 1, 3), "price": Decimal("2.00")},
    ]
    write_parquet(tmp_path / "rows.parquet", rows)
    keys = {"kind": "detection", "data": {"test": {"file": "rows.parquet", "where": {"day": "2024-01-02"}}}}
    keys["slices"] = ["day", "price", {"column": "price", "below": 1.6, "name": "cheap"}]
    assert [item.domains for item in items_of(tmp_path, keys)] == [("2024-01-02", "1.50", "cheap")]


def test_an_id_that_is_no_number_is_a_bad_row(tmp_path):
    (tmp_path / "rows.jsonl").write_text(
        '{"id": NaN, "text": "a", "label": 1}\n{"id": null, "text": "b", "label": 0}\n'
    )
    found = items_of(tmp_path, {"kind": "detection", "data": {"test": {"file": "rows.jsonl"}}})
    assert [item.problem for item in found] == [saying("'id'", "missing")] * 2


def test_a_template_does_not_write_what_is_missing(tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"a": "x", "b": null, "label": 1}\n')
    data = {"test": {"file": "rows.jsonl"}}
    for template, text in (("{a} {b?}", "x "), ("{a} {b}", None)):
        (found,) = items_of(tmp_path, {"kind": "detection", "data": data, "columns": {"text": {"template": template}}})
        assert isinstance(found, BadItem) if text is None else found.fields["text"].text == text


def test_a_column_of_where_that_no_row_has_is_said(tmp_path):
    from harness.errors import DataError

    write_jsonl(tmp_path / "rows.jsonl", [{"text": "a", "label": 1, "year": 2024}])
    with pytest.raises(DataError, match=saying("'yaer'", "'where'", "'year'").pattern):
        items_of(tmp_path, {"kind": "detection", "data": {"test": {"file": "rows.jsonl", "where": {"yaer": 2024}}}})


def test_cells_stay_texts_for_whoever_reads_rows_alone(tmp_path):
    (tmp_path / "rows.csv").write_text("a,b,c\n,True,nan\n")
    (row,) = FileSource(tmp_path / "rows.csv").rows()
    assert dict(row.values) == {"a": "", "b": "True", "c": "nan"}
