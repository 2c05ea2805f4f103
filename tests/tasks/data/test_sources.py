"""Where rows come from, and how columns become fields."""

from __future__ import annotations

import csv
import gzip
import json

import pytest

from harness.errors import DataError
from harness.tasks.data.field_mapping import BadValue, ColumnReader, Slice
from harness.tasks.data.rows import DataRow
from harness.tasks.data.sources import FileSource

from ...messages import saying

ROWS = [
    {"id": "a", "prompt": "first, of two", "number": 1.5, "nested": {"deep": "x"}},
    {"id": "b", "prompt": "second\nline é 東", "number": 2.0, "nested": {"deep": "y"}},
]


def write_jsonl(path, rows, open_=open):
    with open_(path, "wt", encoding="utf-8") as stream:
        stream.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def write_json(path, rows, open_=open):
    with open_(path, "wt", encoding="utf-8") as stream:
        json.dump({"data": {"rows": rows}}, stream)


def write_csv(path, rows, open_=open):
    with open_(path, "wt", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [k for k in rows[0] if k != "nested"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def write_parquet(path, rows, open_=open):
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)


WRITERS = {
    "r.jsonl": write_jsonl,
    "r.jsonl.gz": write_jsonl,
    "r.ndjson": write_jsonl,
    "r.json": write_json,
    "r.json.gz": write_json,
    "r.csv": write_csv,
    "r.csv.gz": write_csv,
    "r.parquet": write_parquet,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_kind_of_file_gives_the_same_rows(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path, ROWS, gzip.open if name.endswith(".gz") else open)
    rows = list(FileSource(path, "data.rows" if ".json" in name and "jsonl" not in name else "").rows())
    expected = ROWS
    if ".csv" in name:
        expected = [{"id": r["id"], "prompt": r["prompt"], "number": str(r["number"])} for r in ROWS]
    assert [row.values for row in rows] == expected
    assert [row.number for row in rows] == [0, 1]
    assert [row.problem for row in rows] == ["", ""]
    assert list(FileSource(path, "data.rows" if ".json" in name and "jsonl" not in name else "").rows()) == rows


@pytest.mark.parametrize("name", [*WRITERS, "r.txt"])
def test_garbage_in_a_file_of_any_kind_is_a_data_error_or_a_bad_row(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b'\x1f\x8b\x08\x00"\xff\x00 no data\n' * 10)
    try:
        problems = [row.problem for row in FileSource(path).rows()]
    except DataError as error:
        problems = [str(error)]
        assert str(path) in problems[0]
    assert all(problems)


@pytest.mark.parametrize("name", [n for n in WRITERS if n.endswith((".gz", ".parquet"))])
def test_a_truncated_file_is_a_data_error(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path, ROWS * 500, gzip.open if name.endswith(".gz") else open)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match=str(path)):
        list(FileSource(path, "data.rows").rows())


def test_a_corrupted_gzip_file_is_a_data_error(tmp_path):
    path = tmp_path / "r.jsonl.gz"
    write_jsonl(path, [{"id": str(i), "value": f"{i * 7919 % 1000}"} for i in range(2000)], gzip.open)
    data = bytearray(path.read_bytes())
    for place in range(200, 260):
        data[place] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match=str(path)):
        list(FileSource(path).rows())


def test_a_folder_is_no_data_file(tmp_path):
    (tmp_path / "r.jsonl").mkdir()
    with pytest.raises(DataError, match="cannot be read"):
        list(FileSource(tmp_path / "r.jsonl").rows())


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("a,b\n1\n2,3\n", ["fewer fields than the 2 of the header", ""]),
        ("a,b\n1,2,3\n2,3\n", ["more fields than the 2 of the header", ""]),
        ("\ufeffa,b\n1,2\n", [""]),
        ("", []),
        ("a,b\n", []),
    ],
)
def test_rows_of_a_csv_file_of_the_wrong_length_fail_alone(tmp_path, text, problems):
    (tmp_path / "r.csv").write_text(text, encoding="utf-8")
    assert [row.problem for row in FileSource(tmp_path / "r.csv").rows()] == problems


def test_a_header_that_names_a_column_twice_is_refused(tmp_path):
    (tmp_path / "r.csv").write_text("a,b,a\n1,2,3\n")
    with pytest.raises(DataError, match=saying("r.csv:1", "'a'").pattern):
        list(FileSource(tmp_path / "r.csv").rows())


def test_an_unclosed_quote_in_a_csv_file_names_the_line(tmp_path):
    (tmp_path / "r.csv").write_text('a,b\n1,2\n3,"4\n')
    with pytest.raises(DataError, match=saying("r.csv", "CSV").pattern):
        list(FileSource(tmp_path / "r.csv").rows())


def test_a_json_document_without_a_list_says_how_to_name_it(tmp_path):
    (tmp_path / "r.json").write_text('{"rows": []}')
    with pytest.raises(DataError, match=saying("list", "'records'").pattern):
        list(FileSource(tmp_path / "r.json").rows())
    with pytest.raises(DataError, match=saying("'data'", "list").pattern):
        list(FileSource(tmp_path / "r.json", "data").rows())


def test_not_a_number_as_python_writes_it_is_data(tmp_path):
    (tmp_path / "r.jsonl").write_text('{"a": NaN}\n')
    (tmp_path / "r.json").write_text('[{"a": Infinity}]')
    assert [str(row.values["a"]) for row in FileSource(tmp_path / "r.jsonl").rows()] == ["nan"]
    assert [row.values["a"] for row in FileSource(tmp_path / "r.json").rows()] == [float("inf")]


# columns


def read(columns, values, types, **more):
    return ColumnReader(columns, types, **more).read(DataRow(7, "here:8", values))


VALUES = {"q": "why", "good": "a", "bad": "b", "n": {"deep": {"er": 3}}, "tag": "B", "a.b": "dotted", "list": [1, 2]}


@pytest.mark.parametrize(
    ("spec", "kind", "expected"),
    [
        ("q", "text", "why"),
        (["good", "bad"], "texts", ["a", "b"]),
        ({"column": "good"}, "text", "a"),
        ({"column": "tag", "map": {"A": 0, "B": 1}}, "flag", 1.0),
        ({"column": "n.deep.er", "map": {3: "three"}}, "text", "three"),
        ({"value": 4}, "number", 4.0),
        ({"template": "{q}? {good}"}, "text", "why? a"),
        ({"template": "{n[deep][er]} at {index}"}, "text", "3 at 7"),
        ({"withheld": 2}, "texts", ["", ""]),
        ("n.deep.er", "number", 3.0),
        ("a.b", "text", "dotted"),
        ("list", "numbers", [1.0, 2.0]),
    ],
)
def test_a_field_is_made_as_its_column_says(spec, kind, expected):
    assert read({"field": spec}, VALUES, {"field": (kind, True)}).fields == {"field": expected}


@pytest.mark.parametrize(
    ("spec", "kind", "problem"),
    [
        ("zzz", "text", saying("'field'", "missing", "'zzz'", "q", "good", "bad", "n", "tag", "a.b", "list")),
        (["good", "zzz"], "texts", saying("'field'", "missing")),
        ("n.deep.zzz", "number", saying("'field'", "missing")),
        ("n", "text", saying("'field'", "text", "'deep'", "'er'", "3}}")),
        ("q", "number", saying("'field'", "number", "'why'")),
        ("list", "flag", saying("'field'", "label", "0", "1", "true", "[1, 2]")),
        ({"column": "tag", "map": {"A": 0}}, "flag", saying("'tag'", "'B'", "'A'")),
        ({"column": "list", "map": {"A": 0}}, "flag", saying("'list'", "[1, 2]", "'A'")),
        ({"template": "{zzz}"}, "text", saying("'{zzz}'", "'zzz'")),
        ({"template": "{q.zzz}"}, "text", saying("template", "'{q.zzz}'")),
        ({"template": "{list[9]}"}, "text", saying("template", "'{list[9]}'")),
        ({"template": "{q"}, "text", saying("template", "'{q'")),
        ({"template": "{q:d}"}, "text", saying("template", "'{q:d}'")),
    ],
)
def test_a_field_that_cannot_be_made_says_why(spec, kind, problem):
    with pytest.raises(BadValue) as caught:
        read({"field": spec}, VALUES, {"field": (kind, True)})
    assert str(caught.value) == problem


@pytest.mark.parametrize("value", ["NaN", "inf", float("inf"), 10**400])
def test_a_number_in_the_data_must_be_finite(value):
    with pytest.raises(BadValue, match="expected a finite number"):
        read({}, {"field": value}, {"field": ("number", True)})


@pytest.mark.parametrize(
    ("value", "flag"),
    [(True, 1), (False, 0), (1, 1), (0, 0), (1.0, 1), ("true", 1), ("False", 0), (" yes ", 1), ("no", 0), ("1", 1)],
)
def test_a_flag_is_read_from_what_data_sets_write(value, flag):
    assert read({}, {"field": value}, {"field": ("flag", True)}).fields == {"field": flag}


def test_an_optional_field_that_is_absent_is_left_out():
    assert read({}, {"a": "x"}, {"a": ("text", True), "b": ("text", False)}).fields == {"a": "x"}


def test_ids_come_from_a_column_a_template_or_the_row_number():
    assert read({}, {"id": 5}, {}).id == "5"
    assert read({}, {"other": 5}, {}).id == "7"
    assert read({"id": "other"}, {"other": 5}, {}).id == "5"
    assert read({"id": "{other}/{index}"}, {"other": 5}, {}).id == "5/7"
    with pytest.raises(BadValue, match="the id column 'uid' is missing"):
        read({"id": "uid"}, {"other": 5}, {})


def test_slices_are_columns_patterns_and_booleans():
    import re

    slices = [Slice("topic"), Slice("path", re.compile(r"^(\w+)/")), Slice("hard"), Slice("path", re.compile("easy"))]
    assert read({}, {"topic": "maths", "path": "algebra/1", "hard": True}, {}, slices=slices).domains == (
        "maths",
        "algebra",
        "hard",
    )
    assert read({}, {"topic": None, "path": "1", "hard": False}, {}, slices=slices).domains == ()


def test_a_cluster_is_a_column_or_a_template():
    assert read({}, {"p": 1, "q": 2}, {}, cluster="p").cluster == "1"
    assert read({}, {"p": 1, "q": 2}, {}, cluster="{p}-{q}").cluster == "1-2"
    assert read({}, {"q": 2}, {}, cluster="p").cluster is None


def test_constants_are_added_to_every_row():
    assert read({}, {"a": "x"}, {"a": ("text", True), "b": ("text", True)}, constants={"b": "y"}).fields == {
        "a": "x",
        "b": "y",
    }


# sources, through the command line


@pytest.fixture
def values(toys, harness):
    """(reasons of failure, first figure and n) of the reader on demo/plain."""

    def call():
        ran = harness("eval", "-m", "toy-reader", "-t", "demo/plain", "--json")
        document = ran.document
        first = document["results"][0] if document["results"] else {"value": None, "n": 0}
        return ran.code, [f["reason"] for f in document["failures"]], first["value"], first["n"]

    return call


def test_a_generator_gives_rows(values, write_task):
    write_task("demo/plain", data={"test": {"generator": "harness_toys.data:numbers"}})
    assert values() == (0, [], 1.0, 4)


@pytest.mark.parametrize(
    ("reference", "code", "facts"),
    [
        ("harness_toys.data:breaks", 1, ["harness_toys.data:breaks('test')", "RuntimeError"]),
        ("harness_toys.data:nothing", 2, ["demo/plain:", "harness_toys.data:nothing", "module harness_toys.data"]),
        ("harness_toys.nowhere:rows", 2, ["demo/plain:", "harness_toys.nowhere:rows", "package"]),
        ("harness_toys.data", 2, ["harness_toys.data"]),
        ("harness_toys.data:wrong", 1, ["demo/plain:", "harness_toys.data:wrong('test')"]),
    ],
)
def test_a_generator_that_cannot_be_used_says_why(values, write_task, reference, code, facts):
    write_task("demo/plain", data={"test": {"generator": reference}})
    got_code, reasons, _, _ = values()
    assert (got_code, reasons[0]) == (code, saying(*facts))


@pytest.fixture
def hub(toys, write_task, rows):
    """A folder laid out like a data set on the hub."""
    folder = toys / "tasks/demo/dataset"
    folder.mkdir(parents=True)
    write_jsonl(folder / "train.jsonl", rows(6))
    write_jsonl(folder / "test.jsonl", rows(3, start=6))
    return folder


@pytest.mark.slow
def test_a_folder_is_read_like_a_hub_data_set(values, write_task, hub):
    write_task("demo/plain", data={"test": {"hub": "dataset", "split": "train"}})
    assert values() == (0, [], pytest.approx(2 / 3), 6)


@pytest.mark.slow
def test_rows_of_a_hub_data_set_are_chosen_by_their_values(values, write_task, hub):
    write_task("demo/plain", data={"test": {"hub": "dataset", "split": "test", "where": {"id": "item-7"}}})
    assert values() == (0, [], 1.0, 1)


@pytest.mark.slow
def test_a_split_that_a_data_set_lacks_is_one_message(values, write_task, hub):
    write_task("demo/plain", data={"test": {"hub": "dataset", "split": "validation"}})
    code, reasons, _, _ = values()
    assert code == 1
    assert "split validation" in reasons[0]


def test_an_unreachable_hub_fails_its_cell_and_others_go_on(harness, toys, write_task, rows):
    write_task("demo/far", data={"test": {"hub": "nobody/nothing-here", "split": "test"}})
    write_task("demo/near", rows(3))
    ran = harness("eval", "-m", "toy-reader", "-t", "demo/far", "-t", "demo/near", "--json")
    assert ran.code == 1
    assert {result["task"] for result in ran.document["results"]} == {"demo/near"}
    ((task, reason),) = [(f["task"], f["reason"]) for f in ran.document["failures"]]
    assert task == "demo/far"
    assert reason == saying("nobody/nothing-here", "revision")
    assert reason == saying("HARNESS_DATA", "folder")


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ({"hub": "who/what", "split": "test"}, "who/what/test.jsonl"),
        ({"hub": "who/what", "config": "main", "split": "test"}, "who/what/main/test.jsonl"),
        ({"hub": "who/what", "config": "main", "split": "test"}, "who/what/test.jsonl"),
        ({"hub": "who/what", "split": "test", "mirror": "copies/mine.jsonl"}, "copies/mine.jsonl"),
        ({"hub": "who/what", "split": "test", "mirror": "copies/mine.jsonl"}, "who/what/test.jsonl"),
    ],
)
def test_a_mirror_is_read_before_the_hub(values, write_task, rows, monkeypatch, tmp_path, source, place):
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path / "mirror"))
    path = tmp_path / "mirror" / place
    path.parent.mkdir(parents=True)
    write_jsonl(path, rows(3))
    write_task("demo/plain", data={"test": source})
    assert values() == (0, [], pytest.approx(2 / 3), 3)


def test_a_mirror_may_have_columns_of_its_own(values, write_task, rows, monkeypatch, tmp_path):
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    write_jsonl(tmp_path / "mine.jsonl", [{**row, "prompt": None, "q": row["prompt"]} for row in rows(3)])
    source = {"hub": "who/what", "split": "test", "mirror": "mine.jsonl", "mirror_columns": {"prompt": "q"}}
    write_task("demo/plain", data={"test": source})
    assert values() == (0, [], pytest.approx(2 / 3), 3)


@pytest.mark.parametrize(
    ("where", "kept"),
    [({"part": "a"}, 3), ({"part": ["a", "b"]}, 5), ({"part": ["a", "b"], "year": 1}, 3), ({"part": []}, 0)],
)
def test_a_copy_laid_out_like_the_hub_gives_the_rows_selected(
    harness, toys, write_task, rows, monkeypatch, tmp_path, where, kept
):
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    (tmp_path / "who/what").mkdir(parents=True)
    parts = ["a", "b", "a", "c", "a", "b"]
    made = [{**row, "part": part, "year": int(part == "a")} for row, part in zip(rows(6), parts, strict=True)]
    write_jsonl(tmp_path / "who/what/test.jsonl", made)
    write_task("demo/plain", data={"test": {"hub": "who/what", "split": "test", "where": where}})
    ran = harness("eval", "-m", "toy-reader", "-t", "demo/plain", "--json")
    assert [r["n"] for r in ran.document["results"] if r["metric"] == "best_of_k_accuracy"] == ([kept] if kept else [])
    assert kept or "the data is empty" in ran.document["failures"][0]["reason"]


def test_a_broken_line_of_a_copy_is_reported_whatever_is_selected(
    harness, toys, write_task, rows, monkeypatch, tmp_path
):
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    (tmp_path / "who/what").mkdir(parents=True)
    write_jsonl(tmp_path / "who/what/test.jsonl", [{**row, "part": "a"} for row in rows(3)])
    with (tmp_path / "who/what/test.jsonl").open("a") as stream:
        stream.write("{broken\n")
    write_task("demo/plain", data={"test": {"hub": "who/what", "split": "test", "where": {"part": "a"}}})
    ran = harness("eval", "-m", "toy-reader", "-t", "demo/plain", "--json")
    assert ran.code == 1
    assert "test.jsonl:4: not valid JSON" in str(ran.document["failures"])


def test_a_file_named_as_mirror_is_taken_whole(values, write_task, rows, monkeypatch, tmp_path):
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    write_jsonl(tmp_path / "mine.jsonl", rows(3))
    source = {"hub": "who/what", "split": "test", "where": {"part": "a"}, "mirror": "mine.jsonl"}
    write_task("demo/plain", data={"test": source})
    assert values() == (0, [], pytest.approx(2 / 3), 3)


def test_the_columns_of_a_mirror_are_not_those_of_a_copy_laid_out_like_the_hub(
    values, write_task, rows, monkeypatch, tmp_path
):
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    (tmp_path / "who/what").mkdir(parents=True)
    write_jsonl(tmp_path / "who/what/test.jsonl", rows(3))
    source = {"hub": "who/what", "split": "test", "mirror": "mine.jsonl", "mirror_columns": {"prompt": "q"}}
    write_task("demo/plain", data={"test": source})
    assert values() == (0, [], pytest.approx(2 / 3), 3)


def test_several_sources_of_a_split_are_one_after_the_other(harness, toys, write_task, rows):
    write_jsonl(toys / "tasks_a.jsonl", rows(3))
    write_jsonl(toys / "tasks_b.jsonl", rows(4, start=3))
    sources = [{"file": f"../../tasks_{name}.jsonl", "set": {"source": name}} for name in "ab"]
    write_task("demo/plain", data={"test": sources}, slices=["source"])
    results = harness("eval", "-m", "toy-reader", "-t", "demo/plain", "--json").document["results"]
    assert {(r["domain"], r["n"]) for r in results} == {("overall", 7), ("a", 3), ("b", 4)}


def test_clusters_widen_the_interval(harness, toys, write_task, rows):
    widths = []
    for cluster in (None, "group"):
        made = [{**row, "group": i // 6} for i, row in enumerate(rows(30))]
        made.sort(key=lambda row: row["responses"][0] > row["responses"][1])
        made = [{**row, "group": i // 10} for i, row in enumerate(made)]
        write_task("demo/plain", made, **({"cluster": cluster} if cluster else {}))
        first = harness("eval", "-m", "toy-reader", "-t", "demo/plain", "--json").document["results"][0]
        widths.append(first["high"] - first["low"])
    assert widths[1] > widths[0]


def test_data_in_an_installed_package_is_found_and_a_missing_package_is_named(values, write_task):
    write_task("demo/plain", data={"test": {"file": "package://a_package_that_nobody_has/data.jsonl"}})
    code, reasons, _, _ = values()
    assert code == 2
    assert reasons[0] == saying("'a_package_that_nobody_has'", "installed")
