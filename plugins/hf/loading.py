"""Where weights come from and how they are held: folder or hub id, revision, number format, device."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import file_identity
from harness.errors import CellError, UsageError, did_you_mean

SUFFIXES = {".safetensors", ".bin", ".json", ".txt", ".model", ".jinja", ".py"}
"""Of a folder, the files that weights, in one piece or several, configuration, tokenizer and template are read from."""

DEVICES = ("cpu", "cuda", "mps", "xpu", "npu", "hpu", "mlu", "musa")

DTYPES = ("float32", "bfloat16", "float16", "float64")

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+|[\w-][\w.-]*")


@dataclass(frozen=True)
class Source:
    """A model of transformers, as named on the command line.

    Raises:
        UsageError: a dtype or device that is none, no path, a revision given with a folder.
    """

    path: str
    """Folder, or hub id such as ``meta-llama/Llama-3.1-8B-Instruct``."""
    revision: str = ""
    """Commit, tag or branch of a hub model; "" is its main branch."""
    dtype: str = "float32"
    device: str = ""
    """``cpu``, ``cuda``, ``cuda:1``, ``mps``; "" is an NVIDIA accelerator where there is one, else the processor."""
    trust_remote_code: bool = False
    """True lets Python code that lies beside the weights run."""

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
        """Whether the path is a folder on this machine."""
        return Path(self.path).is_dir()

    def identity(self) -> Mapping[str, object]:
        """Hash of each file of a folder, or a hub model's id and commit; and the kind of device.

        Raises:
            UsageError: the folder holds no configuration, or there is neither such a folder nor such a hub id.
        """
        device = {"device": device_of(self.device).partition(":")[0]}
        if not self.is_folder:
            if not HUB_ID.fullmatch(self.path) or Path(self.path).is_absolute() or Path(self.path).exists():
                raise UsageError(f"path={self.path!r} is no folder here, and no hub id (OWNER/NAME) either")
            return {"hub": self.path, "commit": commit_of(self.path, self.revision), **device}
        files = sorted(file for file in Path(self.path).iterdir() if file.suffix in SUFFIXES and file.is_file())
        if not any(file.name == "config.json" for file in files):
            raise UsageError(
                f"path={self.path!r} is not the folder of a model: it holds no config.json"
                + (f", only {', '.join(f.name for f in files[:4])}" if files else "; it holds no file to load")
            )
        return {**{file.name: file_identity(file) for file in files}, **device}

    def arguments(self) -> dict[str, Any]:
        """What every ``from_pretrained`` is given."""
        revision = None if self.is_folder else commit_of(self.path, self.revision) or None
        return {"revision": revision, "trust_remote_code": self.trust_remote_code}

    def folder(self) -> str:
        """A folder that holds the files: the path itself, or the local copy of a hub model.

        Raises:
            CellError: the hub does not give them.
        """
        if self.is_folder:
            return self.path
        from huggingface_hub import snapshot_download

        with told(self, "files"):
            kinds = [f"*{suffix}" for suffix in sorted(SUFFIXES)]
            return str(snapshot_download(self.path, revision=self.arguments()["revision"], allow_patterns=kinds))

    def config(self, **overrides: Any) -> Any:
        """The model's configuration.

        Raises:
            CellError: it cannot be read.
        """
        from transformers import AutoConfig

        prepare()
        with told(self, "configuration"):
            return AutoConfig.from_pretrained(self.path, **self.arguments(), **overrides)

    def tokenizer(self) -> Any:
        """The tokenizer, the fast one where there is one.

        Raises:
            CellError: it cannot be loaded.
        """
        from transformers import AutoTokenizer

        prepare()
        with told(self, "tokenizer"):
            return AutoTokenizer.from_pretrained(self.path, **self.arguments())

    def model(self, auto: str, *, config: Any = None, attention: str = "sdpa") -> Any:
        """The weights through one of transformers' Auto classes, in evaluation mode, on the device.

        Args:
            auto: Name of the class, such as ``"AutoModelForCausalLM"``.
            config: Its configuration, if it was changed or is known already.
            attention: Implementation of attention; one the architecture lacks gives way to ``eager``.

        Raises:
            CellError: they cannot be loaded, or some are missing from the files.
        """
        import torch
        import transformers

        prepare()
        config = self.config() if config is None else config
        device = device_of(self.device)
        if device.startswith("cuda") and not torch.cuda.is_available():
            raise CellError(f"device={device} cannot be used: torch finds no accelerator here; give device=cpu")
        load = getattr(transformers, auto).from_pretrained
        rest = {"config": config, "dtype": getattr(torch, self.dtype), "output_loading_info": True}
        with told(self, "weights"):
            try:
                model, found = load(self.path, attn_implementation=attention, **self.arguments(), **rest)
            except (ValueError, ImportError) as error:
                # Many architectures lack one kind of attention, which no error of a type of its own says. Whatever
                # else is wrong is wrong with the plain kind too, and the first error speaks of it.
                try:
                    model, found = load(self.path, attn_implementation="eager", **self.arguments(), **rest)
                except (ValueError, ImportError):
                    raise error from None
        missing = sorted(found["missing_keys"])
        if missing:
            raise CellError(
                f"{self.path!r} holds no values for {', '.join(missing[:3])}{' ...' if len(missing) > 3 else ''} "
                f"of {type(model).__name__}: these would be random. Its architectures are "
                f"{', '.join(getattr(config, 'architectures', None) or ['not stated'])}"
            )
        return model.eval().requires_grad_(False).to(device)


class told:
    """Turn what transformers raises while loading into one line that names the model and the mend."""

    def __init__(self, source: Source, what: str) -> None:
        self.source, self.what = source, what

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if not isinstance(error, OSError | ValueError | KeyError | ImportError | RuntimeError | AttributeError):
            return
        lines = str(error).strip().splitlines() or [type(error).__name__]
        where = f"{self.source.path!r}{'' if self.source.is_folder else ' (no folder here)'}"
        mend = ""
        if "trust_remote_code" in str(error):
            mend = "; it brings code of its own: read that, then give trust_remote_code=true to let it run"
            lines = ["its architecture is not part of transformers"]
        raise CellError(f"no {self.what} can be loaded from {where}: {lines[0]}{mend}") from error


def prepare() -> None:
    """Settings of the libraries, once: no progress bars in logs, one torch thread where the user asked for it."""
    import torch
    from transformers.utils import logging

    if not sys.stderr.isatty():
        logging.disable_progress_bar()
    logging.set_verbosity_error()  # what is missing from the files is an error here, with a message of its own
    if "OMP_NUM_THREADS" not in os.environ:  # torch reads the variable by itself
        torch.set_num_threads(max(1, processors() // 2))


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def device_of(device: str) -> str:
    """The device meant by an argument, without importing torch: "" is ``cuda`` where there is one, else ``cpu``."""
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
    """The commit that a branch or tag of a hub model stands for: from the hub, or from its local copy; "" if unknown.

    Asked once a process, so that the weights that are loaded are those that the results are filed under.

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
        said = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise CellError(
            f"the hub does not give {hub_id!r}{f' at {revision!r}' if revision else ''}, there is no local copy, and "
            f"it is no folder here: {said}"
        ) from error


def _cached_commit(hub_id: str, revision: str) -> str:
    from huggingface_hub.constants import HF_HUB_CACHE

    reference = Path(HF_HUB_CACHE) / f"models--{hub_id.replace('/', '--')}" / "refs" / (revision or "main")
    return reference.read_text().strip() if reference.is_file() else ""
