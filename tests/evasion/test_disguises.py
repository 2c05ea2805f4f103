"""What the disguises do to a text, and that normalising undoes those it can."""

import unicodedata

import pytest
from harness_plugins.evasion.disguises import HOW, LOOKALIKES, Disguise
from harness_plugins.evasion.lookalikes import LATIN, latinised
from harness_plugins.evasion.normalising import closed_up, normalised
from harness_plugins.evasion.words import BENIGN_WORDS
from hypothesis import given, settings
from hypothesis import strategies as st

PLAIN = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200)


@pytest.mark.parametrize(
    ("how", "disguised"),
    [
        ("homoglyph", "Н\u043eld т".replace("т", "t") + "h\u0435 d\u043e\u043er"),
        ("zero-width", "\u200b".join("Hold the door")),
        ("spacing", "H o l d   t h e   d o o r"),
        ("leet", "H0ld 7h3 d00r"),
        ("drop-vowels", "Hld th dr"),
    ],
)
def test_a_text_is_disguised_as_its_name_says(how, disguised):
    assert Disguise(how)("Hold the door") == disguised


def test_padding_adds_harmless_words_in_an_order_of_the_texts_own():
    first, second = Disguise("padding")("one"), Disguise("padding")("two")
    assert first.startswith("one ")
    assert sorted(first.split()[1:]) == sorted(second.split()[1:]) == sorted(BENIGN_WORDS)
    assert first.split()[1:] != second.split()[1:]
    assert len(Disguise("padding", words=7)("one").split()) == 8
    assert len(Disguise("padding", words=300)("one").split()) == 301
    assert Disguise("padding", seed=1)("one") != first


def test_there_are_120_different_harmless_words():
    assert len(BENIGN_WORDS) == len(set(BENIGN_WORDS)) == 120


@pytest.mark.parametrize("how", HOW)
@given(text=st.text(max_size=300), strength=st.floats(0.01, 1), seed=st.integers(0, 9))
@settings(max_examples=50, deadline=None)
def test_a_disguise_depends_on_text_strength_and_seed_alone(how, text, strength, seed):
    disguise = Disguise(how, strength=strength, seed=seed)
    assert disguise(text) == Disguise(how, strength=strength, seed=seed)(text)
    assert disguise("") == ""


@pytest.mark.parametrize("how", [how for how in HOW if how != "padding"])
def test_strength_is_the_share_of_places_that_are_changed(how):
    text = "a oe" * 5000
    whole, half = Disguise(how)(text), Disguise(how, strength=0.5)(text)
    if how in ("homoglyph", "leet"):
        changed = [sum(a != b for a, b in zip(text, disguised, strict=True)) for disguised in (whole, half)]
    else:
        changed = [abs(len(disguised) - len(text)) for disguised in (whole, half)]
    assert changed[1] / changed[0] == pytest.approx(0.5, abs=0.02)
    assert Disguise(how, strength=0.5, seed=1)(text) != half


def test_half_a_disguise_is_the_same_on_every_machine():
    assert Disguise("leet", strength=0.5, seed=3)("a ticket to the east coast") == "a 71cke7 t0 th3 east c045t"


# undoing


@pytest.mark.parametrize("how", ["homoglyph", "zero-width"])
@given(text=PLAIN)
@settings(deadline=None)
def test_lookalike_and_invisible_characters_are_undone_exactly(how, text):
    assert normalised(Disguise(how)(text)) == text
    assert normalised(Disguise(how, strength=0.4)(text)) == text


@given(text=PLAIN)
@settings(deadline=None)
def test_plain_text_is_left_as_it_is(text):
    assert normalised(text) == text


@given(text=st.text(max_size=300))
@settings(deadline=None)
def test_normalising_twice_is_normalising_once(text):
    once = normalised(text)
    assert normalised(once) == once


@given(text=PLAIN)
@settings(deadline=None)
def test_spaced_out_text_is_closed_up(text):
    spaced = Disguise("spacing")(text)
    if len(spaced) > 4 and text.strip():
        assert closed_up(spaced) == text


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("to h e l l o you", "to hello you"),
        ("I am 5 a day", "I am 5 a day"),
        ("a b", "a b"),
        ("plain  text", "plain  text"),
        ("vitamins A B C and D", "vitamins ABC and D"),  # the price of closing up
    ],
)
def test_runs_of_single_letters_are_closed_up(text, closed):
    assert closed_up(text) == closed


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\uff48\uff45\uff4c\uff4c\uff4f", "hello"),  # full width
        ("\U0001d421\U0001d41e\U0001d425\U0001d425\U0001d428", "hello"),  # mathematical bold
        ("h\u0435ll\u043e", "hello"),  # Cyrillic
        ("h\u03b5ll\u03bf", "h\u03b5llo"),  # an epsilon is not in the table
        (
            "\u041d\u0415\u041b\u041b\u041e",
            "\u041d\u0415\u041b\u041b\u041e",
        ),  # L looks like none
        ("he\u00adl\u2060lo\ufeff", "hello"),  # soft hyphen, word joiner, byte order mark
        ("he\ufe0fllo\U000e0101", "hello"),  # variation selectors
        ("\u202ehello\u202c", "hello"),  # direction
        ("he\x00ll\x1bo", "hello"),  # control characters
        ("one\ttwo\nthree\r\n", "one\ttwo\nthree\r\n"),
        ("caf\u00e9", "caf\u00e9"),
        ("cafe\u0301", "caf\u00e9"),
        ("caf\u0435\u0301", "caf\u00e9"),
    ],
)
def test_what_a_reader_sees_is_left(text, plain):
    assert normalised(text) == plain


@pytest.mark.parametrize(
    "text",
    [
        "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440",  # Russian
        "\u039a\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1 \u03c3\u03b5 \u03cc\u03bb\u03bf\u03c5\u03c2",  # Greek
        "\u6771\u4eac\u306f\u5927\u304d\u3044",
        "\u0645\u0631\u062d\u0628\u0627",
    ],
)
def test_other_scripts_are_left_as_they_are(text):
    assert normalised(text) == unicodedata.normalize("NFKC", text)


def test_every_lookalike_that_is_put_in_can_be_taken_out():
    assert {LATIN[disguised]: disguised for disguised in LOOKALIKES.values()} == LOOKALIKES
    assert all(latinised(lookalike) == plain for lookalike, plain in LATIN.items() if lookalike.isalpha())


def test_the_table_maps_single_letters_to_ascii_letters():
    assert all(len(lookalike) == len(plain) == 1 for lookalike, plain in LATIN.items())
    assert all(not lookalike.isascii() and plain.isascii() and plain.isalpha() for lookalike, plain in LATIN.items())
