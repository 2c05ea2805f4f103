"""The place where `harness.progress` was."""

from __future__ import annotations

from harness.progress import Progress, SilentProgress, TerminalProgress, Tick

__all__ = ["Progress", "SilentProgress", "TerminalProgress", "Tick"]
