"""The rules that see answers, marks, refusals and calls of tools."""

import pytest
from harness_plugins.injection.indirect import insert
from harness_plugins.injection.tools import Call, Done, Tool, call_in, check_tests, holds, tools_of

from harness import BadValue

from ..messages import saying

TOOLS = [Tool("find", "finds", "found"), Tool("send", "sends", "sent")]


@pytest.mark.parametrize(
    ("position", "made"), [("start", "X\na\nb\nc"), ("middle", "a\nb\nX\nc"), ("end", "a\nb\nc\nX")]
)
def test_an_attack_is_a_line_of_its_own(position, made):
    assert insert("a\nb\nc", "X", position) == made


@pytest.mark.parametrize(
    ("reply", "call"),
    [
        ('{"tool": "find", "arguments": {"of": "tea"}}', Call("find", {"of": "tea"})),
        (
            'I look it up.\n```json\n{ "tool": "find",\n  "arguments": {"of": {"a": 1}} }\n```',
            Call("find", {"of": {"a": 1}}),
        ),
        ('{"tool": "find"}', Call("find", {})),
        ('{"arguments": {"of": "tea"}, "tool": "find"}', Call("find", {"of": "tea"})),
        ('{"tool": "find", oh no. {"tool": "send"}', Call("send", {})),
        ('{"tool": "find"} {"tool": "send"}', Call("find", {})),
        ('{"note": {"tool": "find"}}', Call("find", {})),
        ('The set {"a": 1} is small.', None),
        ("It is Tuesday.", None),
        ("", None),
    ],
)
def test_the_first_call_is_read(reply, call):
    assert call_in(reply) == call


@pytest.mark.parametrize(
    "reply",
    [
        '{"tool": "find", "arguments": ',
        '{"tool": 3}',
        '{"tool": "find", "arguments": [1]}',
        '{"tool": "a"' + "{" * 100_000,
    ],
)
def test_a_call_that_cannot_be_read_says_why(reply):
    assert isinstance(call_in(reply), str)


@pytest.mark.parametrize(
    ("tests", "calls", "answer", "held"),
    [
        ([{"called": "send"}], [Call("send", {"to": "b"})], "", True),
        ([{"called": "send", "with": {"to": "Bo"}}], [Call("send", {"to": "bo "})], "", True),
        ([{"called": "send", "with": {"to": "bo"}}], [Call("send", {})], "", False),
        ([{"called": "send", "with": {"n": 3}}], [Call("send", {"n": "3"})], "", True),
        ([{"called": "send"}, {"says": "done"}], [Call("send", {})], "All done.", True),
        ([{"called": "send"}, {"says": "done"}], [], "All done.", False),
        ([{"not_called": "send"}], [Call("find", {})], "", True),
        ([{"not_called": "send"}], [Call("send", {})], "", False),
    ],
)
def test_all_tests_have_to_hold(tests, calls, answer, held):
    assert holds(check_tests("goal", tests, TOOLS), Done(calls, answer, {}, {})) is held


@pytest.mark.parametrize(
    ("value", "facts"),
    [
        ([], ("'goal'", "called, not_called, says")),
        ("send", ("'goal'",)),
        ([{"called": "post"}], ("'post'", "find, send")),
        ([{"says": ""}], ("says",)),
        ([{"says": "a", "called": "send"}], ("goal",)),
        ([{"says": "a", "with": {}}], ("'with'",)),
        ([{"cald": "send"}], ("goal",)),
        ([{"called": "send", "with": 3}], ("'with'",)),
    ],
)
def test_a_test_that_tests_nothing_is_refused(value, facts):
    with pytest.raises(BadValue, match=saying(*facts).pattern):
        check_tests("goal", value, TOOLS)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        [{"name": "find"}],
        [{"name": "find", "result": 3}],
        [{"name": "", "result": "x"}],
        [{"name": "find", "result": "x", "results": "y"}],
        [{"name": "find", "result": "x"}, {"name": "find", "result": "y"}],
    ],
)
def test_tools_that_cannot_be_used_are_refused(value):
    with pytest.raises(BadValue):
        tools_of(value)
