"""Arrays in the contents of requests, and the declarations of those in responses."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from harness import Capability, Conversation, Request, Text
from harness.array_values import shown_value
from harness.errors import BadValue, CellError
from harness.task import FIELD_TYPES, FieldSpec
from harness.tasks.data.converters import CONVERTERS

if TYPE_CHECKING:
    from numpy.typing import NDArray


PROMPT = Conversation.user("density")


@dataclass(frozen=True, slots=True)
class Patch(Request):
    pixels: Any
    prompt: Conversation = PROMPT

    def content(self):
        return [self.prompt.content(), {"pixels": self.pixels}]


@dataclass
class Inner:
    norms: np.ndarray


@dataclass
class Outer:
    inner: list[Inner]


class Row(NamedTuple):
    values: NDArray[np.float32]  # a name that only type checkers import


PATCH = Capability("density", Patch, "number")
BASE = np.arange(12, dtype=np.float32).reshape(3, 4)


def key(pixels):
    return PATCH.keys(Patch(pixels))[0]


@pytest.mark.parametrize(
    "same", [BASE.copy(), np.asfortranarray(BASE), BASE.astype(">f4"), np.repeat(BASE, 2, axis=0)[::2], BASE[...]]
)
def test_a_key_does_not_depend_on_how_an_array_lies_in_memory(same):
    assert key(same) == key(BASE)


@pytest.mark.parametrize(
    "other",
    [
        BASE.astype(np.float64),
        BASE.reshape(4, 3),
        BASE.ravel(),
        BASE.T,
        -BASE,
        BASE.tolist(),
        [BASE],
        BASE.view(np.int32),
    ],
)
def test_a_key_depends_on_type_shape_and_values(other):
    assert key(other) != key(BASE)


def test_the_keys_of_arrays_are_for_good():
    assert key(BASE).hex() == "9b0ed3504132aee868421b849ad3c929"
    assert key(np.float32(0.5)) == key(0.5)


def test_half_characters_beside_an_array_have_a_key():
    assert PATCH.keys(Patch(BASE, Conversation.user("\ud83d"))) != [key(BASE)]


@pytest.mark.parametrize(
    "bad",
    [
        np.array([object()]),
        np.array(["a", None], dtype=object),
        np.zeros(2, dtype=[("a", "i1"), ("b", "f8")]),
        np.ma.array([1.0, 2.0], mask=[0, 1]),
        np.ones(2, dtype=np.longdouble),
        [1, [np.array([object()])]],
        object(),
    ],
)
def test_what_has_no_key_is_refused_with_capability_class_and_field(bad):
    with pytest.raises(CellError) as raised:
        key(bad)
    assert "'density'" in str(raised.value)
    assert "Patch.pixels" in str(raised.value)


def test_a_value_that_is_no_field_is_placed_in_the_content():
    class Odd(Patch):
        def content(self):
            return np.array([object()])

    with pytest.raises(CellError, match=r"Odd\.content\(\)"):
        PATCH.keys(Odd(1))


def test_a_record_that_would_hold_an_array_is_refused_at_once():
    made = dataclasses.make_dataclass("Made", [("a", "np.ndarray | None")])
    for record in (np.ndarray, list[np.ndarray], dict[str, np.ndarray], Inner, Outer, Row, made, np.ndarray | None):
        with pytest.raises(TypeError, match=r"'trace' holds an array.*form='arrays'"):
            Capability("trace", Text, "record", record)
    Capability("trace", Text, "record", dict[str, float])


@pytest.mark.parametrize(
    "arrays", [None, {}, ["a"], {"a": "object"}, {"a": np.float32}, {"": "float32"}, {1: "float32"}, {"a": "float8"}]
)
def test_arrays_that_cannot_be_stored_are_refused(arrays):
    with pytest.raises(ValueError, match="arrays of the capability 'trace'"):
        Capability("trace", Text, "arrays", arrays=arrays)


def test_only_the_form_arrays_declares_arrays():
    with pytest.raises(ValueError, match="form is 'array'"):
        Capability("trace", Text, "array", arrays={"a": "float32"})


@pytest.mark.parametrize("kind", [str, list, float, "str", "texte", None, ["text"]])
def test_a_field_of_no_known_type_is_refused_with_those_there_are(kind):
    with pytest.raises(ValueError, match="'conversation', 'text'"):
        FieldSpec(kind)


def test_every_field_type_has_a_converter():
    assert set(FIELD_TYPES) == set(CONVERTERS)


def test_a_field_of_arrays():
    array = CONVERTERS["array"]
    assert array([[1, 2], [3, 4.5]]).dtype == np.float64
    assert array(BASE) is BASE
    for bad in ("abc", 3, [[1], [2, 3]], ["a"], [None], np.array([object()])):
        with pytest.raises(BadValue):
            array(bad)


def test_arrays_are_shown_by_type_shape_and_first_values():
    assert shown_value(BASE) == "float32 array of 3 × 4: 0, 1, 2, 3, 4, 5, 6, 7, …"
    assert "int8 array of 0 × 2" in shown_value({"a": [np.zeros((0, 2), np.int8)]})
    assert shown_value(Patch(np.array(["x"]))).startswith("Patch(origin=None, pixels=<U1 array of 1: x")
