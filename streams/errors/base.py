"""The base of all errors."""

from __future__ import annotations


class FirewatchError(Exception):
    """Base of all errors with a message for the person who runs firewatch."""

    exit_code = 1
