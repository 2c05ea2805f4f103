"""Boxed mathematics: boxes, readings, equality, and hostile answers."""

import contextlib
import time

import pytest
from harness_plugins.curation import equality
from harness_plugins.curation.boxed import check, equal, last_boxed
from harness_plugins.curation.checker import BadReference
from harness_plugins.curation.equality import EqualityUndecided
from harness_plugins.curation.latex import Unreadable, read
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        (r"so \boxed{3}", "3"),
        (r"\boxed{1} no, \boxed{2}", "2"),
        (r"\boxed{\frac{1}{2}}.", r"\frac{1}{2}"),
        (r"\boxed{\boxed{7}}", "7"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\fbox{9}", "9"),
        (r"\boxed{1} and then \boxed{2", None),  # cut off: the last box is the answer, and it is not there
        ("no box", None),
        ("", None),
    ],
)
def test_the_last_box(text, inside):
    assert last_boxed(text) == inside


EQUAL = [
    ("1,2,300", "1, 2, 300"),
    ("1,234,567", "1234567"),
    (r"\frac{1}{2}", "0.5"),
    (r"\dfrac12", "1/2"),
    (r"-\frac{1}{2}", r"\frac{-1}{2}"),
    (r"\sqrt{8}", r"2\sqrt2"),
    (r"\frac{\sqrt{3}}{3}", r"\frac{1}{\sqrt{3}}"),
    (r"\sqrt[3]{27}", "3"),
    ("2^{10}", "1024"),
    ("2^{3^2}", "512"),
    ("-2^2", "-4"),
    ("6!", "720"),
    (r"3\frac{1}{2}", "7/2"),
    (r"50\%", "50"),
    (r"50\%", "0.5"),
    ("1,234", "1234"),
    ("1{,}234", "1234"),
    (r"10\,000", "10000"),
    (r"\$18.90", "18.9"),
    (r"90^\circ", "90"),
    (r"5\text{ cm}", "5"),
    (r"5 \text{ cm}^2", "5"),
    ("5 apples", "5"),
    (r"4\mathrm{m/s}", "4"),
    ("x=5", "5"),
    (r"x \in [1,2]", "[1,2]"),
    (r"\text{Evelyn}", "evelyn"),
    (r"\text{(C)}", "C"),
    ("(1,2)", "(1, 2)"),
    (r"\left(\frac{3}{2},-1\right)", "(1.5,-1)"),
    (r"\{1,2\}", r"\{2,1\}"),
    ("1,2,3", "3,2,1"),
    (r"1\pm\sqrt{2}", r"1-\sqrt2, 1+\sqrt2"),
    ("[0,1)", "[0, 2/2)"),
    (r"(-\infty,1)\cup(2,\infty)", r"(2,\infty)\cup(-\infty,1)"),
    (r"\emptyset", r"\{\}"),
    ("x<3", "3>x"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}"),
    ("x^2+2x+1", "(x+1)^2"),
    ("x^{-1}", "1/x"),
    (r"\frac{a}{b}\cdot b", "a"),
    ("a_1+a_2", "a_2+a_{1}"),
    ("2+3i", "3i+2"),
    (r"e^{i\pi}", "-1"),
    (r"\log_2 8", "3"),
    (r"\sin^2 x+\cos^2 x", "1"),
    (r"\sin 2x", r"2 \sin x \cos x"),
    (r"|{-3}|", "3"),
    ("2516_8", "2516_8"),  # not read, but the same text
]
DIFFERENT = [
    (r"2\pi", "6.28"),
    ("(1,2)", "(2,1)"),
    ("[0,1)", "[0,1]"),
    ("-3", "3"),
    (r"-\infty", r"\infty"),
    ("x^2+2x", "(x+1)^2"),
    (r"2\sqrt{3}", r"3\sqrt{2}"),
    (r"\text{Monday}", "Tuesday"),
    (r"12 \text{ and } 13", "12"),
    (r"\begin{pmatrix}1&2\end{pmatrix}", r"\begin{pmatrix}1&3\end{pmatrix}"),
    ("x<3", r"x\le 3"),
    ("1,2", "1,2,3"),
    ("(1,2)", r"\{1,2\}"),
    ("2516_8", "2516"),
    ("0.333", "1/3"),
    ("1/0", "0"),
    ("\\frac{1}{0}", "\\frac{2}{0}"),
    ("1,2,300", "12300"),
    ("", "0"),
    ("x", "y"),
]


@pytest.mark.parametrize(("first", "second"), EQUAL)
def test_equal_answers(first, second):
    assert equal(first, second)
    assert equal(second, first)


@pytest.mark.parametrize(("first", "second"), DIFFERENT)
def test_different_answers(first, second):
    assert not equal(first, second)
    assert not equal(second, first)


numbers = st.fractions(max_denominator=999).filter(lambda f: abs(f) < 10**6)


@given(numbers, numbers)
def test_fractions_are_equal_exactly_when_their_values_are(a, b):
    assert equal(rf"\frac{{{a.numerator}}}{{{a.denominator}}}", f"{b.numerator}/{b.denominator}") == (a == b)


@settings(max_examples=300)
@given(st.text(alphabet="0123456789xyei+-*/^_{}()[]|,.\\%$&!= abfrcsqt", max_size=40))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(Unreadable):
        read(text)


def test_what_a_check_says():
    assert check(r"\boxed{4}", "4").correct
    wrong = check(r"\boxed{5}", r"long solution, \boxed{4}")
    assert (wrong.correct, wrong.why, wrong.parsed) == (False, "is not 4", "5")
    assert check("it is 4", 4).why == r"no closed \boxed{...} in it"


@pytest.mark.parametrize(
    "reference", ["", None, [], True, r"\sum_{k=1}^n k", r"\int x", r"\boxed{3", "10^{10^{10}}", "((((", r"\boxed{}"]
)
def test_a_reference_that_is_none(reference):
    with pytest.raises(BadReference):
        check(r"\boxed{3}", reference)


@pytest.mark.parametrize(
    "hostile",
    [
        "10**10**10",
        "10^{10^{10}}",
        "10^{10^{10}}+x",
        "x^{x^{x^{x^{x}}}}",
        "x^{99999999999}",
        r"\sin(10^{3000})",
        "99999!!!!!!",
        "((((((((" * 1000,
        "{" * 500_000,
        "9" * 900_000,
        "9" * 1900,
        "(x+y+z+w+1)^{4000}",
        "__import__('os').system('true')",
        "().__class__.__base__",
        "\\" * 1999,
        "-" * 300 + "1",
        "1" + "!" * 300,
        "\\frac" * 300,
        "\x00",
        "\ud800",
    ],
)
def test_hostile_answers_are_wrong_and_soon(hostile):
    start = time.monotonic()
    assert not check(rf"\boxed{{{hostile}}}", "7").correct
    assert time.monotonic() - start < 5


def test_algebra_that_hangs_is_killed_and_the_next_question_is_answered():
    power = r"(x^2+y^2+z^2+w^2+2xy+2xz+2xw+2yz+2yw+2zw)^{50}"
    start = time.monotonic()
    with pytest.raises(EqualityUndecided, match=r"took longer than 0\.3 s"):
        equal("(x+y+z+w)^{100}", power, seconds=0.3)
    assert time.monotonic() - start < 5
    assert equality._WORKER._process is None
    assert equal("x+1", "1+x")


def test_a_check_that_cannot_be_decided_is_wrong_and_says_why():
    found = check(r"\boxed{(x+y+z+w)^{100}}", r"(x^2+y^2+z^2+w^2+2xy+2xz+2xw+2yz+2yw+2zw)^{50}", seconds=0.2)
    assert (found.correct, found.why) == (False, "cannot be compared: comparing took longer than 0.2 s")
