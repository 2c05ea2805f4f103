"""Conformance checks for any plugin, model or trainer, and the doctor that examines an installation."""

from harness.check.conformance import check_name
from harness.check.finding import Finding
from harness.check.training import check_trainer

__all__ = ["Finding", "check_name", "check_trainer"]
