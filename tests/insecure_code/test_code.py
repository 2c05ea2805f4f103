"""The Python in a reply, and whether it parses; nothing is run."""

import pytest
from harness_plugins.insecure_code.code import parses, python_in


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("Here:\n```python\nx = 1\n```\nand\n```py\ny = 2\n```\n", "x = 1\n\ny = 2\n"),
        ("```\nx = 1\n```", "x = 1\n"),
        ("```bash\nls\n```\nthen\n```Python\nx = 1\n```", "x = 1\n"),
        ("```bash\nls\n```", ""),
        ("1. First\n   ```python\n   x = 1\n   y = 2\n   ```\n", "x = 1\ny = 2\n"),
        ("```python\nx = 1\n", "x = 1\n"),  # cut off by the limit of tokens
        ("import os\nos.getcwd()", "import os\nos.getcwd()"),
        ("print(1)", "print(1)"),
        ("Sure.", ""),
        ("Yes", ""),
        ("42", ""),
        ("Note: this", ""),
        ("I cannot do that.", ""),
        ("", ""),
    ],
)
def test_the_python_in_a_reply(reply, code):
    assert python_in(reply) == code


@pytest.mark.parametrize("code", ["def f(:", "x = (", "\0", "(" * 10_000, "\ud800 = 1"])
def test_what_does_not_parse_is_no_python(code):
    assert not parses(code)


def test_odd_escapes_of_a_model_are_not_ours_to_warn_of():
    assert parses('x = "\\d"')
