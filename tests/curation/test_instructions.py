"""Instructions by IFEval's ids: what follows each, what does not, and arguments that cannot be used."""

import time

import pytest
from harness_plugins.curation.checker import BadReference
from harness_plugins.curation.instructions import INSTRUCTIONS, check, follows
from harness_plugins.curation.instructions_words import sentences

AT_LEAST, LESS = "at least", "less than"

CASES = [
    ("keywords:existence", {"keywords": ["sun", "moon"]}, "The Sun and the moon", "only the sun"),
    ("keywords:frequency", {"keyword": "ha", "frequency": 3, "relation": AT_LEAST}, "Ha ha ha", "ha ha"),
    ("keywords:frequency", {"keyword": "ha", "frequency": 3, "relation": LESS}, "ha ha", "ha ha ha"),
    ("keywords:forbidden_words", {"forbidden_words": ["cat"]}, "a category", "a Cat!"),
    ("keywords:letter_frequency", {"letter": "Q", "let_frequency": 2, "let_relation": AT_LEAST}, "q Q", "q"),
    ("length_constraints:number_words", {"num_words": 3, "relation": AT_LEAST}, "one two three", "one two"),
    ("length_constraints:number_words", {"num_words": 3.0, "relation": LESS}, "one two", "one, two, three"),
    ("length_constraints:number_sentences", {"num_sentences": 2, "relation": AT_LEAST}, "It is. Yes!", "It is 3.5 m."),
    ("length_constraints:number_sentences", {"num_sentences": 2, "relation": LESS}, "Dr. Who is in", "One. Two."),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "a\n***\nb\n***", "a *** *** b"),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "Then"},
        "First.\n\nthen, more",
        "Then.\n\nFirst",
    ),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, "Dear [name], at [place]", "Dear [name"),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "Bye.\np.s. more", "Bye. PS more"),
    ("detectable_content:postscript", {"postscript_marker": "P.P.S"}, "Bye.\nP. P.S more", "P.S. more"),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "* a\n - b", "* a\n* b\n- c"),
    ("detectable_format:number_bullet_lists", {"num_bullets": 1}, "* a\n**bold** b", "**bold**"),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, "*a* and **b**", "*a* and ** **"),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "SECTION", "num_sections": 2},
        "SECTION 1\na\nSECTION 2\nb",
        "SECTION 1\na\nSection two",
    ),
    ("detectable_format:json_format", {}, '```json\n{"a": [1]}\n```', "{'a': 1}"),
    ("detectable_format:title", {}, "<<On bread>>\ntext", "<< >> text"),
    ("detectable_format:constrained_response", {}, "Well. My answer is maybe.", "my answer is yes"),
    ("combination:two_responses", {}, "one ****** two", "same******same"),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Say it"}, "say it. It.", "It. Say it"),
    ("startend:end_checker", {"end_phrase": "The end."}, '"... the end."', "the end. Or not"),
    ("startend:quotation", {}, ' "quoted" ', '"half'),
    ("change_case:english_capital", {}, "ALL 3 UP!", "ALL bUT"),
    ("change_case:english_lowercase", {}, "all 3 low!", "All"),
    (
        "change_case:capital_word_frequency",
        {"capital_frequency": 2, "capital_relation": AT_LEAST},
        "A BIG cat",
        "a BIG",
    ),
    ("punctuation:no_comma", {}, "none; at all", "one, two"),
]


@pytest.mark.parametrize(("name", "arguments", "good", "bad"), CASES, ids=lambda value: str(value)[:40])
def test_what_follows_an_instruction_and_what_does_not(name, arguments, good, bad):
    assert follows(name, good, arguments)
    assert not follows(name, bad, arguments)
    assert not follows(name, "  \n ", arguments)


def test_every_instruction_has_a_case():
    assert {name for name, *_ in CASES} == set(INSTRUCTIONS)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("...", 0),
        ("One", 1),
        ("One. Two? Three!", 3),
        ("He said “no.” Then he left.", 2),
        ("Mr. Li met Dr. No, e.g. at 3.5 p.m. on time.", 2),
        ("A title\n\nA sentence.", 2),
        ("Wait... what?!", 2),
    ],
)
def test_the_number_of_sentences(text, count):
    assert sentences(text) == count


def test_all_instructions_have_to_hold():
    reference = {
        "instruction_id_list": ["punctuation:no_comma", "length_constraints:number_words"],
        "kwargs": [{"num_words": None}, {"num_words": 2, "relation": AT_LEAST, "keywords": None}],
    }
    assert check("two words", reference).correct
    one = check("two, words", reference)
    assert (one.correct, one.why, one.parsed) == (False, "not followed: punctuation:no_comma", "1 of 2 followed")
    assert not check("", reference).correct


@pytest.mark.parametrize(
    "reference",
    [
        None,
        "punctuation:no_comma",
        [],
        [["punctuation:no_comma"]],
        [[], []],
        [["punctuation:no_comma"], []],
        [["punctuation:no_comma"], ["x"]],
        [["punctuation:no_comma"], [{"unknown": 1}]],
        [["language:response_language"], [{"language": "de"}]],
        [["nothing:of_the_kind"], [{}]],
        [["length_constraints:number_words"], [{"num_words": 3, "relation": "exactly"}]],
        [["length_constraints:number_words"], [{"num_words": "many", "relation": AT_LEAST}]],
        [["keywords:existence"], [{"keywords": "one"}]],
        [["keywords:letter_frequency"], [{"letter": "ab", "let_frequency": 1}]],
        [["startend:end_checker"], [{"end_phrase": " "}]],
        [
            ["length_constraints:nth_paragraph_first_word"],
            [{"num_paragraphs": 1, "nth_paragraph": 2, "first_word": "a"}],
        ],
    ],
)
def test_a_reference_that_is_none_is_found_before_anything_is_answered(reference):
    with pytest.raises(BadReference):
        check("", reference)


@pytest.mark.parametrize("unit", ["[", "<<", "*", "\n ", "- ", "p. ", '"', "***", "SECTION ", "a. ", "{", "\n\n", ". "])
def test_time_is_linear_in_a_hostile_response(unit):
    text = unit * (100_000 // len(unit))
    start = time.monotonic()
    for name, arguments, *_ in CASES:
        follows(name, text, arguments)
    assert time.monotonic() - start < 6
