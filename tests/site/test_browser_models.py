"""The page of a model in a browser."""


def test_the_page_of_a_model_says_where_its_figures_come_from(visit, site):
    page = visit(site / "lab" / "models" / "patchy.html")
    text = page.inner_text("main")
    assert "harness eval -m patchy=recorded -t lab" in text
    assert "harness_plugins.recorded" in text
    assert "plugin\nrecorded of harness-eval" in text
    assert "9 failed" not in text
    assert page.locator("#failed + p").inner_text().startswith(f"{page.locator('#failed').count() * 27} failed")
    assert page.locator(".failures li").count() == 27
    assert "numpy" in text
    # The mean, three tasks of which one has two metrics, and two domains of each of those.
    assert page.locator(".scores tbody tr:not(.divider)").count() == 1 + 4 + 4
    assert page.locator(".scores .f").count() == 9


def test_strengths_and_weaknesses_are_those_that_the_errors_tell_from_the_median(visit, site):
    page = visit(site / "lab" / "models" / "better.html")
    sections = page.locator(".two section").all_inner_texts()
    assert "texts auroc" in sections[0]
    assert "No figure lies clearly below" in sections[1]


def test_domains_stand_apart_from_the_figures_of_whole_tasks(visit, site):
    page = visit(site / "lab" / "models" / "better.html")
    assert page.locator(".scores").first.locator("tbody tr").count() == 1 + 4
    domains = page.locator("#domains")
    assert domains.evaluate("fold => fold.open")  # so few that there is no reason to fold them
    assert domains.locator("summary").inner_text() == "4 figures of 1 task"
    groups = domains.locator("tr.divider").all_inner_texts()
    assert groups == ["pairs accuracy", "pairs tie_rate lower is better"]
    assert page.locator(".scores .f").count() == 9  # the names of groups have no bar, and stop none


def test_domains_of_a_handful_of_items_are_folded_and_many_figures_too(visit, new_site):
    page = visit(new_site / "few" / "models" / "steady.html")
    whole = page.locator("#domains")
    assert not whole.evaluate("fold => fold.open")  # 25 domains
    whole.locator("summary").first.click()
    assert whole.locator("> .scroll tbody tr:not(.divider)").count() == 22
    few = whole.locator("details.fold")
    assert few.locator("summary").inner_text() == "3 of fewer than 5 items, which say little"
    assert not few.locator("table").is_visible()
    few.locator("summary").click()
    assert few.locator("tbody tr:not(.divider) th").all_inner_texts() == ["rare 0", "rare 1", "rare 2"]
    assert "rare" not in " ".join(page.locator(".two section").all_inner_texts())
