"""The server of these tests, importable by its name; and waits that do not take time."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

if "openai_server" not in sys.modules:  # test modules are imported by path, so a neighbour has to be named
    _SPEC = importlib.util.spec_from_file_location("openai_server", Path(__file__).with_name("server.py"))
    assert _SPEC is not None
    assert _SPEC.loader is not None
    sys.modules["openai_server"] = importlib.util.module_from_spec(_SPEC)
    _SPEC.loader.exec_module(sys.modules["openai_server"])


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    from harness_plugins.openai import retrying

    monkeypatch.setattr(retrying, "FIRST_WAIT", 0.01)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
