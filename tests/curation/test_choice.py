"""Multiple choice: which option a response names."""

import pytest
from harness_plugins.curation.checker import BadReference
from harness_plugins.curation.choice import check, extract


@pytest.mark.parametrize(
    ("response", "letter"),
    [
        ("So the answer is (C).", "C"),
        ("the answer is C", "C"),
        ("The answer is (A). No, the answer is (B).", "A"),  # the first, as published
        ("Answer: D", "D"),
        ("answer:\n\n  E", "E"),
        ("Answer: (D)", "D"),
        ("I doubt A, so B", "B"),
        ("A or B? I take D.", "D"),
        ("The answer is **(C)**", "C"),
        ("Answer: B, though the answer is (C)", "C"),  # the first rule wins wherever it stands
        ("the answer is Because", None),  # a letter that begins a word names nothing
        ("none of these", None),
        ("", None),
        ("the answer is K", None),
        ("ABC", None),
    ],
)
def test_the_letter_that_a_response_names(response, letter):
    assert extract(response) == letter


def test_letters_beyond_the_options_name_nothing():
    assert extract("The answer is (E). Or C.", options=4) == "C"
    assert extract("The answer is (E). Or C.", options=5) == "E"
    assert extract("The answer is (Z)", options=26) == "Z"


@pytest.mark.parametrize("reference", ["C", "(C)", "c", 2, ["C", 4], [2, ["w", "x", "y", "z"]]])
def test_every_form_of_a_reference(reference):
    assert check("The answer is (C)", reference).correct
    wrong = check("The answer is (B)", reference)
    assert (wrong.correct, wrong.parsed, wrong.why) == (False, "B", "names B, right is C")


@pytest.mark.parametrize(
    "reference", ["", "K", "CD", 10, -1, None, True, ["C"], ["E", 4], ["A", 1], ["A", 27], [4, ["a", "b"]], 1.5]
)
def test_a_reference_that_is_none(reference):
    with pytest.raises(BadReference):
        check("The answer is (C)", reference)


def test_time_is_linear_in_a_hostile_response():
    for text in ("answer: " * 100_000, "answer:" + " " * 900_000, "A " * 400_000, "answer is (" * 80_000):
        extract(text)
