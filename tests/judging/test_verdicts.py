"""What each parser reads, case by case; and laws that hold for any text."""

import time
from pathlib import Path

import pytest
import yaml
from harness_plugins.judging.parsers import PARSERS
from harness_plugins.judging.thoughts import without_thoughts
from hypothesis import given
from hypothesis import strategies as st

GROUPS = yaml.safe_load((Path(__file__).parent / "verdicts.yaml").read_text("utf-8"))
CASES = [(group, text, expected) for group in GROUPS for text, expected in group["cases"]]


def read(parser, group, text):
    if "scale" in group:
        return parser.read_number(text, *group["scale"])
    return parser.read_label(text, group["labels"])


@pytest.mark.parametrize(
    ("group", "text", "expected"), CASES, ids=[f"{group['parser']}-{text[:40]!r}" for group, text, _ in CASES]
)
def test_a_parser_reads(group, text, expected):
    assert read(PARSERS[group["parser"]], group, text) == expected


def test_every_parser_is_in_the_table_and_the_table_is_long():
    assert {group["parser"] for group in GROUPS} == set(PARSERS)
    assert len(CASES) > 150


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group["parser"])
@given(text=st.text(max_size=200) | st.text(alphabet='AB[]<>=10./5:mM {}"RESULTatingYesNo', max_size=80))
def test_whatever_the_text_a_parser_gives_a_label_a_grade_on_the_scale_or_nothing(group, text):
    found = read(PARSERS[group["parser"]], group, text)
    if found is None:
        return
    if "labels" in group:
        assert found in group["labels"]
    elif not group["parser"].endswith("@compat"):
        assert group["scale"][0] <= found <= group["scale"][1]


@pytest.mark.parametrize("name", ["bracketed", "bracketed-unanimous"])
@given(label=st.sampled_from(["A>>B", "A>B", "A=B", "B>A", "B>>A"]), thought=st.text(max_size=60))
def test_what_is_thought_changes_no_verdict(name, label, thought):
    labels = ["A>>B", "A>B", "A=B", "B>A", "B>>A"]
    thought = thought.replace("<", "").replace("[", "") + " [[A=B]]"
    text = f"<think>{thought}</think>The verdict is [[{label}]]"
    assert PARSERS[name].read_label(text, labels) == label


@given(text=st.text(alphabet="ab <>/think", max_size=60))
def test_leaving_thoughts_out_twice_is_leaving_them_out_once(text):
    once = without_thoughts(text)
    assert without_thoughts(once) == once


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group["parser"])
@pytest.mark.parametrize(
    "piece", ["[", "{", "[[ ", "<think>", "Rating: ", "1", "[RESULT] *", " ", "verdict is *", "7/"]
)
def test_a_judge_that_repeats_itself_is_read_in_no_time(group, piece):
    """Backtracking would take seconds here."""
    import time

    start = time.process_time()  # of this process alone, however busy the machine
    read(PARSERS[group["parser"]], group, piece * (20_000 // len(piece)))
    assert time.process_time() - start < 1.0


@pytest.mark.parametrize(
    "text", ["[RESULT]" + " " * 100_000 + "x", ("a" + "\t" * 2000) * 50, "Rating:" + " " * 100_000]
)
def test_a_text_of_blanks_is_read_at_once(text):
    start = time.perf_counter()
    for parser in PARSERS.values():
        if parser.reads == "label":
            parser.read_label(text, ["A", "B"])
        else:
            parser.read_number(text, 1, 10)
    assert time.perf_counter() - start < 5
