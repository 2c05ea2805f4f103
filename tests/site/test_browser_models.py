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
    assert page.locator(".scores tbody tr").count() == 1 + 4 + 4
    assert page.locator(".scores .f").count() == 9


def test_strengths_and_weaknesses_are_those_that_the_errors_tell_from_the_median(visit, site):
    page = visit(site / "lab" / "models" / "better.html")
    sections = page.locator(".two section").all_inner_texts()
    assert "texts auroc" in sections[0]
    assert "No figure lies clearly below" in sections[1]
