"""Coroutines that run together: if one fails, the others are cancelled, and its exception is raised."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine


async def until_one_ends(*parts: Coroutine[Any, Any, object]) -> None:
    """Run coroutines until the first of them ends, then cancel the others and wait for them.

    Raises
    ------
    Exception
        The exception that one of them has raised.
    """
    await _run(parts, asyncio.FIRST_COMPLETED)


async def until_all_end(*parts: Coroutine[Any, Any, object]) -> None:
    """Run coroutines until all of them have ended or one has failed; then cancel the others and wait for them.

    Raises
    ------
    Exception
        The exception that one of them has raised.
    """
    await _run(parts, asyncio.FIRST_EXCEPTION)


async def _run(parts: tuple[Coroutine[Any, Any, object], ...], until: str) -> None:
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        await asyncio.wait(tasks, return_when=until)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.result()
