"""Pickles are read as data: tables as pandas wrote them, and nothing in one is ever called."""

import contextlib
import os
import pickle
import struct

import numpy as np
import pandas as pd
import pytest
from harness_plugins.routing.pickle_frames import read_frame
from harness_plugins.routing.pickles import NAMES, array_of, read_notes

from harness import DataError


def frame():
    return pd.DataFrame(
        {
            "sample_id": ["a.0", "a.1", "b.0"],
            "prompt": pd.Series(["Why?", "Wie geht’s? 🙂", None], dtype=object),
            "score": pd.Series([0.25, 1, None], dtype=object),
            "cost": [1e-5, np.nan, 2e-5],
            "words": [1, 2, 3],
            "flag": [True, False, True],
            "mixed": pd.Series([np.float64(0.5), np.int64(1), np.bool_(True)], dtype=object),
            "single": np.array([1, 2, 3], dtype=np.float32),
            "last": ["", "x" * 5000, "é"],
        }
    )


def same(one, other):
    missing = [value is None or value != value for value in (one, other)]
    return all(missing) or one == other


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "change",
    [
        lambda table: table,
        lambda table: table[::-1],
        lambda table: table.iloc[1:],
        lambda table: table.astype({"sample_id": object, "last": object}),
        lambda table: table.rename(columns={"score": "WizardLM/WizardLM-13B-V1.2"}),
        lambda table: table[["cost"]],
        lambda table: table.iloc[:0],
    ],
)
def test_a_table_is_read_as_pandas_wrote_it(tmp_path, protocol, change):
    table = change(frame())
    path = tmp_path / "table.pkl"
    path.write_bytes(pickle.dumps(table, protocol))
    read = read_frame(path)
    assert list(read) == list(table.columns)
    for name, values in read.items():
        expected = table[name].tolist()
        assert len(values) == len(expected)
        assert all(same(one, other) for one, other in zip(values, expected, strict=True)), name


def part(value):
    """The instructions of a pickle that make a value, to be put together with others."""
    return pickle.dumps(value, 2)[2:-1]


def test_a_table_of_earlier_versions_of_pandas_is_read(tmp_path):
    names, rows = pd.Index(["score"], dtype=object), pd.RangeIndex(2)
    block = {"values": np.array([[1.0, 2.0]]), "mgr_locs": slice(0, 1, 1)}
    state = ([], [], [], {"0.14.1": {"axes": [names, rows], "blocks": [block]}})
    manager = b"cpandas.core.internals.managers\nBlockManager\n)\x81" + part(state) + b"b"
    path = tmp_path / "table.pkl"
    path.write_bytes(b"\x80\x02cpandas.core.frame\nDataFrame\n)\x81}" + part("_mgr") + manager + b"sb.")
    assert read_frame(path) == {"score": [1.0, 2.0]}


class Calls:
    def __init__(self, function, *arguments):
        self.made = function, arguments

    def __reduce__(self):
        return self.made


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(lambda mark: pickle.dumps(Calls(os.system, f"touch {mark}")), id="system"),
        pytest.param(lambda mark: pickle.dumps(Calls(eval, f"open({str(mark)!r}, 'w')")), id="eval"),
        pytest.param(lambda mark: pickle.dumps(Calls(open, str(mark), "w")), id="open"),
        pytest.param(lambda mark: pickle.dumps(Calls(getattr, "a", "upper")), id="getattr"),
        pytest.param(lambda mark: pickle.dumps(Calls(pd.read_pickle, str(mark))), id="pandas"),
        pytest.param(lambda mark: pickle.dumps(Calls(np.load, str(mark))), id="numpy"),
        pytest.param(lambda mark: pickle.dumps([frame(), Calls(os.mkdir, str(mark))]), id="behind a table"),
        pytest.param(lambda mark: f"(S'touch {mark}'\nios\nsystem\n.".encode(), id="instance"),
        pytest.param(lambda mark: f"cos\nsystem\n(S'touch {mark}'\ntR.".encode(), id="protocol 0"),
        pytest.param(lambda mark: b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00Pnumber 7\n.", id="outside"),
        pytest.param(lambda mark: b"\x80\x02\x82\x01.", id="extension"),
        pytest.param(
            lambda mark: b"\x80\x04\x8c\x06pandas\x8c\x17core.frame.DataFrame.eval\x93.", id="attribute of a table"
        ),
    ],
)
def test_a_hostile_pickle_is_refused_and_calls_nothing(tmp_path, hostile):
    mark, path = tmp_path / "mark", tmp_path / "table.pkl"
    path.write_bytes(hostile(mark))
    with pytest.raises(DataError, match=r"table\.pkl"):
        read_frame(path)
    assert not mark.exists()


def test_what_is_allowed_is_not_called_either(tmp_path):
    """An array of objects whose bytes are taken for addresses would be read from anywhere in memory."""
    dtype = b"cnumpy\ndtype\n" + part(("O8", False, True)) + b"R"
    made = b"(cnumpy\nndarray\n" + part((0,)) + part(b"b") + b"tR"
    state = b"(" + part(1) + part((1,)) + dtype + part(False) + part(struct.pack("<Q", 0x4141414141414141)) + b"t"
    path = tmp_path / "array.pkl"
    path.write_bytes(b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n" + made + state + b"b.")
    note = read_notes(path)
    with pytest.raises(DataError, match="not as many values"):
        array_of(note)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_no_name_stands_for_the_thing_that_it_names(tmp_path, name):
    module, _, attribute = name.rpartition(".")
    path = tmp_path / "name.pkl"
    path.write_bytes(f"c{module}\n{attribute}\n.".encode())
    assert read_notes(path).__module__ == "harness_plugins.routing.pickles"
    with pytest.raises(DataError):
        read_frame(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-40],
        lambda content: content[: len(content) // 2],
        lambda content: b"",
        lambda content: b"PK\x03\x04 no pickle",
        lambda content: pickle.dumps({"a": 1}),
        lambda content: pickle.dumps(frame()["cost"]),
        lambda content: pickle.dumps(frame().set_index(["sample_id", "words"])),
        lambda content: pickle.dumps(frame().astype({"last": "category"})),
        lambda content: content.replace(struct.pack("<d", 1e-5), b""),
    ],
)
def test_what_is_no_table_is_said_in_one_sentence(tmp_path, damage):
    path = tmp_path / "table.pkl"
    path.write_bytes(damage(pickle.dumps(frame(), 4)))
    with pytest.raises(DataError) as raised:
        read_frame(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("seed", range(8))
def test_a_table_with_flipped_bytes_never_ends_in_another_error(tmp_path, seed):
    random = np.random.default_rng(seed)
    content = bytearray(pickle.dumps(frame(), 4))
    for _ in range(40):
        damaged = bytearray(content)
        for place in random.integers(0, len(content), 3):
            damaged[place] = random.integers(256)
        path = tmp_path / "table.pkl"
        path.write_bytes(bytes(damaged))
        with contextlib.suppress(DataError):
            read_frame(path)
