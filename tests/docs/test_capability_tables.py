"""The tables of capabilities, on the page and beside the code, are those of the core."""

import re
from pathlib import Path

from harness.capabilities import CORE, core
from harness.requests import Conversation

PAGE = Path(__file__).parents[2] / "docs" / "models.md"
REQUESTS = [(capability.name, capability.request.__name__) for capability in CORE]


def test_the_page_on_models_lists_every_capability_with_its_request():
    section = PAGE.read_text("utf-8").partition("\n## Capabilities\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)\((.*?)\)`", section, re.MULTILINE)
    assert [(name, request) for name, request, _ in rows] == REQUESTS
    fields = {capability.name: capability.request.__dataclass_fields__ for capability in CORE}
    assert [(name, word) for name, _, words in rows for word in words.split(", ") if word not in fields[name]] == []


def test_the_table_beside_the_constants_lists_every_capability_with_its_request():
    assert re.findall(r"^(\w+) +`(\w+)` ", core.__doc__, re.MULTILINE) == REQUESTS


def test_constants_are_named_after_their_capabilities_for_those_who_import_them():
    assert [(constant.lower(), capability) for constant, capability in core.CONSTANTS.items()] == [
        (capability.name, capability) for capability in CORE
    ]
    assert core.DETECT.request is Conversation
