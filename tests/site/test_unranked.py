"""Models without rank, and tasks that failed whole, on the pages of a site."""

import json

import pytest

from harness import build_site, evaluate
from harness.names.registry import Registry

from .conftest import write

N = 40


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The folder of a site: ``weak`` has both tasks, ``stronger`` one, and ``strong`` failed on one."""
    folder = tmp_path_factory.mktemp("unranked")
    rows = [{"id": str(i), "text": f"t{i}", "label": i % 2} for i in range(N)]
    task = {"kind": "detection", "data": {"test": {"file": write(folder / "texts.jsonl", rows)}}, "metrics": ["auroc"]}
    both = ["two/one", "two/other"]
    mean = {"name": "mean", "of": [f"{name}:auroc" for name in both]}
    document = {"tasks": dict.fromkeys(both, task), "benchmarks": {"two": {"tasks": both, "aggregates": [mean]}}}
    (folder / "registry.yaml").write_text(json.dumps(document), "utf-8")
    options = {"store": folder / "store.sqlite", "registry": Registry(extra=folder / "registry.yaml")}
    for name, skill, tasks in (("weak", 0, both), ("strong", 3, both), ("stronger", 9, both[:1])):
        answers = [
            {"task": t, "id": str(i), "log_odds": None if (name, t) == ("strong", both[1]) else skill * (i % 2) + i % 7}
            for t in both
            for i in range(N)
        ]
        evaluate([f"{name}=recorded:path={write(folder / f'{name}.jsonl', answers)}"], tasks, **options)
    build_site(["two"], folder / "site", **options)
    return folder / "site"


def test_the_index_names_no_best_where_an_unranked_model_is_ahead(page):
    text = (page / "index.html").read_text("utf-8")
    assert "No best is named" in text
    assert "2 of 3 models lack a task" in text
    assert 'class="badge best"' not in (page / "two" / "index.html").read_text("utf-8")


def test_unranked_models_stand_below_a_divider_while_the_table_is_sorted_by_rank(page, visit):
    opened = visit(page / "two" / "index.html")
    rows = opened.locator("#board tbody tr")
    assert [row.split()[0] for row in rows.evaluate_all("all => all.map((row) => row.innerText.trim())")][1] == "not"
    assert opened.locator("#board tbody .model a").all_text_contents() == ["weak", "stronger", "strong"]
    assert opened.locator(".badge.unranked").all_text_contents() == ["1 of 2 tasks"] * 2
    opened.locator('th[data-key="two/one:auroc"] button:not(.what)').click()
    assert opened.locator("#board tr.divider").count() == 0
    opened.locator('th[data-key="rank"] button:not(.what)').click()
    assert opened.locator("#board tr.divider:visible").count() == 1


def test_a_failed_task_is_red_on_the_board_and_listed_on_the_page_of_the_model(page, visit):
    opened = visit(page / "two" / "index.html")
    failed = opened.locator("#board b.bad")
    assert (failed.inner_text(), "every request failed" in failed.get_attribute("title")) == ("failed", True)
    assert opened.locator("#board a.bad").inner_text() == "40 (1 task)"
    model = visit(page / "two" / "models" / "strong.html")
    assert "two/other" in model.locator(".failures").inner_text()


def test_all_rows_are_printed(visit, lab, tmp_path):
    figures = {f"model {i:03d}": {"lab/texts:auroc": 0.5 + i / 500} for i in range(60)}
    more = tmp_path / "more.yaml"
    more.write_text(json.dumps({"source": "made up", "figures": figures}), "utf-8")
    opened = visit(lab.build(tmp_path / "site", published=[more]) / "lab" / "index.html")
    opened.emulate_media(media="print")
    heights = opened.evaluate(
        "() => [document.querySelector('.scroll').clientHeight, document.querySelector('#board').offsetHeight]"
    )
    assert heights[0] >= heights[1]
