"""Prompt files: what ships is sound, and a mistake is named with file, line and key."""

from pathlib import Path

import pytest
import yaml
from harness_plugins import judging
from harness_plugins.judging.parsers import PARSERS
from harness_plugins.judging.promptfile import FOLDER, read_prompt, shipped
from harness_plugins.judging.promptschema import PLACES
from harness_plugins.judging.template import MissingValue, TemplateError, compile_template
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ConfigurationError

from ..messages import saying

NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
GOOD = """\
name: mine
version: 1
kind: pairwise
user: |-
  {conversation}
  A: {first}
  B: {second}
labels: {A: first, B: second}
parser: bracketed
"""
POINTWISE = """\
name: mine
version: 1
kind: pointwise
user: |-
  {conversation}
  {response}
scale: {lowest: 1, highest: 5}
parser: rating
"""


# what ships


@pytest.mark.parametrize("name", NAMES)
def test_a_prompt_that_ships_is_sound_and_says_where_it_comes_from(name):
    prompt = read_prompt(FOLDER / f"{name}.yaml")
    assert prompt.file.name == name
    assert prompt.file.description
    assert prompt.file.source
    assert prompt.file.licence
    assert prompt.file.log_probability is not None
    assert "conversation" in prompt.places


@pytest.mark.parametrize("name", NAMES)
def test_its_own_parser_reads_every_verdict_that_it_asks_for(name):
    file = read_prompt(FOLDER / f"{name}.yaml").file
    parser = PARSERS[file.parser]
    form = {"result": "[RESULT] {}", "result-number": "[RESULT] {}", "label": "{}"}.get(file.parser, "[[{}]]")
    if file.scale is None:
        for label in file.labels:
            assert parser.read_label(form.format(label), list(file.labels)) == label
    else:
        for grade in range(int(file.scale.lowest), int(file.scale.highest) + 1):
            assert parser.read_number(form.format(grade), file.scale.lowest, file.scale.highest) == grade


@pytest.mark.parametrize("name", NAMES)
def test_a_begun_reply_that_goes_on_with_an_option_is_read_as_its_label(name):
    """Weighing and reading agree on what a reply means."""
    file = read_prompt(FOLDER / f"{name}.yaml").file
    block, parser = file.log_probability, PARSERS[file.parser]
    for option, meant in block.options.items():
        text = block.prefill + option
        if "[[" in block.prefill:
            text += "]]" if not option.endswith("]]") else ""
        if file.scale is None:
            assert parser.read_label(text, list(file.labels)) == meant
        else:
            assert parser.read_number(text, file.scale.lowest, file.scale.highest) == meant


def test_the_names_that_are_registered_are_the_files_and_the_readme_lists_them():
    assert list(judging.PAIRWISE) == shipped("pairwise")
    assert list(judging.POINTWISE) == shipped("pointwise")
    readme = (Path(judging.__file__).parent / "README.md").read_text("utf-8")
    rows = [line for line in readme.splitlines() if line.startswith("|")]
    for name in (*NAMES, *PARSERS):
        assert any(row.startswith(f"| `{name}` |") for row in rows), name


def test_the_readmes_own_prompt_is_sound(tmp_path):
    readme = (Path(judging.__file__).parent / "README.md").read_text("utf-8")
    text = readme.split("<!-- file: my-judge.yaml -->\n```yaml\n")[1].split("```")[0]
    (tmp_path / "mine.yaml").write_text(text)
    assert read_prompt(tmp_path / "mine.yaml").file.name == "kinder"


# mistakes


def problems(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as raised:
        read_prompt(path)
    return str(raised.value).replace(f"{path}", "mine.yaml")


def test_what_is_sound_to_begin_with(tmp_path):
    for text in (GOOD, POINTWISE):
        (tmp_path / "mine.yaml").write_text(text)
        assert read_prompt(tmp_path / "mine.yaml").file.name == "mine"


@pytest.mark.parametrize(
    ("text", "old", "new", "message"),
    [
        (GOOD, "{first}", "{frist}", saying("mine.yaml:6", "user", "{frist}", "'first'")),
        (GOOD, "A: {first}", "A:", saying("mine.yaml:4", "user", "{first}", "missing")),
        (GOOD, "{conversation}", "Judge.", saying("mine.yaml:4", "user", "{conversation}", "{question}")),
        (GOOD, "A: {first}", "{if rubric}A: {first}", saying("mine.yaml:6", "user", "{if rubric}")),
        (GOOD, "{second}", "{second}{end}", saying("mine.yaml:7", "user", "{end}")),
        (GOOD, "{second}", "{response}", saying("mine.yaml:7", "user", "{response}")),
        (GOOD, "kind: pairwise", "kind: pairs", saying("mine.yaml:3", "kind", "'pairwise'", "'pointwise'")),
        (GOOD, "B: second", "B: last", saying("mine.yaml:8", "labels")),
        (GOOD, "B: second", "B: 0", saying("mine.yaml:8", "labels")),
        (GOOD, "B: second", "B: tie", saying("mine.yaml:8", "labels", "label", "'first'", "'second'")),
        (GOOD, "parser: bracketed", "parser: brackets", saying("mine.yaml:9", "parser", "'brackets'")),
        (GOOD, "parser: bracketed", "parser: rating", saying("mine.yaml:9", "parser", "'rating'", "label")),
        (GOOD, "parser:", "parsers:", saying("mine.yaml:9", "'parsers'", "'parser'")),
        (GOOD, "version: 1\n", "", saying("mine.yaml", "'version'", "missing")),
        (
            GOOD,
            "labels:",
            "verdict: log-probability\nlabels:",
            saying("mine.yaml:8", "verdict", "log-probability"),
        ),
        (POINTWISE, "{response}", "{first}", saying("mine.yaml:6", "user", "{first}")),
        (POINTWISE, "lowest: 1", "lowest: 5", saying("mine.yaml:7", "scale", "'lowest'", "5", "'highest'")),
        (
            POINTWISE,
            "scale: {lowest: 1, highest: 5}",
            "labels: {good: first, bad: 0}",
            saying("labels.good: expected a grade"),
        ),
        (
            POINTWISE,
            "scale: {lowest: 1, highest: 5}\n",
            "",
            saying("mine.yaml:3", "kind", "'labels'"),
        ),
    ],
    ids=str,
)
def test_a_mistake_is_named_with_file_line_and_key(tmp_path, text, old, new, message):
    assert old in text
    assert problems(tmp_path, text.replace(old, new)) == message


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (GOOD, "{A: A, B: C}", saying("log_probability.options", "'B'", "'C'", "label")),
        (GOOD, "{A: A, A!: A, B: B}", saying("log_probability.options", "'A!'", "'A'")),
        (GOOD, "{A: A}", saying("log_probability.options", "at least 2")),
        (POINTWISE, "{a: 1, b: 6}", saying("log_probability.options", "'b'", "6.0")),
        (POINTWISE, "{1: 1, 2: 2}", saying("log_probability.options.1")),
    ],
)
def test_options_that_cannot_be_weighed(tmp_path, text, options, message):
    assert problems(tmp_path, text + f"log_probability:\n  options: {options}\n") == message


def test_a_placeholder_in_an_example_is_a_mistake(tmp_path):
    turns = 'turns:\n  - {role: user, content: "A: {first}"}\n'
    assert problems(tmp_path, GOOD + turns) == saying("mine.yaml:10", "turns")


def test_a_yaml_truth_for_a_label_is_a_mistake(tmp_path):
    """YAML reads an unquoted Yes as a truth value."""
    text = POINTWISE.replace("scale: {lowest: 1, highest: 5}", "labels: {Yes: 1, No: 0}").replace("rating", "label")
    assert "mine.yaml:7: labels" in problems(tmp_path, text)


def test_what_is_said_about_a_prompt_does_not_change_its_identity_and_its_wording_does(tmp_path):
    path = tmp_path / "mine.yaml"
    digests = []
    for text in (GOOD, GOOD + "description: other\nsource: elsewhere\n", GOOD.replace("A: {first}", "A. {first}")):
        path.write_text(text)
        digests.append(read_prompt(path).digest)
    assert digests[0] == digests[1] != digests[2]


# templates


KNOWN = ("first", "second", "rubric")


@given(first=st.text(max_size=40), second=st.text(max_size=40))
def test_values_are_put_in_once_and_unchanged(first, second):
    template = compile_template("<{first}|{second}|{first}>", KNOWN)
    assert template.render({"first": first, "second": second}) == f"<{first}|{second}|{first}>"


@given(st.sampled_from(["{first}", "{{first}}", "{if rubric}", "{end}", "{second}"]))
def test_a_value_that_looks_like_a_placeholder_stays_what_it_is(text):
    template = compile_template("{first}{if rubric}[{rubric}]{end}", KNOWN)
    assert template.render({"first": text, "rubric": text}) == f"{text}[{text}]"


@given(st.text(alphabet="{} ifenda\n\"':1", max_size=40))
def test_any_text_is_a_template_or_an_error_with_its_place(text):
    problem = None
    try:
        filled = compile_template(text, KNOWN).render(dict.fromkeys(KNOWN, "x"))
    except TemplateError as error:
        problem, filled = error, ""
    assert len(filled) <= len(text)
    assert problem is None or 0 <= problem.offset < len(text)


def test_sections_literals_and_json():
    template = compile_template('{if rubric}by {rubric}; {end}{{first}} {"verdict": {"a": 1}}', KNOWN)
    assert template.render({"rubric": "R"}) == 'by R; {first} {"verdict": {"a": 1}}'
    assert template.render({"rubric": ""}) == '{first} {"verdict": {"a": 1}}'
    assert template.names == {"rubric"}
    with pytest.raises(MissingValue, match="first"):
        compile_template("{first}", KNOWN).render({})
    with pytest.raises(TemplateError, match="do not nest"):
        compile_template("{if rubric}{if first}{end}{end}", KNOWN)


def test_every_placeholder_is_in_the_readme():
    readme = (Path(judging.__file__).parent / "README.md").read_text("utf-8")
    for name in {name for names in PLACES.values() for name in names}:
        assert f"`{{{name}}}`" in readme


def test_all_files_are_plain_yaml_of_this_projects_width():
    for path in FOLDER.glob("*.yaml"):
        text = path.read_text("utf-8")
        assert yaml.safe_load(text)
        assert max(map(len, text.splitlines())) <= 120, path
