"""The comparison of two models in a browser."""

import json
import re
import shlex

import pytest
import sqlalchemy as sa

from harness.results.numbers import figure
from harness.store import Store
from harness.store import schema as s

from .conftest import state


def printed(harness, lab, first, second):
    """The cells of ``harness compare --domains`` by task, metric and domain."""
    ran = harness("compare", first, second, "-t", "lab", "--domains", *lab.options)
    _, table, *_ = ran.out.split("\n\n")  # below the verdict
    lines = table.splitlines()
    rows = [re.split(r"\s{2,}", line.strip()) for line in lines[2:]]
    # The page shows who is better beside its bar, by the place and not by the name.
    return {(row[0], row[1].removesuffix(" (lower is better)"), row[2]): [*row[3:6], *row[7:]] for row in rows}


PAIRS = ["good,better", "better,good", "poor,patchy", "patchy,good", "judge,patchy", "judge,good"]


@pytest.mark.parametrize("models", PAIRS)
def test_a_comparison_shows_what_the_command_prints(visit, site, lab, harness, models):
    compares_as_printed(visit, site, lab, harness, models)


@pytest.fixture(scope="session")
def whole_site(whole, tmp_path_factory):
    return whole.build(tmp_path_factory.mktemp("whole-site"))


@pytest.mark.parametrize("models", ["good,better", "better,good", "poor,judge", "judge,better"])
def test_where_nobody_failed_a_comparison_shows_it_too(visit, whole_site, whole, harness, models):
    compares_as_printed(visit, whole_site, whole, harness, models)


NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]\d+)?")


def compares_as_printed(visit, site, lab, harness, models):
    """To the digit; where the page exchanges two models, a win rate may differ by one in its last digit."""
    first, second = models.split(",")
    page = visit(site / "lab" / "compare.html", f"#models={models}&domains=1")
    page.locator("#differences:not([hidden])").wait_for()
    wanted = printed(harness, lab, first, second)
    document = page.evaluate("chunks.models")
    keys = {c["title"]: (c["task"], c["metric"], c["domain"]) for c in document["columns"]}
    found = 0
    for row in page.locator("#pairs tbody tr").all():
        title, *cells = [text.strip() for text in row.locator("th, td:not(.gap)").all_inner_texts()]
        title = title.removesuffix("lower is better").strip()
        expected = list(wanted[keys[title]])
        expected[4] = "–" if expected[4] == "-" else expected[4]
        for shown, command in zip(cells, expected, strict=True):
            assert NUMBER.sub("0", shown.lstrip("+-")) == NUMBER.sub("0", command.lstrip("+-")), title
            numbers = [[float(number) for number in NUMBER.findall(text)] for text in (shown, command)]
            assert numbers[0] == pytest.approx(numbers[1], abs=0.0101), title
            # Figures that no page computes: all but win rates of models that are exchanged.
            assert shown == command or shown is cells[4] or not any(numbers[0]), title
        found += 1
    assert found == len([key for key in wanted if key in keys.values()])
    assert page.inner_text("#command") == f"harness compare {first} {second} -t lab --domains"


def test_of_models_that_are_not_compared_the_page_shows_the_command_and_their_items(visit, lab, tmp_path, monkeypatch):
    monkeypatch.setattr("harness_plugins.site.pairs.MOST_COMPARISONS", 8)
    monkeypatch.setattr("harness_plugins.site.pairs.FEWEST_MODELS", 2)
    page = visit(lab.build(tmp_path / "site") / "lab" / "compare.html", "#models=good,poor&task=lab/pairs")
    page.locator("#items tbody tr").first.wait_for()
    assert not page.locator("#differences").is_visible()
    said = page.inner_text("#elsewhere")
    assert "Only the 2 best-ranked models are compared on this page" in said
    assert "harness compare good poor -t lab" in said
    page.locator("#second").select_option(label=page.locator("#second option", has_text="better").inner_text())
    page.locator("#differences:not([hidden])").wait_for()
    assert not page.locator("#elsewhere").is_visible()


def test_the_command_of_a_page_can_be_typed_for_names_that_begin_like_options(visit, lab, harness, tmp_path):
    dashed = lab.only(tmp_path, "good", "better")
    with Store(dashed.store) as store, store.transaction() as connection:
        renamed = sa.update(s.cells).where(s.cells.c.label == "good").values(label="--good one")
        connection.execute(renamed)
    page = visit(dashed.build(tmp_path / "site") / "lab" / "compare.html")
    page.locator("#differences:not([hidden])").wait_for()
    words = shlex.split(page.inner_text("#command"))
    assert words[0] == "harness"
    ran = harness(*words[1:2], *dashed.options, *words[2:])
    assert (ran.code, "--good one" in ran.out.splitlines()[0]) == (0, True)


def test_the_items_on_which_two_models_disagree_come_with_their_texts(visit, site, lab):
    page = visit(site / "lab" / "compare.html", "#models=better,poor&task=lab/pairs")
    page.locator("#items tbody tr").first.wait_for()
    scores = {}
    for name in ("better", "poor"):
        rows = map(json.loads, (lab.folder / f"{name}.jsonl").read_text("utf-8").splitlines())
        scores[name] = {
            r["id"]: 0.5 + 0.5 * ((r["scores"][0] > 0) - (r["scores"][0] < 0)) for r in rows if r["task"] == "lab/pairs"
        }
    differ = {i for i in scores["poor"] if scores["poor"][i] != scores["better"][i]}
    shown = page.locator("#items tbody tr").all()
    assert {row.locator("th bdi").text_content() for row in shown} == differ
    for row in shown:
        own = row.locator("th bdi").text_content()
        assert row.locator("td").all_inner_texts()[:2] == [figure(scores[name][own]) for name in ("better", "poor")]
    page.locator("#side").select_option("second")
    better = {i for i in differ if scores["poor"][i] > scores["better"][i]}
    page.wait_for_timeout(100)
    assert page.locator("#items tbody tr").count() == len(better)
    page.locator("#items summary").first.click()
    assert "question" in page.locator("#items details[open]").inner_text()


def test_items_of_detectors_show_ranks_among_the_negatives_and_scores(visit, site, lab):
    page = visit(site / "lab" / "compare.html", "#models=better,poor&task=lab/texts")
    page.locator("#items tbody tr").first.wait_for()
    said = page.inner_text("#items-status")
    assert "where each model ranks them among the 30 negatives" in said
    scores = {}
    for name in ("better", "poor"):
        rows = map(json.loads, (lab.folder / f"{name}.jsonl").read_text("utf-8").splitlines())
        scores[name] = {r["id"]: r["log_odds"] for r in rows if r["task"] == "lab/texts"}
    negatives = {name: [s for i, s in of.items() if not int(i[1:]) % 2] for name, of in scores.items()}
    gaps = []
    for row in page.locator("#items tbody tr").all():
        own = row.locator("th bdi").text_content()
        class_, *shown = row.locator("td:visible").all_inner_texts()[:3]
        assert class_ == ("positive" if int(own[1:]) % 2 else "negative")
        ranks = []
        for name, text in zip(("better", "poor"), shown, strict=True):
            mine = scores[name][own]
            rank = sum((s < mine) + (s == mine) / 2 for s in negatives[name]) / len(negatives[name])
            assert float(re.search("above (.*) %", text)[1]) == pytest.approx(100 * rank, abs=0.51)
            assert float(text.split("score ")[1]) == pytest.approx(mine, rel=1e-3)
            ranks.append(100 * rank)
        gaps.append((ranks[0] - ranks[1]) * (1 if int(own[1:]) % 2 else -1))
    sizes = [round(abs(gap), 6) for gap in gaps]
    assert sizes == sorted(sizes, reverse=True)
    assert f"{sum(gap > 0 for gap in gaps)} better by the first" in said
    assert (
        page.locator("#items tbody tr")
        .last.locator("td")
        .nth(2)
        .get_attribute("title")
        .startswith("influence on auroc: ")
    )
    assert "How to read this table" in page.inner_text("#disagreements")


def test_where_no_item_is_better_the_page_says_so(visit, lab, tmp_path):
    twins = lab.only(tmp_path, "good", "poor")
    with Store(twins.store) as store, store.transaction() as connection:
        of = {label: sa.select(s.cells.c.columns).where(s.cells.c.label == label) for label in ("good", "poor")}
        for task in ("lab/texts", "lab/pairs", "lab/choices"):
            same = of["good"].where(s.cells.c.task == task).scalar_subquery()
            here = (s.cells.c.label == "poor") & (s.cells.c.task == task)
            connection.execute(sa.update(s.cells).where(here).values(columns=same))
    page = visit(twins.build(tmp_path / "site") / "lab" / "compare.html", "#models=good,poor&side=second")
    page.locator("#items-none:not([hidden])").wait_for()
    assert page.inner_text("#items-none") == "There is no item on which the two differ."
    assert not page.locator("#items").is_visible()


def test_models_are_swapped_and_chosen(visit, site):
    page = visit(site / "lab" / "compare.html", "#models=good,poor,patchy")
    page.locator("#pairs tbody tr").first.wait_for()
    before = page.locator("#pairs tbody tr").first.locator("td").nth(2).inner_text()
    page.get_by_role("button", name="Swap").click()
    page.locator("#head-first", has_text="poor").wait_for()
    after = page.locator("#pairs tbody tr").first.locator("td").nth(2).inner_text()
    assert before.split()[0].lstrip("+-") == after.split()[0].lstrip("+-")
    assert before != after
    page.locator("#second").select_option(label=page.locator("#second option", has_text="patchy").inner_text())
    page.locator("#head-second", has_text="patchy").wait_for()
    assert state(page)["models"] == ["poor,patchy,good"]


def test_one_model_alone_cannot_be_compared(visit, lab, tmp_path):
    site = lab.only(tmp_path, "good").build(tmp_path / "site", "alone")
    page = visit(site / "alone" / "compare.html")
    assert "needs two evaluated models" in page.inner_text("#status")
