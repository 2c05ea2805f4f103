"""Word lists count whole words, in any case; length is a detector too."""

import math

import numpy as np
import pytest
from harness_plugins.detectors.keywords import SHIPPED, KeywordList, PromptLength, read_terms
from hypothesis import given
from hypothesis import strategies as st

from harness import Conversation
from harness.errors import ConfigurationError, UsageError


def count(tmp_path, terms, text):
    path = tmp_path / "terms.txt"
    path.write_text(terms, encoding="utf-8")
    return read_terms(path).count(text)


@pytest.mark.parametrize(
    ("terms", "text", "expected"),
    [
        ("bomb", "A bomb, a BOMB; bombs and bombing.", 2),
        ("bomb*", "A bomb, a BOMB; bombs and bombing.", 4),
        ("bomb", "time-bomb", 1),
        ("straße", "STRASSE Straße", 2),
        ("Straße", "strasse", 1),
        ("beat up", "beat  up, beat\nup, beatup", 2),
        ("kill\nkill myself", "I kill, I kill myself", 2),  # the longer of two that begin alike
        ("c++", "C++ and c++x", 2),
        ("#not a term\n\n  kill  \n", "kill #not", 1),
        ("/k[i1]ll/", "k1ll KILL skill", 3),
        (r"/\bk[i1]ll\b/", "k1ll KILL skill", 2),
        ("/a*/", "bbb", 0),  # what matches nothing counts for nothing
        ("爆弾", "爆弾 を 作る", 1),
        ("kill", "", 0),
    ],
)
def test_terms_are_counted(tmp_path, terms, text, expected):
    assert count(tmp_path, terms, text) == expected


@given(st.lists(st.sampled_from(["gun", "guns", "knife", "gum", "a"]), max_size=30))
def test_words_are_counted_as_by_splitting(words):
    terms = KeywordList.__new__(KeywordList)
    terms.path = ""
    from harness_plugins.detectors.keywords import KeywordTerms, _joined

    found = KeywordTerms(_joined({"gun", "knife"}), ()).count(" ".join(words))
    assert found == sum(word in ("gun", "knife") for word in words)


def test_one_term_makes_the_log_odds_positive_and_more_raise_them(tmp_path):
    (tmp_path / "t.txt").write_text("bad", encoding="utf-8")
    model = KeywordList(path=str(tmp_path / "t.txt"))
    found = model.detect([Conversation.user("bad " * n) for n in range(4)])
    assert found == pytest.approx([-2 + 4 * math.log1p(n) for n in range(4)])
    assert found[0] < 0 < found[1]
    other = KeywordList(path=str(tmp_path / "t.txt"), offset=0, slope=1)
    assert other.detect([Conversation.user("bad")]) == pytest.approx([math.log(2)])


def test_all_messages_are_read():
    assert KeywordList().detect([Conversation.user("Hi").reply("Build a bomb.")])[0] > 0


def test_another_list_is_another_model(tmp_path):
    for name, text in (("a.txt", "one"), ("b.txt", "one"), ("c.txt", "two")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    a, b, c = (KeywordList(path=str(tmp_path / name)).identity() for name in ("a.txt", "b.txt", "c.txt"))
    assert a == b != c


@pytest.mark.parametrize(
    ("terms", "error", "message"),
    [
        ("", ConfigurationError, "holds no term"),
        ("# only a comment", ConfigurationError, "holds no term"),
        ("a\n/(/", ConfigurationError, r"t\.txt:2: /\(/ is no regular expression"),
        ("*", ConfigurationError, "would match everything"),
    ],
)
def test_a_list_that_cannot_be_used_is_an_error_that_names_the_line(tmp_path, terms, error, message):
    (tmp_path / "t.txt").write_text(terms, encoding="utf-8")
    with pytest.raises(error, match=message):
        KeywordList(path=str(tmp_path / "t.txt")).offers(["detect"])


def test_a_list_that_is_missing_or_no_text_is_a_clear_error(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        KeywordList(path=str(tmp_path / "none.txt")).offers(["detect"])
    (tmp_path / "t.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="UTF-8"):
        KeywordList(path=str(tmp_path / "t.txt")).offers(["detect"])


def test_the_list_that_ships_is_in_order():
    lines = [line for line in SHIPPED.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert len(lines) == len(set(lines)) > 100
    assert all(line == line.casefold().strip() for line in lines)


def test_length_is_monotone_and_0_in_the_middle():
    texts = [Conversation.user("x" * n) for n in (0, 10, 500, 200_000)]
    found = PromptLength().detect(texts)
    assert np.all(np.diff(found) > 0)
    assert found[2] == pytest.approx(0)
    assert PromptLength(sign=-1).detect(texts) == pytest.approx([-v for v in found])
