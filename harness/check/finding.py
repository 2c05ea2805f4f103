"""What a conformance check finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that was tried, kept or broken; or a note on what was not tried."""

    subject: str
    """What was checked, such as ``"length: score"``."""
    check: str
    """The rule; of a note, what is so."""
    ok: bool
    """False where the rule is broken; True of a note."""
    text: str = ""
    """How the rule was broken; of a note, why nothing was tried."""
    is_note: bool = False
    """True where nothing was tried, so that nothing passed either."""
