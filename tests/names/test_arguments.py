"""An argument is what its parameter's annotation says, whatever YAML reads in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.names.arguments import Arguments, check_arguments, parse_arguments
from harness.names.registry import Registry
from harness.names.resolving import resolve_model

from ..messages import saying

if TYPE_CHECKING:
    from somewhere import Unknown


class Typed:
    def __init__(
        self,
        text: str = "",
        flag: bool = False,
        count: int = 0,
        share: float = 0.0,
        limit: int | None = None,
        old: Optional[float] = None,  # noqa: UP045
        free: Any = None,
        unknown: Unknown | None = None,
        bare=None,
    ) -> None: ...


def taken(listed: str) -> dict[str, Any]:
    return check_arguments("model 'm'", Typed, parse_arguments(listed, listed))


@pytest.mark.parametrize(
    "text", ["no", "1e5", "1234567", "0123", "true", "null", "~", "1_000", "12:30:00", "2026-01-02", "none", "0x1f", ""]
)
def test_a_text_parameter_gets_what_was_written(text):
    assert taken(f"text={text}") == {"text": text}


@pytest.mark.parametrize("text", ["|", ">", "a #b", "&a b", "- a", "#", "...", "<a>", "* a"])
def test_what_yaml_would_take_for_its_own_marks_is_text(text):
    assert taken(f"text={text}") == {"text": text}
    assert parse_arguments(f"bare={text}", "").texts.get("bare", text) == text


def test_texts_lose_what_quotes_they_need_no_more():
    assert taken("text='no'") == {"text": "no"}
    assert taken("text=[a,b]") == {"text": "a,b"}
    assert taken("text=[m:a=1,b=2]") == {"text": "m:a=1,b=2"}
    assert taken('text={"a": 1}') == {"text": '{"a": 1}'}


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        *[(f"flag={text}", True) for text in ("true", "yes", "on", "1", "True", "YES")],
        *[(f"flag={text}", False) for text in ("false", "no", "off", "0", "Off")],
        ("count=12", 12),
        ("count=-3", -3),
        ("count=1e6", 1_000_000),
        ("count=1_000", 1000),
        ("count=007", 7),
        ("share=1e-3", 0.001),
        ("share=.5", 0.5),
        ("share=2", 2),
        ("limit=null", None),
        ("limit=5", 5),
        ("old=~", None),
        ("old=0.5", 0.5),
        ("free=no", False),
        ("unknown=no", False),
        ("bare=3", 3),
    ],
)
def test_other_parameters_get_what_their_annotations_say(listed, expected):
    (found,) = taken(listed).values()
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("listed", "message"),
    [
        ("flag=none", saying("'m'", "flag=none", "true")),
        ("flag=maybe", saying("flag=maybe", "true")),
        ("flag=2", saying("flag=2", "true")),
        ("flag=null", saying("flag=null", "true")),
        ("flag=", saying("flag=", "true")),
        ("count=abc", saying("count=abc", "whole number")),
        ("count=1.5", saying("count=1.5", "whole number")),
        ("count=true", saying("count=true is not a whole number")),
        ("count=", saying("count=", "whole number")),
        ("share=yes", saying("share=yes", "number")),
        ("share=nan", saying("share=nan", "number")),
        ("share=5%", saying("share=5%", "number", "1", "0.01")),
        ("limit=many", saying("limit=many", "whole number")),
    ],
)
def test_what_does_not_fit_is_refused_by_name(listed, message):
    with pytest.raises(UsageError, match=message.pattern):
        taken(listed)


@pytest.mark.parametrize(
    ("value", "kind"), [(False, "true or false"), (7, "a number"), (["a"], "a list"), (None, "nothing")]
)
def test_a_value_that_yaml_has_read_already_is_to_be_quoted(value, kind):
    with pytest.raises(UsageError, match=saying("text", f"{kind}").pattern):
        check_arguments("model 'm'", Typed, {"text": value})


def test_values_of_yaml_and_python_that_fit_are_taken():
    given_ = {"text": Path("a/b"), "flag": 1, "count": 3.0, "share": 2, "limit": None, "old": "0.25"}
    assert check_arguments("m", Typed, given_) == {
        "text": "a/b",
        "flag": True,
        "count": 3,
        "share": 2,
        "limit": None,
        "old": 0.25,
    }


def test_later_arguments_take_their_texts_along():
    merged = (
        parse_arguments("text=no,count=1", "").replaced_by({"text": "a"}).replaced_by(parse_arguments("count=2", ""))
    )
    assert check_arguments("m", Typed, merged) == {"text": "a", "count": 2}
    assert (
        check_arguments("m", Typed, Arguments({"text": "a"}).replaced_by(parse_arguments("text=on", "")))["text"]
        == "on"
    )


def test_classes_without_annotations_or_names_get_what_yaml_reads():
    class Bare:
        def __init__(self, sign, **others):
            pass

    assert check_arguments("m", Bare, parse_arguments("sign=no,more=1", "")) == {"sign": False, "more": 1}


@given(st.integers(-(2**63), 2**63), st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_come_back_as_they_were(whole, real):
    assert taken(f"count={whole},share={real!r}") == {"count": whole, "share": real}


def test_models_of_the_registry_file_are_held_against_annotations_too(project):
    (project / "registry.yaml").write_text(
        "models:\n"
        "  bad: {model: hf-classifier, arguments: {path: x, positive: no}}\n"
        "  good: {model: 'hf-classifier:path=x,positive=yes', arguments: {positive: 'no'}}\n"
        "  short: hf-classifier:path=x,positive=no\n"
    )
    registry = Registry()
    with pytest.raises(UsageError, match=saying("positive", "text").pattern):
        resolve_model(registry, "bad", models_folder=project)
    for name in ("good", "short"):
        assert resolve_model(registry, name, models_folder=project).arguments["positive"] == "no"
    on = resolve_model(registry, "good:positive=on", models_folder=project)
    assert on.arguments["positive"] == "on"
    assert resolve_model(registry, on.specification, models_folder=project).fingerprint == on.fingerprint


@pytest.mark.parametrize(
    "listed",
    ["path=x,trust_remote_code=none", "path=x,max_length=abc", "path=x,max_length=true", "path=x,tokens_per_pass=1.5"],
)
def test_a_model_is_not_made_with_what_does_not_fit(project, listed):
    with pytest.raises(UsageError, match=r"is not (true or false|a whole number)"):
        resolve_model(Registry(), f"hf:{listed}", models_folder=project)


def test_settings_of_a_trainer_are_held_against_annotations(harness, tmp_path):
    common = ("train", "linear-detector", "-t", "quickstart/detection", "-o", tmp_path / "d")
    ran = harness(*common, "--set", "dimensions=many")
    assert ran.code == 2
    assert ran.err == saying("'linear-detector'", "dimensions=many", "whole number")
    ran = harness(*common, "--set", "unit=no")
    assert ran.err == saying("'linear-detector'", "unit=no", "'word'", "'character'")


@pytest.mark.parametrize("name", ["api_key", "apikey", "api-key", "API_KEY"])
def test_an_argument_that_is_only_there_to_be_refused_is_not_suggested(project, name):
    with pytest.raises(UsageError) as caught:
        resolve_model(Registry(), f"openai:model=x,{name}=sk-very-secret", models_folder=project)
    assert "did you mean 'api_key'" not in str(caught.value)
    assert "sk-very" not in str(caught.value)
    assert str(caught.value) == saying(f"{name}=", "refused")


def test_settings_of_a_declared_trainer_are_held_against_annotations_while_planning(harness, project):
    (project / "registry.yaml").write_text(
        "models:\n  mine: {trainer: linear-detector, task: quickstart/detection, settings: {unit: no, ngrams: 2}}\n"
    )
    ran = harness("eval", "-m", "mine", "-t", "quickstart/detection", "--dry-run")
    assert ran.code == 2
    assert ran.err == saying("'mine'", "'linear-detector'", "unit=False", "'word'", "'character'")
    assert "write it in quotes" in ran.err


@pytest.mark.parametrize(
    "specification",
    [
        "length:sign=1,sign=-1",
        "length:sign=1, sign=1",
        "detector-ensemble:detectors=[[keyword-list]],detectors=[[prompt-length]]",
        "detector-ensemble:detectors=[[keyword-list:slope=1,slope=2]]",
        "train:bt-linear:task=quickstart/preferences,set.penalty=1,set.penalty=2",
        "length:adapters=[score-to-detect:positive=a,negative=b,positive=c]",
    ],
)
def test_a_key_that_is_given_twice_is_refused(harness, project, specification):
    ran = harness("eval", "-m", specification, "-t", "quickstart/detection", "--limit", 2, "--dry-run")
    assert ran.code == 2
    assert "is given twice" in ran.err
