"""What a conformance check finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule, kept or broken."""

    subject: str
    check: str
    ok: bool
    text: str = ""
