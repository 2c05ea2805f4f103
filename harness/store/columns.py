"""Columns of text in the tables of a store: a half character in a text cannot keep its row from being filed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String, Text, TypeDecorator

from harness.encodable import encodable


class Name(TypeDecorator[str]):
    """A short text, written as `encodable` gives it."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """Give what is written; what is no text, as it stands."""
        return encodable(value) if isinstance(value, str) else value


class Prose(Name):
    """A long one."""

    impl = Text
    cache_ok = True
