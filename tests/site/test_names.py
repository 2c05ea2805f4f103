"""Names of files, and data as scripts, for whatever texts there are."""

import json

import pytest
from harness_plugins.site.names import file_name
from harness_plugins.site.pages import data_script
from hypothesis import given
from hypothesis import strategies as st


@given(st.text())
def test_a_file_name_is_one_everywhere(text):
    name = file_name(text)
    assert name
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert not name.startswith("-")
    assert len(name) <= 70
    assert name not in {"con", "nul", "aux", "prn", "com1", "lpt9"}


@given(st.text(), st.text())
def test_two_texts_have_two_file_names(one, other):
    assert (file_name(one) == file_name(other)) == (one == other)


@pytest.mark.parametrize("text", ["length", "bt-linear", "a", "x2"])
def test_a_plain_name_stays(text):
    assert file_name(text) == text


def test_a_name_cannot_pass_for_that_of_another():
    made = file_name("Some Model")
    assert file_name(made) != made


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)
    )
)
def test_data_is_read_back_and_holds_no_markup(value):
    text = data_script("name", value)
    assert text.isascii()
    assert not set("<>&") & set(text)
    json.loads(text.removeprefix('harnessData("name",').removesuffix(");\n"))
