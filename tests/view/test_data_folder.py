"""The folder of copies that an evaluation read from: filed with the run, and found again by the viewer."""

from pathlib import Path

from harness_plugins.view.command import _data_folder

from harness.store import Store, list_runs
from harness.store.runs import start_run


def filed(path, *folders):
    with Store(path) as store:
        for folder in folders:
            start_run(store, {"data_folder": str(folder)} if folder else {})
    return path


def test_the_newest_folder_that_is_still_there_is_read(tmp_path, monkeypatch):
    monkeypatch.delenv("HARNESS_DATA", raising=False)
    (tmp_path / "copies").mkdir()
    store = filed(tmp_path / "store.sqlite", tmp_path / "copies", tmp_path / "gone", None)
    assert _data_folder(store) == str(tmp_path / "copies")
    monkeypatch.setenv("HARNESS_DATA", "another")
    assert _data_folder(store) == ""


def test_a_run_files_the_folder_it_read_from(pairs, evaluate, toys, tmp_path, monkeypatch):
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path / "copies"))
    pairs(6)
    evaluate("toy-judge", "demo/pairs")
    with Store(Path(".harness/store.sqlite")) as store:
        assert list_runs(store)[0].description["data_folder"] == str(tmp_path / "copies")
