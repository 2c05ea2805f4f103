"""GGUF files: read once by transformers, kept as safetensors in the user's cache folder, and loaded from there."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import io
import json
import os
import re
import shutil
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from harness import CellError, UsageError, file_identity, say
from harness.errors import did_you_mean
from harness.files import NO_ROOM, alone, is_full, private_name

from .loading import ModelSource, device_of, prepare, told
from .peft_adapter import CONFIG
from .weights import INDEX, PICKLED, PICKLED_INDEX, SINGLE, Strangers

SUFFIX = ".gguf"
FORM = 1
"""Number of the way in which files are read and kept: raised where the same file would give another model."""

ABOUT = "gguf.json"
KEPT = ("config.json", SINGLE, "tokenizer.json", "tokenizer_config.json", ABOUT)
"""Files of a copy; the weights of a large model lie in several files, which an index names instead."""

SPLIT = re.compile(r"-\d{5}-of-\d{5}\.gguf$")
"""End of the names of the parts of one large file."""

DIGITS_APART = {"codeshell", "command-r", "exaone", "minerva-7b", "refact", "smollm", "starcoder"}
"""Tokenizers that part each digit from all else, and then split as GPT-2's does, by their names in GGUF files."""

AS_GPT_2 = {"gpt-2", "jais", "mpt", "olmo", "phi-2"}
"""Tokenizers that split as GPT-2's does, which is what transformers does where it does not know the name."""


@dataclass(frozen=True)
class GgufSource(ModelSource):
    """A model in a GGUF file of a folder.

    Raises:
        UsageError: the folder has no such file, or only part of it.
    """

    gguf_file: str = ""
    sha256: str = ""
    """Digest in hexadecimal digits that the file must have; "" takes any."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if SPLIT.search(self.gguf_file):
            raise UsageError(
                f"gguf_file={self.gguf_file!r} is one part of a file that was split, which transformers cannot read: "
                "join the parts first (llama-gguf-split --merge)"
            )

    @property
    def file(self) -> Path:
        """The file itself."""
        return Path(self.path) / self.gguf_file

    def identity(self) -> Mapping[str, object]:
        """Return the file's hash, the number of the way it is read, and the kind of device.

        Raises:
            UsageError: a package that reads such files is missing.
        """
        require_readers(str(self.file))
        return {"gguf": file_identity(self.file), "read": FORM, "device": device_of(self.device).partition(":")[0]}

    def adapter(self) -> None:
        """Return None: an adapter beside the file is not read, which is said."""

    def config(self, **overrides: Any) -> Any:
        """Read the model's configuration.

        Raises:
            CellError: the file cannot be read.
        """
        return self._copy().config(**overrides)

    def tokenizer(self) -> Any:
        """Load the tokenizer that the file describes.

        Raises:
            CellError: the file cannot be read.
        """
        return self._copy().tokenizer()

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
        """Load the weights as `ModelSource.model` does, each quantised one as the number that it stands for.

        Raises:
            CellError: the file cannot be read.
        """
        copy = self._copy()
        # The tokenizer is no other file's: whatever stands beside the GGUF may be another model's.
        others = {file.name for file in Path(self.path).iterdir() if file.suffix in (".json", ".jinja", ".model")}
        if others:
            some = ", ".join(sorted(others)[:3]) + (", ..." if len(others) > 3 else "")
            self._remarks.append(f"the model is read from {self.gguf_file} alone; {some} beside it is not read")
        self._remarks.extend(json.loads((Path(copy.path) / ABOUT).read_text("utf-8"))["remarks"])
        rest: dict[str, Any] = {"strangers": strangers, "elsewhere": elsewhere, "unread": unread}
        model = copy.model(auto, config=config, attention=attention, **rest)
        self._remarks.extend(copy.take_remarks())
        return model

    def _copy(self) -> ModelSource:
        """Return the copy of the file that transformers loads within a second, made now if there is none."""
        require_readers(str(self.file))
        folder = cache_folder() / f"{self.file.stem[:60]}-{FORM}-{file_identity(self.file)[:16]}"
        copy = folder / "model"
        if not _is_whole(copy):
            with _said_of_cache(folder):
                folder.mkdir(parents=True, exist_ok=True)
                waiting = f"{self.gguf_file}: another process is reading it; waiting for that ..."
                with alone(folder / "lock", waiting=lambda: say(waiting, err=True)):
                    if not _is_whole(copy):  # the process that was waited for has made it
                        self._read_into(copy)
        return ModelSource(str(copy), "", self.dtype, self.device)

    def _read_into(self, copy: Path) -> None:
        """Read the file and write the copy, whole or not at all; only one process may do so at a time."""
        self._check_digest()
        for leftover in copy.parent.glob(".harness-*.partial"):  # of a process that was killed while it held the lock
            shutil.rmtree(leftover, ignore_errors=True)
        size = self.file.stat().st_size / 1e6
        say(f"reading {self.gguf_file} ({size:,.0f} MB), once; kept as safetensors in {copy} ...", err=True)
        whole = private_name(copy)
        try:
            with told(ModelSource(self.path), f"model of {self.gguf_file}"):
                model, tokenizer, remarks = _read(self.file)
            versions = {name: version(name) for name in ("transformers", "gguf")}
            about = {"file": self.gguf_file, "identity": file_identity(self.file), **versions, "remarks": remarks}
            _write(whole, model, tokenizer, about)
            shutil.rmtree(copy, ignore_errors=True)  # one from which something was taken away
            whole.rename(copy)
        except BaseException:  # Ctrl-C too must leave no half-written copy of some gigabytes
            shutil.rmtree(whole, ignore_errors=True)
            raise

    def _check_digest(self) -> None:
        with self.file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest() if self.sha256 else ""
        if found != self.sha256:
            raise CellError(
                f"{self.file}: is not the file that is meant here: its SHA-256 is {found}, not {self.sha256}. "
                f"To ask it all the same: hf:path={self.path},gguf_file={self.gguf_file}"
            )


def model_source(
    path: str, gguf_file: str, revision: str, dtype: str, device: str, trust_remote_code: bool
) -> ModelSource:
    """Return the model of a folder or hub id, or of a GGUF file in the folder.

    Args:
        path: Folder or hub id.
        gguf_file: Name of the file; "" takes the only one of a folder that holds no weights of another form.
        revision: As of `ModelSource`.
        dtype: As of `ModelSource`.
        device: As of `ModelSource`.
        trust_remote_code: As of `ModelSource`.

    Raises:
        UsageError: the folder holds no such file, or several and none is named.
    """
    name = _chosen(path, gguf_file)
    if not name:
        return ModelSource(path, revision, dtype, device, trust_remote_code)
    return GgufSource(path, revision, dtype, device, gguf_file=name)


def _chosen(path: str, gguf_file: str) -> str:
    """Return the name of the GGUF file that is meant; "" if none is."""
    folder = Path(path)
    if path and not folder.is_dir():
        if gguf_file:
            raise UsageError(
                f"gguf_file={gguf_file!r} is looked for in a folder, and path={path!r} is none here: "
                f"hf download {path} {gguf_file} --local-dir FOLDER brings a file of the hub"
            )
        if folder.suffix == SUFFIX and folder.is_file():
            raise UsageError(f"path={path!r} is a file: give path={folder.parent},gguf_file={folder.name}")
    names = sorted(file.name for file in folder.iterdir() if file.suffix == SUFFIX) if path and folder.is_dir() else []
    if gguf_file:
        given = Path(gguf_file)
        # Where training keeps what a model was given it writes paths out in full.
        inside = not given.is_absolute() or given.parent.resolve() == folder.resolve()
        name = given.name if given.is_absolute() else gguf_file
        if not path or not inside or name not in names:
            found = did_you_mean(name, names) or (f"; it holds {len(names)}" if names else "; it holds no such file")
            raise UsageError(f"gguf_file={gguf_file!r} is no file {SUFFIX} in path={path!r}{found}")
        return name
    # An adapter's folder is that of its base with it: a GGUF file beside it would be another model.
    if not names or any((folder / name).is_file() for name in (SINGLE, INDEX, PICKLED, PICKLED_INDEX, CONFIG)):
        return ""
    if len(names) > 1:
        some = ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
        raise UsageError(f"path={path!r} holds {len(names)} models ({some}): say which by gguf_file=NAME")
    return names[0]


def require_readers(what: str) -> None:
    """Make sure that the packages are there through which transformers reads GGUF files.

    Raises:
        UsageError: one is missing.
    """
    missing = [name for name in ("gguf", "accelerate") if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"{what} is read through {' and '.join(missing)}, not installed here: pip install {' '.join(missing)}"
        )


def cache_folder() -> Path:
    """Return the folder of the copies: ``$XDG_CACHE_HOME/harness/gguf``."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "harness" / "gguf"


def _is_whole(copy: Path) -> bool:
    return all((copy / name).is_file() or (name == SINGLE and (copy / INDEX).is_file()) for name in KEPT)


@contextlib.contextmanager
def _said_of_cache(folder: Path) -> Iterator[None]:
    """Turn an error in writing the copy into one line that names the folder and the mend."""
    try:
        yield
    except OSError as error:
        reason = NO_ROOM if is_full(error) else f"cannot be written: {error.strerror}"
        raise CellError(f"{folder}: {reason} (XDG_CACHE_HOME names another folder)") from error


def _read(file: Path) -> tuple[Any, Any, list[str]]:
    """Read a GGUF file by transformers; return a plain model, the tokenizer, and remarks for the user."""
    import torch
    import transformers

    prepare()
    place = {"pretrained_model_name_or_path": str(file.parent), "gguf_file": file.name}
    tokenizer = transformers.AutoTokenizer.from_pretrained(**place)
    remarks = _mend_splitting(tokenizer, _stated(file, "tokenizer.ggml.pre"))
    with _bars_only_on_terminals():
        read = transformers.AutoModelForCausalLM.from_pretrained(**place, dtype=torch.float32)
    config = read.config
    # The copy is no quantised model: each weight is the number that it stood for.
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    # transformers refuses to save what it read from a GGUF file, so the weights are handed to a model of its own make.
    with torch.device("meta"):
        plain = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    plain.load_state_dict(read.state_dict(), assign=True)
    plain.tie_weights()
    plain.generation_config = read.generation_config
    return plain, tokenizer, remarks


@contextlib.contextmanager
def _bars_only_on_terminals() -> Iterator[None]:
    """Hold back, where nobody watches, the bar of transformers that its own switch does not reach."""
    if sys.stderr is None or sys.stderr.isatty():
        yield
        return
    with contextlib.redirect_stderr(io.StringIO()):
        yield


def _write(target: Path, model: Any, tokenizer: Any, about: Mapping[str, object]) -> None:
    """Write a model as transformers does, with what is known of where it comes from, onto the disk."""
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)
    (target / ABOUT).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    for file in target.iterdir():
        with file.open("rb") as stream:
            os.fsync(stream.fileno())  # a copy that is there is whole, even after a loss of power


def _stated(file: Path, key: str) -> str:
    """Return a text that the head of the file states; "" if it does not."""
    from gguf import GGUFReader

    field = GGUFReader(file).fields.get(key)
    return str(field.contents()) if field is not None else ""


def _mend_splitting(tokenizer: Any, kind: str) -> list[str]:
    """Let the tokenizer split texts before its merges as the file says; return remarks for the user.

    transformers knows some of the names that files state. Under any other it splits as GPT-2's tokenizer does: numbers
    behind several blanks, for one, then become other tokens than the model was trained on.
    """
    from tokenizers import pre_tokenizers

    backend = tokenizer.backend_tokenizer
    if not isinstance(backend.pre_tokenizer, pre_tokenizers.ByteLevel) or kind in ("", *AS_GPT_2):
        return []
    if kind in DIGITS_APART:
        levels = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        backend.pre_tokenizer = pre_tokenizers.Sequence(levels)
        return []
    return [f"the file's tokenizer splits texts as {kind!r} does, which is not known here; they are split as by GPT-2"]
