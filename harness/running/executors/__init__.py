"""Where batches run: this process."""

from harness.running.executors.local import LocalExecutor

__all__ = ["LocalExecutor"]
