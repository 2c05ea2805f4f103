"""The schema of an attack's YAML file: what it does, what making it takes, under which licence and since when."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from harness.files import Strict, load_yaml, validate

from .encodings import ENCODINGS

KINDS = ("none", "encoding", "template", "conversation", "cache", "indirect", "function")
"""The kinds of attack; each is also the name of the group of all attacks of that kind."""
OWN_KEYS: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "encoding": ("steps", "say"),
    "template": ("templates", "file", "mirror", "column", "slot", "append", "replace"),
    "conversation": ("turns", "slot"),
    "cache": ("file", "mirror", "goal", "column", "where", "model", "cut_goals"),
    "indirect": ("contexts", "file", "mirror", "column", "question", "form"),
    "function": ("function",),
}
"""The keys that each kind of attack reads."""
SLOT = "{goal}"


class Turn(Strict):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"] = "user"
    content: str = Field(min_length=1)


class Context(Strict):
    """Something that a model is given to read, and what is asked about it."""

    context: str = Field(min_length=1)
    question: str = Field(min_length=1)


class AttackFile(Strict):
    """The content of an attack's file."""

    kind: Literal["none", "encoding", "template", "conversation", "cache", "indirect", "function"]
    description: str = Field(min_length=1)
    licence: str = Field("", description="of the attack's own texts")
    citation: str = ""
    date: datetime.date | None = Field(None, description="since when the attack has been known")
    needs_model: bool = Field(False, description="whether somebody needs a model to make its texts")
    needs_gradient: bool = Field(False, description="whether that model's gradients were needed")
    queries: int | None = Field(None, ge=0, description="most queries of the target that making one text took")
    on_request: bool = Field(False, description="whether groups leave it out, so that only its own name asks for it")
    steps: list[str] = Field(default_factory=list, description="encodings, one after the other")
    say: bool = Field(True, description="whether the prompt says how the text is written")
    templates: list[str] = Field(default_factory=list, description="texts with a slot")
    file: str = Field("", description="a file of templates, contexts or cached attacks, relative to this one")
    mirror: str = Field("", description="the same, below $HARNESS_DATA")
    column: str = Field("", description="column of the file that holds the texts")
    slot: str = Field(SLOT, min_length=1, description="what stands in a template where the goal goes")
    append: bool = Field(False, description="put the goal behind templates, which have no slot")
    replace: dict[str, str] = Field(default_factory=dict, description="further parts of templates to replace")
    turns: list[Turn] = Field(default_factory=list, description="the messages, the last one of a user")
    goal: str = Field("goal", description="column of a cache that holds the goal")
    where: dict[str, Any] = Field(default_factory=dict, description="only rows of the cache with these values")
    model: str = Field("", description="column of a cache that says against which model an attack was made")
    cut_goals: bool = Field(False, description="take a goal of the cache for the task's goal that begins with it")
    contexts: list[Context] = Field(default_factory=list, description="contexts with a question each")
    question: str = Field("question", description="column of a file of contexts that holds the question")
    form: str = Field("{question}\n\n{context}", description="how question and context are shown")
    function: str = Field("", description="module:function, called as function(goal, random)")

    @field_validator("steps")
    @classmethod
    def _steps_are_encodings(cls, steps: list[str]) -> list[str]:
        unknown = [step for step in steps if step not in ENCODINGS]
        if unknown:
            raise ValueError(f"there is no encoding {unknown[0]!r}; there are {', '.join(ENCODINGS)}")
        return steps

    @model_validator(mode="after")
    def _says_what_its_kind_needs(self) -> AttackFile:
        own = {key for keys in OWN_KEYS.values() for key in keys}
        idle = sorted((self.model_fields_set & own) - set(OWN_KEYS[self.kind]))
        if idle:
            raise ValueError(f"{idle[0]!r} does nothing in an attack of kind {self.kind!r}: remove it")
        one_of = {"template": ("templates", "file", "mirror"), "cache": ("file", "mirror")}
        one_of |= {"indirect": ("contexts", "file", "mirror"), "encoding": ("steps",)}
        one_of |= {"conversation": ("turns",), "function": ("function",)}
        keys = one_of.get(self.kind, ())
        given = [key for key in keys if getattr(self, key)]
        if keys and len(given) != 1:
            raise ValueError(
                f"an attack of kind {self.kind!r} needs {'exactly one of ' * (len(keys) > 1)}{', '.join(keys)}"
            )
        self._has_its_slots()
        return self

    @property
    def cost(self) -> int | None:
        """Queries of the target that making one text took, at most; None where nobody said."""
        return 0 if self.queries is None and self.kind not in ("cache", "function") else self.queries

    @property
    def facts(self) -> dict[str, str]:
        """What the file declares, by name, for tables and for a task's ``brief``."""
        return {
            "attack_kind": self.kind,
            "attack_licence": self.licence or "not said",
            "attack_date": self.date.isoformat() if self.date else "not said",
            "attack_needs": ("gradients" if self.needs_gradient else "a model") if self.needs_attacker else "nothing",
            "attack_queries": "not said" if self.cost is None else str(self.cost),
        }

    @property
    def needs_attacker(self) -> bool:
        """Whether making its texts took a model of any sort."""
        return self.needs_model or self.needs_gradient

    def _has_its_slots(self) -> None:
        """Refuse templates and conversations into which no goal goes.

        Raises:
            ValueError: which one has no slot.
        """
        without = [i for i, text in enumerate(self.templates, 1) if (self.slot in text) == self.append]
        if without:
            problem = "has the slot, and 'append' is for templates without" if self.append else "has no slot"
            raise ValueError(f"template {without[0]} {problem} {self.slot!r}, where the goal goes")
        if self.kind == "conversation":
            if not any(self.slot in turn.content for turn in self.turns):
                raise ValueError(f"no turn has the slot {self.slot!r}, where the goal goes")
            if self.turns[-1].role != "user":
                raise ValueError("the last turn must be of the user, who is answered")
        if self.kind == "indirect":
            missing = [part for part in ("{context}", "{question}") if part not in self.form]
            if missing:
                raise ValueError(f"'form' has no {missing[0]}")


def read_attack_file(path: Path) -> AttackFile:
    """Read and check an attack's file.

    Raises:
        ConfigurationError: the file is missing or breaks the schema; names file, line and key.
    """
    file: AttackFile = validate(AttackFile, load_yaml(path), path)
    return file
