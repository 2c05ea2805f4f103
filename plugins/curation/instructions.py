"""Instructions that a program can verify, by IFEval's ids (Zhou et al., arXiv 2311.07911); strict: all have to hold.

The definitions are the paper's; two departures: sentences are split by our own rule instead of nltk's, and nothing
detects languages, so that ``language:response_language`` makes a reference unreadable and the two ids about English
text look at the case of its letters only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .checker import BadReference, CheckResult
from .instructions_form import FORM
from .instructions_words import WORDS, Instruction, Invalid

INSTRUCTIONS: Mapping[str, Instruction] = {**WORDS, **FORM}
"""The functions (response, **arguments) -> bool by the id of their instruction."""


def check(response: str, reference: Any) -> CheckResult:
    """Check whether the response follows every instruction (prompt-level strict accuracy).

    Args:
        response: What the model wrote.
        reference: ``[ids, arguments]`` or ``{"instruction_id_list": ids, "kwargs": arguments}``: a list of ids, and a
            list of as many mappings; arguments that are null are left out, as the data set pads them.

    Raises:
        BadReference: an id is unknown, or its arguments do not fit.
    """
    instructions = _read(reference)
    broken = [name for name, arguments in instructions if not follows(name, response, arguments)]
    kept = len(instructions) - len(broken)
    parsed = f"{kept} of {len(instructions)} followed" if response.strip() else ""
    return CheckResult(not broken, f"not followed: {', '.join(broken)}" if broken else "all followed", parsed)


def follows(name: str, response: str, arguments: Mapping[str, Any]) -> bool:
    """Tell whether a response follows one instruction; an empty response follows none.

    Raises:
        BadReference: the id is unknown, or its arguments do not fit.
    """
    if name not in INSTRUCTIONS:
        raise BadReference(f"the instruction {name!r} is not one that is checked here")
    try:
        # Also asked of an empty response, so that wrong arguments show before anything is generated.
        held = INSTRUCTIONS[name](response, **arguments)
    except Invalid as error:
        raise BadReference(f"{name}: {error}") from None
    except (TypeError, AttributeError) as error:
        raise BadReference(f"{name}: arguments {dict(arguments)} do not fit: {error}") from None
    return held and bool(response.strip())


def _read(reference: Any) -> list[tuple[str, dict[str, Any]]]:
    if isinstance(reference, Mapping):
        reference = [reference.get("instruction_id_list"), reference.get("kwargs")]
    if not isinstance(reference, Sequence) or isinstance(reference, str) or len(reference) != 2:
        raise BadReference("expected a list of instruction ids and a list of their arguments")
    ids, arguments = reference
    if not isinstance(ids, list) or not ids or not all(isinstance(name, str) for name in ids):
        raise BadReference(f"expected a list of instruction ids, got {ids!r}")
    arguments = [{} for _ in ids] if arguments is None else arguments
    if not isinstance(arguments, list) or len(arguments) != len(ids):
        raise BadReference(f"expected {len(ids)} mappings of arguments, one an instruction")
    if not all(a is None or isinstance(a, Mapping) for a in arguments):
        raise BadReference("the arguments of an instruction have to be a mapping")
    return [(n, {k: v for k, v in (a or {}).items() if v is not None}) for n, a in zip(ids, arguments, strict=True)]
