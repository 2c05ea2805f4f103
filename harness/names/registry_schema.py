"""The schema of registry.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, PrivateAttr, model_validator

from harness.files.strict import Strict, refuse_keys


class ModelFile(Strict):
    """A named model: a registered one with arguments, or the product of a trainer."""

    model: str | None = Field(None, description="registered model, or name:key=value,...")
    arguments: dict[str, Any] = Field(
        default_factory=dict, description="arguments of the model, also of the one that a trainer makes: dtype, device"
    )
    adapters: list[str] = Field(
        default_factory=list, description="adapters that its answers pass through, NAME[:key=value,...], in this order"
    )
    trainer: str | None = Field(None, description="registered trainer; the model is trained on first use")
    task: str | None = Field(None, description="task whose train split it is trained on")
    base: str | None = Field(None, description="base model of the trainer")
    settings: dict[str, Any] = Field(default_factory=dict, description="settings of the trainer")
    description: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> ModelFile:
        if (self.model is None) == (self.trainer is None):
            raise ValueError("give exactly one of 'model' or 'trainer'")
        if self.trainer and not self.task:
            raise ValueError("a trained model needs the 'task' to train on")
        needs = {"task": "trainer", "base": "trainer", "settings": "trainer"}
        refuse_keys(self.model_fields_set, needs, "model" if self.model is not None else "trainer")
        return self


class PluginsFile(Strict):
    """The ``plugins`` block of registry.yaml, which says which plugins to load."""

    enabled: list[str] = Field(default_factory=list, description="plugins that an earlier file disabled")
    disabled: list[str] = Field(default_factory=list)


class RegistryFile(Strict):
    """registry.yaml: named models, plugins, task folders, benchmarks, the default store."""

    store: str | None = Field(None, description="default store, relative to this file")
    plugins: PluginsFile = Field(default_factory=PluginsFile)
    task_folders: list[str] = Field(default_factory=list)
    models: dict[str, str | ModelFile] = Field(default_factory=dict)
    tasks: dict[str, dict[str, Any]] = Field(default_factory=dict, description="tasks defined right here")
    benchmarks: dict[str, dict[str, Any]] = Field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="settings of libraries of tasks, by the name before the colon"
    )
    _path: Path = PrivateAttr(Path())

    @property
    def folder(self) -> Path:
        """The folder that relative paths in the file start from."""
        return self._path.parent
