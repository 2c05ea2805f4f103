"""Generated data on the pages of a site: said on each, without published rows, with the number of items evaluated."""

import json

import pytest

from harness import build_site, evaluate
from harness.files import mark_generated
from harness.names.registry import Registry

from .conftest import write

N = 12


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of a site of two models on a generated copy of a published data set; one gives all the same score."""
    folder = tmp_path_factory.mktemp("generated")
    place = folder / "data" / "owner" / "set"
    place.mkdir(parents=True)
    write(place / "test.jsonl", [{"id": str(i), "text": f"t{i}", "label": i % 2} for i in range(N)])
    mark_generated(place, "python -m maker", {"seed": 5})
    data = {"test": {"hub": "owner/set", "split": "test"}}
    task = {"kind": "detection", "description": "of 16,038 texts", "data": data, "metrics": ["auroc"]}
    (folder / "published.yaml").write_text('{source: a paper, figures: {theirs: {"m/task:auroc": 0.7}}}')
    benchmark = {"tasks": ["m/task"], "published": ["published.yaml"]}
    document = {"tasks": {"m/task": task}, "benchmarks": {"bench": benchmark}}
    (folder / "registry.yaml").write_text(json.dumps(document), "utf-8")
    options = {"store": folder / "store.sqlite", "registry": Registry(extra=folder / "registry.yaml")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HARNESS_DATA", str(folder / "data"))
        for name, skill in (("same", 0), ("varied", 1)):
            answers = [{"task": "m/task", "id": str(i), "log_odds": skill * (i % 5)} for i in range(N)]
            evaluate([f"{name}=recorded:path={write(folder / f'{name}.jsonl', answers)}"], ["m/task"], **options)
        build_site(["bench"], folder / "site", **options)
    return folder / "site"


@pytest.mark.parametrize("page", ["index", "compare", "models/same", "tasks/m-task"])
def test_every_page_says_that_the_data_are_generated(site, page):
    text = next((site / "bench").glob(f"{page.replace('m-task', '*')}.html")).read_text("utf-8")
    assert (
        'class="generated" role="note">GENERATED DATA, made by python -m maker (seed 5), in place of owner/set' in text
    )
    assert "theirs" not in text


def test_the_index_says_it_and_how_many_published_rows_are_left_out(site):
    text = (site / "index.html").read_text("utf-8")
    assert 'class="badge stands-in">generated data' in text
    assert "1 published left out" in text


def test_headings_say_how_many_items_were_evaluated(site):
    board = (site / "bench" / "index.html").read_text("utf-8")
    assert f'data-items="{N} items"' in board
    task = next((site / "bench" / "tasks").glob("*.html")).read_text("utf-8")
    assert f"<b>{N} items</b> evaluated here; the description is of the full set." in task


def test_the_page_of_comparisons_repeats_the_remarks(site, visit):
    opened = visit(site / "bench" / "compare.html")
    opened.locator("#remarks li").first.wait_for()
    assert opened.locator("#remarks li").all_inner_texts() == [
        f"m/task auroc: gives all {N} items the same score (same)",
    ]
