"""Arrays of numpy wherever a request, an item or a response holds them: how they are hashed, shown and weighed.

Nothing here imports numpy before somebody made an array.

>>> import numpy as np
>>> pixels = np.arange(6, dtype=np.float32).reshape(2, 3)
>>> shown_array(pixels)
'float32 array of 2 × 3: 0, 1, 2, 3, 4, 5'
>>> plain_value(pixels) == plain_value(pixels.astype(">f4"))
True
>>> plain_value(pixels) == plain_value(pixels.T)
False
"""

from __future__ import annotations

import dataclasses
import hashlib
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING:
    from numpy.typing import NDArray

NUMBER = "number"
"""What a capability declares of an entry of its responses that is a single finite number and no array."""
_KINDS = "biufcSUmM"
"""Of numpy's types, those whose bytes are their values."""
_PADDED = "gG"
"""Long doubles, whose bytes hold padding that differs from one computation to the next."""
_SHOWN = 8
_DIGEST_BYTES = 16


class UnkeyableValue(TypeError):
    """A value that no key can be made of, since nothing says what it holds."""


def is_array(value: object) -> TypeGuard[NDArray[Any]]:
    """Return whether a value is an array of numpy."""
    numpy = sys.modules.get("numpy")  # nobody has an array as long as nobody has imported it
    return numpy is not None and isinstance(value, numpy.ndarray)


def array_problem(array: NDArray[Any]) -> str | None:
    """Say in half a sentence why an array can be neither hashed nor filed; None where it can."""
    import numpy as np

    if isinstance(array, np.ma.MaskedArray):  # its bytes say nothing of its mask
        return "a masked array; fill it first, by filled(...)"
    dtype = array.dtype
    if dtype.hasobject or dtype.kind not in _KINDS:
        return f"an array of {dtype}, whose bytes are not its values; make it one of numbers or of fixed-width texts"
    if dtype.char in _PADDED:
        return f"an array of {dtype}, whose bytes hold padding; make it float64 or complex128"
    return None


def plain_value(value: Any) -> Any:
    """Return what stands for an array, or a number of numpy, in the content of a request: a hook of JSON encoders.

    Two arrays are the same content where type, shape and values are, whatever their byte order and strides.

    Raises:
        UnkeyableValue: it is neither, or an array whose bytes are not its values.
    """
    numpy = sys.modules.get("numpy")
    if is_array(value):
        problem = array_problem(value)
        if problem:
            raise UnkeyableValue(problem)
        return {"array": [little(value).dtype.str, list(value.shape), digest_of_array(value)]}
    if numpy is not None and isinstance(value, numpy.generic):
        if value.dtype.char in _PADDED:
            raise UnkeyableValue(f"a number of numpy's {value.dtype}; make it a float")
        return value.item()
    raise UnkeyableValue(f"a {type(value).__module__}.{type(value).__qualname__}")


def little(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array with its bytes in little-endian order, itself where they are."""
    return array.astype(array.dtype.newbyteorder("<"), copy=False)


def digest_of_array(array: NDArray[Any]) -> str:
    """Hash the values of an array, in C order and little-endian; its type and shape are not part of it."""
    import numpy as np

    whole = np.ascontiguousarray(little(array))
    return hashlib.blake2b(whole.reshape(-1).view(np.uint8).data, digest_size=_DIGEST_BYTES).hexdigest()


class NamedArrays(Mapping[str, Any]):
    """The arrays and numbers of one response, by name; an array that is filed is read whenever it is looked up.

    Args:
        values: Arrays and numbers, or in place of an array a function that reads it.

    >>> import numpy as np
    >>> response = NamedArrays({"norms": lambda: np.ones(3), "loss": 0.25})
    >>> response["norms"], response["loss"]
    (array([1., 1., 1.]), 0.25)
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> Any:
        """Return an array or a number.

        Raises:
            StoreError: the array is on file, and its file is gone.
        """
        value = self._values[name]
        return value() if callable(value) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self._values)})"

    @property
    def nbytes(self) -> int:
        """The bytes of the arrays that are in memory."""
        return sum(int(getattr(value, "nbytes", 8)) for value in self._values.values())

    def owned(self) -> NamedArrays:
        """Return the same with arrays that are parts of no larger ones."""
        return NamedArrays({name: owned(value) for name, value in self._values.items()})


def owned(value: Any) -> Any:
    """Return a value that keeps no more in memory than itself: a row of a matrix would keep the whole matrix."""
    if isinstance(value, NamedArrays):
        return value.owned()
    return value.copy() if is_array(value) and value.base is not None else value


def arrays_inside(value: Any) -> Iterator[NDArray[Any]]:
    """Yield the arrays inside a value: of mappings, lists, tuples and dataclasses, however deep."""
    if is_array(value):
        yield value
    elif isinstance(value, NamedArrays):
        yield from arrays_inside([each for each in value._values.values() if is_array(each)])
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from arrays_inside(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            if not isinstance(inner, (str, int, float)):
                yield from arrays_inside(inner)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from arrays_inside(getattr(value, field.name))


def shown_array(array: NDArray[Any]) -> str:
    """Write an array for a reader: its type, its shape and its first values."""
    shape = " × ".join(map(str, array.shape)) or "no dimensions"
    first = ", ".join(_shown_number(value) for value in array.flat[:_SHOWN])
    more = ", …" if array.size > _SHOWN else ""
    return f"{array.dtype} array of {shape}" + (f": {first}{more}" if array.size else "")


def _shown_number(value: Any) -> str:
    try:
        return f"{value:.6g}"
    except (TypeError, ValueError):  # a text, a date, a flag
        return str(value)


def shown_value(value: Any) -> str:
    """Write a value for a reader, with each array inside it as `shown_array` does."""
    if is_array(value):
        return shown_array(value)
    if next(arrays_inside(value), None) is None:
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {shown_value(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        more = ", …" if len(value) > _SHOWN else ""
        return f"[{', '.join(map(shown_value, value[:_SHOWN]))}{more}]"
    listed = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
    return f"{type(value).__name__}({', '.join(f'{name}={shown_value(inner)}' for name, inner in listed)})"
