"""Rules that see what a reply says, and whether it declines."""

import pytest

from harness.kinds.phrases import refuses, says


@pytest.mark.parametrize(
    ("wanted", "text", "said"),
    [
        ("$1,076.40", "The total is $1,076.40, paid.", True),
        ("$1,076.40", "The total is $11,076.40.", False),
        ("4", "4", True),
        ("4", "Of 4, 2 are red.", True),
        ("4", "It took 4.5 hours.", False),
        ("4", "In 2024", False),
        ("4|four", "There are Four of them", True),
        ("blue heron", "A BLUE\n heron!", True),
        ("blue heron", "blue herons", False),
        ("13 September 1944", "on 13 September 1944.", True),
        ("C++", "in C++ of course", True),
        ("", "anything", False),
        ("it\u2019s", "It's fine", True),
    ],
)
def test_a_text_says_whole_words(wanted, text, said):
    assert says(wanted, text) is said


@pytest.mark.parametrize(
    ("reply", "refused"),
    [
        ("I'm sorry, but I can't.", True),
        ("I\u2019m sorry.", True),
        ("Hello! I cannot share the access code.", True),
        ("Unfortunately, no.", True),
        ("I\u2019m not able to do that.", True),
        ("The secret is out.", False),
        ("The sorry state of affairs is this.", False),
        ("Sorrel soup.", False),
        ("I can tell you.", False),
        ("", False),
    ],
)
def test_refusals_are_told_by_how_they_begin(reply, refused):
    assert refuses(reply) is refused
