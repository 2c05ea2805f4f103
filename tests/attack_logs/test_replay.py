"""From the file of a tool to a figure: imported rows are data of a task, and what has no label is said."""

TASK = """
kind: reply-detection
description: replies recorded by another tool
data: {test: {file: ../../rows.jsonl}}
metrics: [true_positive_rate, false_positive_rate]
"""


def test_rows_of_pyrit_are_the_data_of_a_task_and_rows_without_label_are_counted(harness, project, log):
    done = harness("import", "pyrit", log("pyrit.db.gz"), "-o", "rows.jsonl")
    assert done.code == 0, done.err
    assert "5 rows written to rows.jsonl; a task file reads them" in done.out
    assert "2 of 5 attempts have no label" in done.err
    folder = project / "tasks" / "mine"
    folder.mkdir(parents=True)
    (project / "registry.yaml").write_text("task_folders: [tasks]\n")
    (folder / "replies.yaml").write_text(TASK)
    (project / "words.txt").write_text("plum\n")
    done = harness("eval", "-m", "words=keyword-list:path=words.txt", "-t", "mine/replies", "--all-metrics", "--json")
    found = {result["metric"]: result for result in done.document["results"]}
    assert found["true_positive_rate"]["value"] == 1
    assert found["false_positive_rate"]["value"] == 0
    assert found["true_positive_rate"]["n"] == 3
    assert "2 rows of the data could not be read" in done.document["failures"][0]["reason"]
