"""How columns become fields and domains."""

import pytest
from pydantic import ValidationError

from harness.tasks.build import _slice
from harness.tasks.data.field_mapping import BadValue, ColumnReader
from harness.tasks.data.rows import DataRow
from harness.tasks.schema import ColumnFile, SliceFile

from ...messages import saying

RESPONSES = {"responses": ("texts with gaps", True)}
NUMBERED = {"responses": {"numbered": "response_{}", "first": 1, "last": 3}}


def row(**values):
    return DataRow(0, "rows.jsonl:1", values)


def domain(spec, value):
    return _slice(None, SliceFile.model_validate({"column": "c", "name": "d", **spec})).domain(row(c=value))


def test_numbered_columns_are_one_list_with_its_gaps():
    read = ColumnReader(NUMBERED, RESPONSES).read(row(response_1="a", response_2=None, response_3="c", response_4="d"))
    assert read.fields["responses"] == ["a", None, "c"]


def test_a_numbered_column_that_is_absent_is_named():
    with pytest.raises(BadValue, match=saying("'response_3'", "'response_1'").pattern):
        ColumnReader(NUMBERED, RESPONSES).read(row(response_1="a", response_2="b"))


def test_numbered_columns_of_another_type_are_refused():
    with pytest.raises(BadValue, match="texts or nulls"):
        ColumnReader(NUMBERED, RESPONSES).read(row(response_1="a", response_2=2, response_3="c"))


@pytest.mark.parametrize("spec", [{"numbered": "r_{}", "first": 1}, {"numbered": "r", "first": 1, "last": 2}])
def test_numbered_columns_need_a_place_for_the_number_and_its_ends(spec):
    with pytest.raises(ValidationError, match="numbered"):
        ColumnFile.model_validate(spec)


@pytest.mark.parametrize(
    ("spec", "inside", "outside"),
    [
        ({"above": 0.8}, [0.81, 1, "0.9"], [0.8, 0.1, "0.7", "high", None]),
        ({"below": 0}, [-1], [0, 1, None]),
        ({"equals": "False"}, ["False", False], ["True", True, "", None]),
        ({"equals": ["a", "b"]}, ["a", "b"], ["c", None]),
        ({"differs": "English"}, ["German", ""], ["English", None]),
    ],
)
def test_named_domains(spec, inside, outside):
    assert [domain(spec, value) for value in inside] == ["d"] * len(inside)
    assert [domain(spec, value) for value in outside] == [None] * len(outside)


@pytest.mark.parametrize(
    "spec",
    [
        {"column": "c", "above": 1},
        {"column": "c", "name": "d"},
        {"column": "c", "name": "d", "above": 1, "below": 2},
        {"column": "c", "name": "d", "above": 1, "pattern": "x"},
    ],
)
def test_a_named_domain_has_exactly_one_test(spec):
    with pytest.raises(ValidationError, match="name"):
        SliceFile.model_validate(spec)


@pytest.mark.parametrize(("value", "cluster"), [("a", "a"), (0, "0"), ("", None), (None, None)])
def test_an_empty_cell_names_no_cluster(value, cluster):
    assert ColumnReader({}, {}, cluster="group").read(row(group=value)).cluster == cluster


FLAG = {"label": ("flag", True)}
ANY = {"label": {"any_of": ["S", "H"]}}


@pytest.mark.parametrize(
    ("values", "label"),
    [({"S": 1, "H": 0}, 1), ({"S": 0, "H": 0}, 0), ({"S": 0}, 0), ({"S": None, "H": True}, 1), ({"H": "no"}, 0)],
)
def test_one_flag_that_is_set_makes_the_field_set_and_absent_ones_do_not_count(values, label):
    assert ColumnReader(ANY, FLAG).read(row(**values)).fields == {"label": label}


def test_a_row_without_any_of_the_flags_is_bad():
    with pytest.raises(BadValue, match="'label' is missing"):
        ColumnReader(ANY, FLAG).read(row(other=1))


def test_a_flag_among_several_that_is_none_is_bad():
    with pytest.raises(BadValue, match=saying("columns", "S", "label", "0", "1").pattern):
        ColumnReader(ANY, FLAG).read(row(S=0, H=2))


@pytest.mark.parametrize(
    ("path", "value"), [("turns.0.content", "a"), ("turns.1.content", "b"), ("pair.1", 2), ("turns.2.content", None)]
)
def test_a_path_leads_into_lists(path, value):
    read = ColumnReader({"field": path}, {"field": ("any", False)}).read(
        row(turns=[{"content": "a"}, {"content": "b"}], pair=[1, 2])
    )
    assert read.fields.get("field") == value


@pytest.mark.parametrize("path", ["turns.x", "turns.-1", "turns.²", "text.0"])
def test_a_path_into_a_list_needs_a_number_and_a_text_is_no_list(path):
    read = ColumnReader({"field": path}, {"field": ("any", False)}).read(row(turns=[1], text="abc"))
    assert read.fields == {}


def _prompt(**more):
    messages = [{"role": "user", "content": "Is it raining?"}, {"role": "assistant", "content": "I look.", **more}]
    reader = ColumnReader({"prompt": "prompt"}, {"prompt": ("conversation", True)})
    return reader.read(row(prompt=messages)).fields["prompt"]


@pytest.mark.parametrize("more", [{}, {"tool_calls": None}, {"tool_calls": []}, {"name": "weather"}])
def test_messages_without_calls_are_read(more):
    assert [message.content for message in _prompt(**more).messages] == ["Is it raining?", "I look."]


@pytest.mark.parametrize("key", ["tool_calls", "function_call"])
def test_a_call_in_a_message_is_refused_rather_than_lost(key):
    call = {"function": {"name": "weather", "arguments": "{}"}}
    for content in ("I look.", None):
        with pytest.raises(BadValue, match=saying(repr(key), "'content'").pattern):
            _prompt(**{key: [call], "content": content})
