"""The reference of the public names, from their docstrings, as Markdown for the site. Nothing is imported."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FACES = {
    "harness": "Everything that a plugin or a script needs: `from harness import Metric`.",
    "harness.errors": "The errors that a user can meet.",
    "harness.stats": "Estimates, intervals and tests, as pure functions over arrays.",
    "harness.kinds": "The kinds of task of the core, to subclass.",
    "harness.store": "For commands, publishers and analyses: reading stores.",
    "harness.results": "For them, too: what is made of results on file.",
    "harness.leaderboard": "For them, too: boards.",
    "harness.files": "For all that read or write files.",
}
"""The packages whose names are public, with a sentence each."""
_FENCE = "`" * 8


def reference(root: Path) -> str:
    """Return the reference of every public face below a checkout."""
    import griffe

    logging.getLogger("griffe").setLevel(logging.CRITICAL)
    package = griffe.load("harness", search_paths=[root], resolve_aliases=True, resolve_external=False)
    parts = []
    seen: set[str] = set()
    for face, sentence in FACES.items():
        module = package if face == "harness" else package[face.removeprefix("harness.")]
        listed = list(_public(module))
        parts.append(f"\n## {face}\n\n{sentence}\n")
        for name, member in listed:
            if member.canonical_path in seen:
                parts.append(f"\n`{name}`: see above.\n")
                continue
            seen.add(member.canonical_path)
            parts.append(_entry(f"{face}.{name}", member))
    return "\n".join(parts)


def _public(module: Any) -> Iterator[tuple[str, Any]]:
    for name, member in sorted(module.members.items(), key=lambda pair: pair[0].lower()):
        if name.startswith("_"):
            continue
        if member.is_alias:
            # A package's public names are those that it imports from its own modules.
            if not member.target_path.startswith("harness.") or member.target_path.startswith("harness.lazy_names"):
                continue
            if name in ("annotations", "import_on_use", "Register", "hookimpl") and module.path != "harness":
                continue
            try:
                target = member.final_target
            except Exception:  # what cannot be resolved has no docstring to show
                continue
            if not target.is_module:
                yield name, target
        elif not member.is_module and (member.is_class or member.is_function):
            yield name, member


def _entry(path: str, member: Any) -> str:
    if member.is_function:
        kind, head = "function", f"{path}{_signature(member)}"
    elif member.is_class:
        kind = (
            "exception" if any("Error" in str(base) or "Exception" in str(base) for base in member.bases) else "class"
        )
        head = f"{path}{_signature(member)}" if kind == "class" else path
    else:
        kind, head = "data", path
    lines = [f"{_FENCE}{{py:{kind}}} {head}", "", _text(member)]
    if member.is_class:
        lines += [_inner(name, inner) for name, inner in member.members.items() if _is_shown(name, inner)]
    return "\n".join([*lines, _FENCE, ""])


def _is_shown(name: str, member: Any) -> bool:
    return not name.startswith("_") and not member.is_alias and member.docstring is not None and not member.is_class


def _inner(name: str, member: Any) -> str:
    fence = _FENCE[:-1]
    if member.is_function:
        head = f"{fence}{{py:method}} {name}{_signature(member)}"
    else:
        # Attributes have common names, such as "threshold", and would come before every page in searches.
        head = f"{fence}{{py:attribute}} {name}\n:no-index:"
        if member.annotation is not None:
            head += f"\n:type: {member.annotation}"
    return f"\n{head}\n\n{_text(member)}\n{fence}\n"


def _signature(member: Any) -> str:
    parts, starred = [], False
    for parameter in member.parameters:
        kind = parameter.kind.value if parameter.kind is not None else ""
        if parameter.name in ("self", "cls") and not parts:
            continue
        if kind == "keyword-only" and not starred:
            parts.append("*")
        starred = starred or kind in ("keyword-only", "variadic positional")
        stars = {"variadic positional": "*", "variadic keyword": "**"}.get(kind, "")
        text = f"{stars}{parameter.name}"
        if parameter.annotation is not None:
            text += f": {parameter.annotation}"
        if parameter.default is not None and not stars:
            default = str(parameter.default)
            text += f" = {default if len(default) < 40 and chr(10) not in default else '...'}"
        parts.append(text)
    returns = getattr(member, "returns", None)
    return f"({', '.join(parts)})" + (f" -> {returns}" if returns is not None else "")


def _text(member: Any) -> str:
    if member.docstring is None:
        return ""
    out = []
    for section in member.docstring.parse("google", warnings=False):
        kind = section.kind.value
        if kind == "text":
            out.append(_markdown(section.value))
        elif kind in ("parameters", "attributes", "other parameters"):
            out.append("\n".join(f"- **{_plain(one.name)}**: {_folded(one.description)}" for one in section.value))
        elif kind == "raises":
            rows = (f"- raises `{one.annotation}`: {_folded(one.description)}" for one in section.value)
            out.append("\n".join(rows))
        elif kind in ("returns", "yields"):
            out.append("\n".join(f"- {kind} {_folded(one.description)}" for one in section.value))
        elif kind == "examples":
            out += [_markdown(text) for _, text in section.value]
        else:
            out.append(_markdown(str(getattr(section.value, "description", section.value))))
    return "\n\n".join(out)


def _plain(name: str) -> str:
    return name.replace("*", r"\*").replace("_", r"\_")


def _folded(text: str) -> str:
    return " ".join(_markdown(text).split())


def _markdown(text: str) -> str:
    """A docstring's text: double backticks are code as single ones are, examples for doctest become code."""
    text = re.sub(r"(?<!`)``(?!`)(.+?)(?<!`)``(?!`)", r"`\1`", text, flags=re.DOTALL)
    return re.sub(
        r"^(>>> .*?)(?=\n\s*\n|\Z)", lambda found: f"```pycon\n{found[1]}\n```", text, flags=re.DOTALL | re.MULTILINE
    )
