"""Loads models of transformers: folder or hub id, revision, number format, device."""

from __future__ import annotations

import json
import os
import pickle
import re
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness import CellError, HarnessError, UsageError, file_identity
from harness.errors import did_you_mean

from .peft_adapter import PeftAdapter, adapter_of, refuse_adapter_of_hub
from .weights import Strangers, check_files, check_taken

SUFFIXES = {".safetensors", ".bin", ".json", ".txt", ".model", ".jinja", ".py"}
"""Suffixes of the files in a folder that weights, configuration, tokenizer and template are read from."""

NOT_READ = {
    *("manifest.json", "trainer_state.json", "all_results.json", "train_results.json", "eval_results.json"),
    *("training_args.bin", "optimizer.bin", "scheduler.bin", "scaler.bin"),
}
"""Files with dates and durations beside the weights; without them equal weights have one fingerprint."""

DEVICES = ("cpu", "cuda", "mps", "xpu", "npu", "hpu", "mlu", "musa")

DTYPES = ("float32", "bfloat16", "float16", "float64")

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+|[\w-][\w.-]*")


@dataclass(frozen=True)
class ModelSource:
    """A model of transformers, as the command line names it.

    Raises:
        UsageError: there is no such dtype or device, the path is missing, or a revision is given with a folder.
    """

    path: str
    """Folder, or hub id such as ``meta-llama/Llama-3.1-8B-Instruct``."""
    revision: str = ""
    """Commit, tag or branch of a hub model; "" is its main branch."""
    dtype: str = "float32"
    device: str = ""
    """``cpu``, ``cuda``, ``cuda:1``, ``mps``; "" is an NVIDIA accelerator if there is one, else the processor."""
    trust_remote_code: bool = False
    """True lets Python code that lies beside the weights run."""
    _remarks: list[str] = field(default_factory=list, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not self.path:
            raise UsageError("path= is missing: give the folder of a model, or its id on the hub")
        if self.dtype not in DTYPES:
            raise UsageError(f"dtype={self.dtype!r} is none of {', '.join(DTYPES)}{did_you_mean(self.dtype, DTYPES)}")
        kind, colon, number = self.device.partition(":")
        if self.device and (kind not in DEVICES or (colon and not number.isdecimal())):
            hint = " (did you mean 'cuda'?)" if kind.lower() in ("gpu", "nvidia") else did_you_mean(kind, DEVICES)
            raise UsageError(f"device={self.device!r} is no device such as cpu, cuda, cuda:1 or mps{hint}")
        if self.revision and self.is_folder:
            raise UsageError(f"revision={self.revision!r} belongs to a hub id; {self.path!r} is a folder")

    @property
    def is_folder(self) -> bool:
        """Tell whether the path is a folder on this machine."""
        return Path(self.path).is_dir()

    def identity(self) -> Mapping[str, object]:
        """Return the hash of each file of a folder, or a hub model's id and commit; and the kind of device.

        Raises:
            UsageError: the folder holds no configuration, or there is neither such a folder nor such a hub id; or
                the folder holds an adapter, and peft is not installed.
        """
        device = {"device": device_of(self.device).partition(":")[0]}
        if not self.is_folder:
            if not HUB_ID.fullmatch(self.path) or Path(self.path).is_absolute() or Path(self.path).exists():
                raise UsageError(f"path={self.path!r} is no folder here, and no hub id (OWNER/NAME) either")
            return {"hub": self.path, "commit": commit_of(self.path, self.revision), **device}
        files = [
            file
            for file in sorted(Path(self.path).iterdir())
            if file.suffix in SUFFIXES and file.name not in NOT_READ and file.is_file()
        ]
        adapter = self.adapter()
        if adapter is None and not any(file.name == "config.json" for file in files):
            raise UsageError(
                f"path={self.path!r} is not the folder of a model: it holds no config.json"
                + (f", only {', '.join(f.name for f in files[:4])}" if files else "; it holds no file to load")
            )
        identity: dict[str, object] = {file.name: file_identity(file) for file in files}
        if adapter is not None:
            identity["peft"] = adapter.require_peft()
            if not adapter.beside:
                identity["base"] = self.base(adapter).identity()
        return {**identity, **device}

    def adapter(self) -> PeftAdapter | None:
        """Return the adapter that a folder holds, beside weights or instead of them; None if there is none."""
        return adapter_of(Path(self.path)) if self.is_folder else None

    def base(self, adapter: PeftAdapter) -> ModelSource:
        """Return the model that the adapter in this folder was trained over."""
        revision = "" if Path(adapter.base).is_dir() else adapter.revision
        return ModelSource(adapter.base, revision, self.dtype, self.device, self.trust_remote_code)

    def take_remarks(self) -> list[str]:
        """Return the remarks on loading the model, and forget them."""
        remarks = list(dict.fromkeys(self._remarks))
        self._remarks.clear()
        return remarks

    @property
    def brings_code(self) -> bool:
        """Tell whether config.json names Python code that lies beside the weights."""
        try:
            file = Path(self.path) / "config.json" if self.is_folder else self._cached_configuration()
            return file is not None and "auto_map" in json.loads(file.read_text("utf-8"))
        except (OSError, ValueError, TypeError, CellError):  # no such id, no such file: what failed is said anyway
            return False

    def _cached_configuration(self) -> Path | None:
        from huggingface_hub import try_to_load_from_cache

        file = try_to_load_from_cache(self.path, "config.json", revision=self.arguments()["revision"])
        return Path(file) if isinstance(file, str) else None

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of every ``from_pretrained``."""
        revision = None if self.is_folder else commit_of(self.path, self.revision) or None
        return {"revision": revision, "trust_remote_code": self.trust_remote_code}

    def folder(self) -> str:
        """Return a folder that holds the files: the path itself, or the local copy of a hub model.

        Raises:
            CellError: the hub does not give the files.
        """
        if self.is_folder:
            return self.path
        from huggingface_hub import snapshot_download

        with told(self, "files"):
            kinds = [f"*{suffix}" for suffix in sorted(SUFFIXES)]
            return str(snapshot_download(self.path, revision=self.arguments()["revision"], allow_patterns=kinds))

    def small_files(self, patterns: Collection[str]) -> str:
        """Download some files of a hub model, as far as they exist; return their folder.

        Raises:
            CellError: the hub does not give the files.
        """
        from huggingface_hub import snapshot_download

        with told(self, "files"):
            revision = self.arguments()["revision"]
            return str(snapshot_download(self.path, revision=revision, allow_patterns=list(patterns)))

    def config(self, **overrides: Any) -> Any:
        """Read the model's configuration; the base's if there is only an adapter.

        Raises:
            CellError: the configuration cannot be read.
        """
        from transformers import AutoConfig

        adapter = self.adapter()
        if adapter is not None and not (Path(self.path) / "config.json").is_file():
            return self.base(adapter).config(**overrides)
        prepare()
        with told(self, "configuration"):
            return AutoConfig.from_pretrained(self.path, **self.arguments(), **overrides)

    def tokenizer(self) -> Any:
        """Load the tokenizer, the fast one if there is one; the base's if an adapter brings none.

        Raises:
            CellError: the tokenizer cannot be loaded.
        """
        from transformers import AutoTokenizer

        adapter = self.adapter()
        if adapter is not None and not adapter.has_tokenizer:
            return self.base(adapter).tokenizer()
        prepare()
        with told(self, "tokenizer"):
            return AutoTokenizer.from_pretrained(self.path, **self.arguments())

    def model(
        self,
        auto: str,
        *,
        config: Any = None,
        attention: str = "sdpa",
        strangers: Strangers = "refuse",
        elsewhere: Collection[str] = (),
        unread: str = "",
    ) -> Any:
        """Load the weights by one of transformers' Auto classes, in evaluation mode, on the device.

        An adapter of peft in the folder is applied and merged.

        Args:
            auto: Name of the class, such as ``"AutoModelForCausalLM"``.
            config: The model's configuration, if it was changed or is known already.
            attention: Implementation of attention; if the architecture lacks it, ``eager`` is taken.
            strangers: Fate of a head in the files that is not the model's own: ``refuse``, or ``say``.
            elsewhere: Tensors of the files that are read elsewhere.
            unread: First part of the names of weights that nothing reads, which may be missing.

        Raises:
            CellError: the weights cannot be loaded, some are missing from the files, or the files hold some that the
                model does not take.
        """
        import torch

        prepare()
        device = device_of(self.device)
        if device.startswith("cuda") and not torch.cuda.is_available():
            raise CellError(f"device={device} cannot be used: torch finds no accelerator here; give device=cpu")
        adapter = self.adapter()
        checks: dict[str, Any] = {"strangers": strangers, "unread": unread}
        if adapter is None:
            if self.is_folder:
                self._remarks.extend(check_files(Path(self.path)))
            else:
                with told(self, "weights"):
                    refuse_adapter_of_hub(self.path, self.arguments()["revision"])
            config = self.config() if config is None else config
            model = self._loaded(self.path, auto, config, attention, elsewhere=elsewhere, **checks)
        else:
            adapter.require_peft()
            with adapter.base_folder() as place:
                source = self if adapter.beside else self.base(adapter)
                with told(self, "adapter"):
                    supplied = adapter.supplied()
                config = adapter.configured(source.config() if config is None else config)
                model = source._loaded(place, auto, config, attention, elsewhere=[*elsewhere, *supplied], **checks)
            with told(self, "adapter"):
                model = adapter.merged_into(model)
            self._remarks.extend([adapter.remark(), *(source.take_remarks() if source is not self else ())])
        return model.eval().requires_grad_(False).to(device)

    def _loaded(self, place: str, auto: str, config: Any, attention: str, **checks: Any) -> Any:
        """Load the weights that lie at a place, and check transformers' report."""
        import torch
        import transformers

        load = getattr(transformers, auto).from_pretrained
        rest = {"config": config, "dtype": getattr(torch, self.dtype), "output_loading_info": True}
        with told(self, "weights"):
            try:
                model, report = load(place, attn_implementation=attention, **self.arguments(), **rest)
            except (ValueError, ImportError):
                if attention == "eager":
                    raise
                # Which attention an architecture has cannot be asked beforehand. Whatever else was wrong is wrong
                # again, and said then.
                model, report = load(place, attn_implementation="eager", **self.arguments(), **rest)
        self._remarks.extend(check_taken(self.path, model, report, **checks))
        return model


class told:
    """Turns an error of transformers while loading into one line that names the model and the mend."""

    def __init__(self, source: ModelSource, what: str) -> None:
        self.source, self.what = source, what

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if not isinstance(error, Exception) or isinstance(error, HarnessError):
            return
        where = f"{self.source.path!r}{'' if self.source.is_folder else ' (no folder here)'}"
        if isinstance(error, pickle.PickleError):
            # torch's own words advise to load such a file as code.
            raise CellError(
                f"no {self.what} can be loaded from {where}: the pickled file holds more than tensors, or is damaged, "
                "and is not read, since reading it could run code. Save the weights as safetensors: "
                "model.save_pretrained(FOLDER)"
            ) from error
        reason = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        mend = ""
        if self.source.brings_code and not self.source.trust_remote_code:
            mend = "; its config.json names code of its own: read that, then give trust_remote_code=true to let it run"
        raise CellError(f"no {self.what} can be loaded from {where}: {reason}{mend}") from error


def prepare() -> None:
    """Set up the libraries: no progress bars in logs; without OMP_NUM_THREADS half the processors for torch."""
    import torch
    from transformers.utils import logging

    if not sys.stderr.isatty():
        logging.disable_progress_bar()
    logging.set_verbosity_error()  # the report of every loading is read in `weights.check_taken`, and said there
    if "OMP_NUM_THREADS" not in os.environ:  # torch reads the variable by itself
        torch.set_num_threads(max(1, processors() // 2))


def processors() -> int:
    """Count the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def device_of(device: str) -> str:
    """Return the device that an argument means, without importing torch.

    Without an argument it is ``cuda`` if there is such a device, else ``cpu``.
    """
    if device:
        return device
    from importlib.metadata import PackageNotFoundError, version

    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "all") in ("", "-1")
    if hidden or not Path("/dev/nvidiactl").exists():
        return "cpu"
    try:
        return "cpu" if version("torch").endswith("+cpu") else "cuda"
    except PackageNotFoundError:
        return "cpu"


_COMMITS: dict[tuple[str, str], str] = {}


def commit_of(hub_id: str, revision: str) -> str:
    """Return the commit of a hub model's branch or tag, from the hub or its local copy; "" if unknown.

    The hub is asked once a process, so that results are filed under the same commit that the weights are loaded from.

    Raises:
        CellError: the hub has no such model or cannot be reached, and there is no local copy.
    """
    if re.fullmatch(r"[0-9a-f]{40}", revision):
        return revision
    key = (hub_id, revision)
    if key not in _COMMITS:
        _COMMITS[key] = _cached_commit(hub_id, revision) if _offline() else _asked_commit(hub_id, revision)
    return _COMMITS[key]


def _offline() -> bool:
    names = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    return any(os.environ.get(name, "").lower() in ("1", "true", "yes", "on") for name in names)


def _asked_commit(hub_id: str, revision: str) -> str:
    from huggingface_hub import HfApi

    try:
        return HfApi().model_info(hub_id, revision=revision or None, timeout=10).sha or ""
    except Exception as error:  # no network, no such model, no permission
        cached = _cached_commit(hub_id, revision)
        if cached:
            return cached
        reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise CellError(
            f"the hub does not give {hub_id!r}{f' at {revision!r}' if revision else ''}, there is no local copy, and "
            f"it is no folder here: {reason}"
        ) from error


def _cached_commit(hub_id: str, revision: str) -> str:
    from huggingface_hub.constants import HF_HUB_CACHE

    reference = Path(HF_HUB_CACHE) / f"models--{hub_id.replace('/', '--')}" / "refs" / (revision or "main")
    return reference.read_text().strip() if reference.is_file() else ""
