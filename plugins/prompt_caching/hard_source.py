"""The library of hard pairs: ``hard:TASK:embedder=MODEL,how=histogram``, for pairs and for prompts of any task."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from harness import HarnessError, SourcedTask, TaskSource, UsageError

from .hard_options import parse_hard_request

if TYPE_CHECKING:
    from harness import Task

KIND = "same-answer"
VERSION = "1"
"""Raise it when the same options choose other pairs than before."""


class HardTasks(TaskSource):
    """Provides pairs of any task of prompts or pairs on which the cosine of a named embedder is at chance."""

    def summary(self) -> str:
        """Describe the library in one line."""
        return "pairs of any task on which an embedder's cosine is at chance"

    def names(self) -> Mapping[str, SourcedTask]:
        """List the tasks whose pairs can be made hard."""
        return {
            name: SourcedTask(f"{entry.description} Hard pairs (give embedder=MODEL).", KIND)
            for name, entry in self.registry.tasks().files().items()
            if self._fits(entry.kind)
        }

    def find(self, name: str) -> SourcedTask | None:
        """Find the hard pairs of a task.

        Raises:
            UsageError: an option is wrong, or the task has neither pairs nor prompts with answers.
        """
        task = name.partition(":")[0]
        entry = self.registry.tasks().find(task)
        if entry is None:
            return None
        if not self._fits(entry.kind):
            raise UsageError(f"hard:{name}: {task} has neither pairs of prompts nor prompts with what answers them")
        request = parse_hard_request(name)
        said = "all pairs above a cosine" if request.options.how == "all" else f"hard pairs ({request.options.how})"
        return SourcedTask(f"{entry.description} {said} of {request.options.embedder}.", KIND, entry.path)

    def task(self, name: str) -> Task:
        """Build the task whose items are the pairs; they are chosen when they are first read.

        Raises:
            UsageError: an option is wrong, or the embedder does not embed.
        """
        from harness.tasks import build_task

        from .hard_task import HardPairs
        from .same_answer import SameAnswer

        request = parse_hard_request(name)
        plain = build_task(self.registry, request.name)
        d = plain.definition
        definition = dataclasses.replace(
            d,
            name=f"hard:{name}",
            version=f"{d.version}+{VERSION}",
            description=f"{d.description} Pairs relative to {request.options.embedder}, {request.options.how}.",
            parts={},
            metrics=d.metrics if isinstance(plain, SameAnswer) else (),
            options={"threshold": plain.settings["threshold"]} if isinstance(plain, SameAnswer) else {},
            ordered=False,
            digest=self.digest(name),
        )
        return HardPairs(definition, plain, request.options, self.registry)

    def digest(self, name: str) -> str:
        """Hash the task's definition, the options, what the embedder's answers depend on, and the version."""
        from harness.tasks import task_digest

        from .vectors import resolve_embedder

        request = parse_hard_request(name)
        fingerprint = resolve_embedder(self.registry, request.options.embedder, f"hard:{name}").fingerprint
        options = dataclasses.asdict(request.options) | {"embedder": fingerprint}
        content = json.dumps([task_digest(self.registry, request.name), options, VERSION], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def _fits(self, kind: str) -> bool:
        from .hard_task import has_pairs
        from .prompt_sets import ANSWER_FIELDS, GROUP_FIELDS, PROMPT_FIELDS

        try:
            found: type[Task] = self.registry.find("task kind", kind).load()
        except HarnessError:  # unknown, or of a plugin that fails: whoever asks for the task itself is told
            return False
        prompt = any(name in found.fields for name in PROMPT_FIELDS)
        answered = any(name in found.fields for name in (*GROUP_FIELDS, *ANSWER_FIELDS))
        return has_pairs(found) or (prompt and answered)
