"""Models whose figures are bounds on the pages of a site: shown, and nowhere before those that can be used."""

import json

import pytest
import sqlalchemy as sa
from harness_plugins.site.content import gather
from harness_plugins.site.standing import standings
from harness_plugins.site.summary import top_rows

from harness.store import Store
from harness.store import schema as s
from harness.store.records import BOUND

WHY = "looks at the answers"


@pytest.fixture(scope="module")
def bounded(lab, tmp_path_factory):
    """The lab, whose best model is a bound."""
    copy = lab.only(tmp_path_factory.mktemp("bounded"), "good", "better", "poor")
    with Store(copy.store) as store, store.transaction() as connection:
        of_it = s.cells.c.label == "better"
        for number, settings in connection.execute(sa.select(s.cells.c.id, s.cells.c.settings).where(of_it)).all():
            settings = json.loads(settings) if isinstance(settings, str) else settings
            changed = json.dumps({**settings, BOUND: WHY})
            connection.execute(
                sa.text("UPDATE cells SET settings = :settings WHERE id = :id"), {"settings": changed, "id": number}
            )
    return copy


@pytest.fixture(scope="module")
def pages(bounded, tmp_path_factory):
    return bounded.build(tmp_path_factory.mktemp("bounded-site"), "lab")


def test_medians_and_places_are_those_of_models_that_can_be_used(bounded):
    with Store(bounded.store) as store:
        content = gather(bounded.registry, store, "lab")
    column = next(column for column in content.columns if column.key == "lab/texts:auroc")
    values = {row.entry.model: row.figures[column.key].value for row in content.evaluated}
    assert column.median == pytest.approx((values["good"] + values["poor"]) / 2)
    good = next(row for row in content.evaluated if row.entry.model == "good")
    (own,) = (one for one in standings(content, good) if one.column.key == column.key)
    assert values["better"] > values["good"]
    assert (own.place, own.of) == (1, 2)


def test_a_bound_has_no_place_on_its_own_page(pages):
    def cells(model):
        text = (pages / "lab" / "models" / f"{model}.html").read_text("utf-8")
        row = next(line for line in text.splitlines() if line.startswith("<tr class=w") and "auroc" in line)
        return row.split("<td>")

    assert cells("better")[4] == "–"
    assert cells("good")[4] == "1"


def test_the_first_rows_in_short_are_those_of_models_that_can_be_used(bounded):
    with Store(bounded.store) as store:
        top = top_rows(gather(bounded.registry, store, "lab"))
    assert "good" in [row.label for row in top.rows]
    assert "better" not in [row.label for row in top.rows]


def test_pages_say_what_it_is_wherever_its_figures_stand(pages):
    task = next((pages / "lab" / "tasks").glob("*texts.html")).read_text("utf-8")
    rows = task[task.index("<tbody>") :]
    assert rows.index("poor") < rows.index("better")
    assert f"a bound: {WHY}" in rows
    board = (pages / "lab" / "index.html").read_text("utf-8")
    assert "<small>bound: </small><bdi>better</bdi>" in board
    assert f'title="not ranked">a bound: {WHY}' in board


def test_a_comparison_with_it_says_what_it_is(pages, visit):
    opened = visit(pages / "lab" / "compare.html", "#models=good,better")
    opened.wait_for_selector("#remarks:not([hidden])")
    assert f"better: a bound, and no result: it {WHY}" in opened.locator("#remarks").inner_text()
