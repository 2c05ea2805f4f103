"""The executors, which run batches: so far in this process."""

from harness.running.executors.local import LocalExecutor

__all__ = ["LocalExecutor"]
