"""The base of all errors."""

from __future__ import annotations


class FirewatchError(Exception):
    """Base of all errors with a message for the person who runs firewatch."""

    exit_code = 1

    @property
    def in_one_line(self) -> str:
        """Return the message in one line, without what is named beside it: for tables and logs."""
        return str(self)
