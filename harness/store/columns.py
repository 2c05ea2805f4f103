"""Types of the columns in the tables of a store."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String, Text, TypeDecorator

from harness.encoding import encodable


class Name(TypeDecorator[str]):
    """A short text; half a character in it cannot keep its row from being filed."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """Give what is written; what is no text, as it stands."""
        return encodable(value) if isinstance(value, str) else value


class Prose(Name):
    """A long text."""

    impl = Text
    cache_ok = True


class Moment(Name):
    """A point in time: ISO 8601, with its offset from UTC."""

    cache_ok = True


class JsonObject(Prose):
    """A JSON object, written out."""

    cache_ok = True


class JsonNames(Prose):
    """A JSON list of names, written out."""

    cache_ok = True
