"""The result of one conformance check."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that was kept or broken, or a note on something that was not checked."""

    subject: str
    """The thing that was checked, such as ``"length: score"``."""
    check: str
    """The rule, or the fact that a note is about."""
    ok: bool
    """False if the rule is broken; True for a note."""
    text: str = ""
    """How the rule was broken, or why a note says that nothing was checked."""
    is_note: bool = False
    """True if nothing was checked, so that nothing passed either."""
