"""What a cell's page says of data that a program made, and of a model that scores everything alike."""

import json

from harness import evaluate
from harness.files import mark_generated


def test_a_cell_of_generated_data_and_of_equal_scores_says_both(view, toys, monkeypatch):
    place = toys / "data" / "owner" / "set"
    place.mkdir(parents=True)
    rows = [{"id": str(i), "text": "alike", "label": i % 2} for i in range(6)]
    (place / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    mark_generated(place, "python -m maker", {"seed": 5})
    task = {"kind": "detection", "data": {"test": {"hub": "owner/set", "split": "test"}}}
    (toys / "registry.yaml").write_text(json.dumps({"tasks": {"m/task": task}}))
    monkeypatch.setenv("HARNESS_DATA", str(toys / "data"))
    evaluate(["constant"], ["m/task"])
    viewer = view()
    page = viewer.page("/cells/1")
    assert "<b>Generated data</b>, made by python -m maker (seed 5) in place of owner/set" in page
    assert "gives all 6 items the same score" in page
    assert 'title="made by python -m maker (seed 5) in place of owner/set">generated' in viewer.page("/cells")
