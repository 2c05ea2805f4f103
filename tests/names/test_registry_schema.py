"""A named model says one thing in one way: a key that nothing would read is refused."""

from __future__ import annotations

import pytest
import yaml


@pytest.mark.parametrize(
    ("declared", "key"),
    [
        ({"model": "length", "base": "minilm"}, "base"),
        ({"model": "length", "task": "quickstart/detection"}, "task"),
        ({"model": "length", "settings": {"penalty": 1}}, "settings"),
        ({"trainer": "linear-detector", "task": "quickstart/detection", "arguments": {"penalty": 1}}, "settings"),
    ],
)
def test_keys_of_the_other_way_are_refused(declared, key, project, harness):
    (project / "registry.yaml").write_text(yaml.safe_dump({"models": {"mine": declared}}))
    ran = harness("eval", "-m", "mine", "-t", "quickstart/detection", "--limit", 2)
    assert ran.code == 2
    assert "registry.yaml" in ran.err
    assert repr(key) in ran.err
