"""The parts of the viewer by themselves."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import unicodedata

import numpy as np
import pytest
from harness_plugins.view.documents import plain
from harness_plugins.view.figures import CellFigures, Credit, credit_of
from harness_plugins.view.index import IndexedItem, SearchIndex, _interrupted_after, forget_old
from harness_plugins.view.jobs import BackgroundJobs
from harness_plugins.view.samples import CellTexts
from harness_plugins.view.search import search
from harness_plugins.view.texts import place, shown
from harness_plugins.view.words import match_of, passage, words_of
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.kinds.detection import AreaUnderCurve
from harness.kinds.preference import Accuracy, TieRate
from harness.running.table import Collector
from harness.task import Item


def table_of(**columns):
    """A table of columns, in two domains by turns."""
    collector = Collector(list(columns))
    count = len(next(iter(columns.values())))
    items = [Item(f"id-{i}", {}, ("even",) if i % 2 == 0 else ("odd",)) for i in range(count)]
    collector.add(items, [{name: values[i] for name, values in columns.items()} for i in range(count)])
    return collector.table({})


def figures_of(metric, **columns):
    table = table_of(**columns)
    return CellFigures(table, ~metric.valid(table.columns), credit_of(metric, table))


# right and wrong


def test_the_credits_of_a_mean_are_its_items_figures():
    given_, exchanged = np.array([1.0, 0.0, 1.0, np.nan, 0.5]), np.array([1.0, 0.0, 0.0, 1.0, 0.5])
    figures = figures_of(Accuracy(), as_given=given_, exchanged=exchanged)
    np.testing.assert_allclose(figures.credit.values, [1, 0, 0.5, np.nan, 0.5])
    assert [figures.state(i) for i in range(5)] == ["right", "wrong", "tie", "failed", "tie"]
    assert figures.select("", "all", "worst").tolist() == [1, 2, 4, 0, 3]
    assert figures.select("even", "all", "best").tolist() == [0, 2, 4]
    assert figures.select("odd", "failed", "data").tolist() == [3]


def test_where_lower_is_better_the_larger_figure_is_wrong():
    figures = figures_of(TieRate(), as_given=np.array([0.5, 1.0]), exchanged=np.array([0.5, 1.0]))
    assert [figures.state(i) for i in range(2)] == ["wrong", "right"]


def test_items_worsen_an_area_that_is_better_without_them():
    scores, labels = np.array([0.1, 0.9, 0.4, 0.6, 0.7, 0.2]), np.array([0.0, 1, 1, 0, 1, 0])
    metric = AreaUnderCurve()
    metric.name = "auroc"
    figures = figures_of(metric, log_odds=scores, label=labels)
    whole = metric.on(figures.table.columns)[0].value
    for i in range(len(scores)):
        without = metric.on(figures.table.columns.take(np.arange(len(scores)) != i))[0].value
        assert figures.state(i) == ("worsens" if without > whole else "improves" if without < whole else "neutral")


def test_words_say_which_way_an_item_pulls_a_figure():
    given_ = Credit("auroc", np.array([1.0, -1.0]), 0.0, 1, own=False)
    assert given_.explained("worsens") == (
        "worsens auroc",
        "Without this item, auroc would be higher; higher is better.",
    )
    lower = Credit("brier", np.array([1.0, -1.0]), 0.0, -1, own=False)
    assert lower.states[int(np.sign(lower.merit[0]))] == "worsens"  # it raises what should be low
    assert lower.explained("worsens")[1] == "Without this item, brier would be lower; lower is better."
    assert lower.explained("improves")[1] == "Without this item, brier would be higher; lower is better."


# search


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_query(tmp_path_factory, text):
    index = _index(tmp_path_factory.getbasetemp() / "query" / "any.sqlite")
    assert index.matching(match_of(text), 0, 2) in ([], [0], [1], [0, 1])


def _index(path, count=2):
    index = SearchIndex(path)
    index.build(lambda: (IndexedItem(i, f"id-{i}", "", b"", f"word{i} every Grüße") for i in range(count)))
    return index


def test_words_phrases_and_beginnings(tmp_path):
    index = _index(tmp_path / "i.sqlite", 30)
    assert index.matching(match_of("word7"), 0, 30) == [7]
    assert index.matching(match_of("word2*"), 0, 30) == [2, *range(20, 30)]
    assert index.matching(match_of("every grusse"), 0, 30) == []
    assert index.matching(match_of("GRÜßE"), 28, 30) == [28, 29]
    assert index.matching(match_of('"word3 every"'), 0, 30) == [3]
    assert index.matching(match_of('"every word3"'), 0, 30) == []
    assert index.matching(match_of(""), 0, 30) == []


WITHOUT_SPACES = {
    "Chinese": ("机器学习模型评估很重要", ["学习", "机器学习", "评", "很重要"], ["学机", "习学", "重要模"]),
    "Japanese": ("猫はとても可愛いですね。データを読む", ["可愛い", "とても", "データ", "ですね"], ["可い", "デタ"]),
    "narrow kana": ("ﾃﾞｰﾀを読む", ["データ"], ["テータ"]),
    "Thai": ("ฉันรักภาษาไทยมาก", ["ภาษา", "ภาษาไทย", "รัก"], ["ไทยภาษา", "ภาไทย"]),
    "Korean": ("학교에서 공부했다", ["학교", "공부", "학교에서 공부"], ["교학"]),
    "Khmer": ("ខ្ញុំស្រលាញ់ភាសាខ្មែរ", ["ភាសា", "ខ្មែរ"], ["សាភា"]),
    "Hindi": ("यह हिन्दी भाषा है", ["हिन्दी", "भाषा", "हिन्*"], ["हिन", "दी"]),
    "mixed": ("用iPhone15拍照 wide ＡＢＣ", ["iphone15", "拍照", "iPhone15拍", "abc", "用 wide"], ["phone", "iphone"]),
}


@pytest.mark.parametrize("language", WITHOUT_SPACES)
def test_words_are_found_inside_texts_without_spaces(tmp_path, language):
    text, found, absent = WITHOUT_SPACES[language]
    index = SearchIndex(tmp_path / "i.sqlite")
    index.build(
        lambda: [
            IndexedItem(0, "a", "", b"", words_of(["before", text])),
            IndexedItem(1, "b", "", b"", words_of(["other"])),
        ]
    )
    assert [word for word in found if index.matching(match_of(word), 0, 2) != [0]] == []
    assert [word for word in absent if index.matching(match_of(word), 0, 2) != []] == []


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_every_part_of_a_text_without_spaces_is_found(tmp_path_factory, data):
    text = data.draw(st.text("学習机器の一二ーถภกขㄱ한국", min_size=1, max_size=12))
    start = data.draw(st.integers(0, len(text) - 1))
    part = text[start : data.draw(st.integers(start + 1, len(text)))]
    other = data.draw(st.text("学習机器の一二ーถภกขㄱ한국", max_size=12))
    index = SearchIndex(tmp_path_factory.mktemp("part") / "i.sqlite")
    index.build(lambda: [IndexedItem(i, str(i), "", b"", words_of([t])) for i, t in enumerate([text, other])])
    spread = [unicodedata.normalize("NFKC", t) for t in (text, other)]
    part_ = unicodedata.normalize("NFKC", part)
    assert index.matching(match_of(f'"{part}"'), 0, 2) == [i for i in (0, 1) if part_ in spread[i]]


def test_a_phrase_does_not_go_on_from_one_text_to_the_next(tmp_path):
    index = SearchIndex(tmp_path / "i.sqlite")
    index.build(lambda: [IndexedItem(0, "a", "", b"", words_of(["one two", "three", "机", "器"]))])
    assert index.matching(match_of("one three"), 0, 1) == [0]
    assert index.matching(match_of('"one two"'), 0, 1) == [0]
    assert index.matching(match_of('"two three"'), 0, 1) == []
    assert index.matching(match_of("机器"), 0, 1) == []


def test_what_takes_too_long_is_given_up(tmp_path):
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with contextlib.closing(sqlite3.connect(tmp_path / "a.sqlite")) as connection:
        with pytest.raises(sqlite3.OperationalError, match="interrupted"), _interrupted_after(connection, 0.01):
            connection.execute(endless).fetchall()
        with _interrupted_after(connection, 60):
            assert connection.execute("SELECT 1").fetchall() == [(1,)]


@pytest.mark.parametrize("hurried", [True, False])
@pytest.mark.parametrize("aligned", [True, False])
def test_a_search_gives_every_row_that_passes_once_in_pages(tmp_path, monkeypatch, aligned, hurried):
    if hurried:  # a page looks at one stretch, and may find nothing in it
        monkeypatch.setattr("harness_plugins.view.search._FIRST", 2)
        monkeypatch.setattr("harness_plugins.view.search._ENOUGH", -1.0)
    figures = figures_of(Accuracy(), as_given=np.ones(100), exchanged=np.ones(100))
    order = np.arange(100) if aligned else np.arange(100)[::-1]
    index = SearchIndex(tmp_path / "i.sqlite")
    index.build(lambda: (IndexedItem(i, f"id-{row}", "", b"", "every") for i, row in enumerate(order)))
    texts = CellTexts(documents=index, written=index)
    mask = np.arange(100) % 3 == 0
    found, start = [], 0
    while start is not None:
        hits = search(figures, texts, match_of("every"), "", mask, start, 7)
        assert len(hits.rows) <= 7
        assert (hits.first, hits.end, hits.count) == (start, 100 if hits.next is None else hits.next, 100)
        found += hits.rows
        start = hits.next
    assert found == [row for row in order if row % 3 == 0]


# the index


def test_an_index_half_made_is_made_anew_and_a_whole_one_kept(tmp_path):
    index = SearchIndex(tmp_path / "i.sqlite")

    def breaks():
        yield from (IndexedItem(i, str(i), "", b"", "") for i in range(600))
        raise OSError("the data are gone")

    with pytest.raises(OSError, match="gone"):
        index.build(breaks)
    assert not index.complete
    assert index.count() == 512  # what came before can be read
    index.build(lambda: [IndexedItem(0, "a", "begins", b"doc", "words")])
    assert index.complete
    assert (index.count(), index.excerpts(["a", "b"]), index.document("a")) == (1, {"a": "begins"}, b"doc")
    index.build(breaks)
    assert index.count() == 1


def test_a_damaged_index_is_made_anew(tmp_path):
    index = _index(tmp_path / "i.sqlite")
    for name in ("i.sqlite-wal", "i.sqlite-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    index.path.write_bytes(b"damaged" * 1000)
    assert not index.complete
    assert index.document("id-0") is None
    _index(index.path)
    assert index.complete
    assert oct(index.path.stat().st_mode)[-3:] == "600"


def test_old_indices_are_forgotten_first(tmp_path):
    import os

    for age, name in enumerate("abc"):
        (tmp_path / name).write_bytes(b"x" * 100)
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    forget_old(tmp_path, largest=250)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a", "b"]


# work beside the pages


def test_work_is_done_once_and_its_errors_are_kept():
    jobs, done = BackgroundJobs(workers=1, kept=2), []
    assert jobs.get("a", lambda: done.append(1) or 7, wait=10).result == 7
    assert jobs.get("a", lambda: done.append(2)).result == 7
    assert done == [1]
    failed = jobs.get("b", lambda: 1 // 0, wait=10)
    assert failed.result is None
    assert "division" in failed.problem
    for key in "cde":
        jobs.get(key, lambda: 0, wait=10)
    assert jobs.get("a", lambda: 8, wait=10).result == 8  # it was forgotten
    jobs.close()


def test_a_page_does_not_wait_for_long_work():
    jobs, gate = BackgroundJobs(workers=1, kept=2), threading.Event()
    job = jobs.get("a", gate.wait, wait=0.01)
    assert (job.done, job.result, job.problem) == (False, None, "")
    gate.set()
    job.wait(10)
    assert job.done
    jobs.close()


# text


@settings(deadline=None)
@given(st.text())
def test_what_is_shown_can_be_sent_and_turns_nothing(text):
    out = shown(text)
    out.encode()
    assert not set(out) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\x00\x1b\r")
    if all(c.isprintable() or c in "\n\t" for c in text):
        assert out == text


def test_half_characters_are_written_out():
    assert plain("a\ud83d") == "a\\ud83d"


def test_places_stay_inside():
    assert [place(v, 0, 1) for v in (-1, 0.25, 2, float("nan"))] == ["0.00", "25.00", "100.00", "0"]
    assert place(1, 2, 2) == "0"


@pytest.mark.parametrize(
    ("typed", "text", "found"),
    [
        ("needle", "a haystack with a Needle in it", "Needle"),
        ("need*", "a haystack with a needle in it", "need"),
        ("need", "needless needles in need", "need"),
        ('"a needle"', "with a\n  needle in it", "a needle"),
        ("c++", "I like C++ most", "C++"),
        ("学习", "机器学习模型", "学习"),
        ("absent needle", "a needle", "needle"),
        ("cafe", "in the café", None),
        ("a.c", "abc", None),
        ("***", "***", None),
    ],
)
def test_a_hit_shows_where_the_words_stand(typed, text, found):
    shown = passage(["another text", text], typed)
    assert (shown and shown.found) == found


@given(st.text(), st.text())
def test_a_passage_is_a_part_of_the_text(text, typed):
    shown = passage([text], typed)
    if shown:
        assert "".join(shown.found.split()) in "".join(text.split())


def test_a_passage_in_a_long_text_is_cut_on_both_sides():
    shown = passage(["before " * 100 + "needle" + " after" * 100], "needle")
    assert shown.before.startswith("… ")
    assert shown.after.endswith(" …")
    assert 200 < len("".join(shown)) < 320
