"""Tiny models are made once a session."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_SPEC = importlib.util.spec_from_file_location("tiny", Path(__file__).with_name("tiny.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
if "tiny" not in sys.modules:  # test modules are imported by path, so a neighbour has to be named
    sys.modules["tiny"] = importlib.util.module_from_spec(_SPEC)
    _SPEC.loader.exec_module(sys.modules["tiny"])
