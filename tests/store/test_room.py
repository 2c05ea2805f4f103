"""What a store's files take, and room given back without losing what anything refers to."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pytest

from harness import Text
from harness.capabilities import EMBED
from harness.errors import UsageError
from harness.store import Store, room
from harness.store.room import compact, prune
from harness.store.space import measure

LOST = "0" * 32 + ".bin"


@pytest.fixture
def path(tmp_path):
    """A store with twenty vectors, of which ten were forgotten."""
    path = tmp_path / "s.sqlite"
    with Store(path) as store:
        file_vectors(store, range(20))
    connection = sqlite3.connect(path)
    gone = [EMBED.keys(Text(str(i)))[0] for i in range(10)]
    connection.executemany("DELETE FROM responses WHERE key = ?", [(key,) for key in gone])
    connection.commit()
    connection.close()
    return path


def file_vectors(store, numbers):
    model = store.model_id("m", "{}")
    store.file(model, EMBED, [(EMBED.keys(Text(str(i)))[0], np.full(1000, i, np.float32)) for i in numbers])


def vectors(path):
    with Store(path) as store:
        keys = {EMBED.keys(Text(str(i)))[0]: i for i in range(20)}
        found = store.find(store.model_id("m", "{}"), EMBED, list(keys))
        assert not store.take_damaged()
        return {keys[key]: float(value[0]) for key, value in found.items() if len(set(value)) == 1}


def lose(path, name=LOST, *, folder="arrays", age=7200.0):
    file = path.with_name(path.name + ".files") / folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x" * 5000)
    os.utime(file, (time.time() - age,) * 2)
    return file


KEPT = {i: float(i) for i in range(10, 20)}


def test_what_files_take_is_measured_by_model_and_capability(path):
    lost = lose(path)
    space = measure(path)
    (responses,) = space.responses
    assert (responses.capability, responses.responses, responses.arrays) == ("embed", 10, 40000)
    assert space.arrays == 85000
    assert sum(space.dead.values()) == 40000
    assert [one.path for one in space.unreferenced] == [lost]
    assert space.total >= space.database + 85000


def test_prune_removes_what_nothing_refers_to_and_no_more(path):
    files = [
        lose(path, age=0),
        lose(path, "0" * 24 + ".npz", folder="columns"),
        lose(path, ".harness-" + "0" * 16 + ".partial"),
    ]
    strange = [lose(path, "mine.bin"), lose(path, "notes.npz", folder="columns")]
    assert prune(path, dry_run=True).total == 15000
    assert all(file.exists() for file in files)
    done = prune(path)
    assert sorted(file for file, _ in done.files) == sorted(files)
    assert not any(file.exists() for file in files)
    assert all(file.exists() for file in strange)
    assert sorted(file for file, _ in done.left) == sorted(strange)
    assert vectors(path) == KEPT
    assert prune(path).total == 0


def test_compact_rewrites_files_of_arrays_and_loses_no_answer(path):
    before = measure(path)
    would = compact(path, dry_run=True)
    assert measure(path).arrays == before.arrays
    done = compact(path)
    assert [size for _, size in would.rewritten] == [size for _, size in done.rewritten] == [40000]
    after = measure(path)
    assert after.arrays == 40000
    assert not after.dead
    assert not after.unreferenced
    assert not after.free
    assert vectors(path) == KEPT
    assert compact(path).total == 0


def test_a_file_that_is_cut_off_is_left_as_it_is(path):
    (file,) = (path.with_name(path.name + ".files") / "arrays").iterdir()
    os.truncate(file, 60000)
    done = compact(path)
    assert [left for left, _ in done.left] == [file]
    assert file.stat().st_size == 60000


def test_killed_while_a_file_is_written_anew_loses_nothing(path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(room, "_copied", stop)
    with pytest.raises(KeyboardInterrupt):
        compact(path)
    monkeypatch.undo()
    assert vectors(path) == KEPT
    compact(path)
    assert vectors(path) == KEPT
    assert measure(path).arrays == 40000


WRITER = """
import sys, numpy as np
from pathlib import Path
from harness import Text
from harness.capabilities import EMBED
from harness.store import Store
with Store(Path(sys.argv[1])) as store:
    place = store.arrays.append(np.ones(1000, np.float32))
    store.arrays.flush()
    print(place["file"], flush=True)
    sys.stdin.readline()
    store.file(store.model_id("m", "{}"), EMBED, [(EMBED.keys(Text("late"))[0], np.full(1000, 99, np.float32))])
"""


def test_beside_a_process_that_writes_its_files_stay(path):
    old, young = lose(path), lose(path, "1" * 32 + ".bin", age=0)
    columns = lose(path, "0" * 24 + ".npz", folder="columns")
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        own = old.with_name(writer.stdout.readline().strip())
        os.utime(own, (0, 0))  # a batch may take longer than any time that could be waited
        done = prune(path)
        assert [file for file, _ in done.files] == [old]
        assert {file for file, _ in done.left} == {own, young, columns}
        with pytest.raises(UsageError, match="another process"):
            compact(path)
    finally:
        writer.communicate("go on\n", timeout=60)
    assert writer.returncode == 0
    compact(path)
    with Store(path) as store:
        key = EMBED.keys(Text("late"))[0]
        assert store.find(store.model_id("m", "{}"), EMBED, [key])[key][0] == 99


def test_a_folder_behind_a_link_is_not_touched(path, tmp_path):
    folder = path.with_name(path.name + ".files")
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    lost = lose(path)
    assert prune(path).files == []
    assert compact(path).rewritten == []
    assert lost.exists()
    assert vectors(path) == KEPT


def test_the_command(toys, write_task, rows, harness):
    write_task("demo/plain", rows(9))
    assert harness("store").code == 2  # there is none yet
    first = harness("eval", "-m", "toy-reader", "-t", "demo/plain", "--json").document
    shown = harness("store", "show", "--json").document
    (responses,) = shown["responses"]
    assert (responses["model"], responses["capability"], responses["responses"]) == ("toy-reader", "score", 18)
    assert [(t["model"], t["task"]) for t in shown["columns"]] == [("toy-reader", "demo/plain")]
    assert "demo/plain" in harness("store").out
    assert harness("store", "--dry-run").code == 2
    for action in ("prune", "compact"):
        assert harness("store", action, "--dry-run", "--json").document["removed"] == []
        assert harness("store", action).code == 0
    again = harness("eval", "-m", "toy-reader", "-t", "demo/plain", "--json").document
    assert again["results"] == first["results"]
