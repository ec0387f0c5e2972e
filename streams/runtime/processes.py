"""Process pools whose processes keep a state of their own, and end when the process that opened the pool does."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import TYPE_CHECKING, Any, Concatenate, Final, Generic, ParamSpec, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from types import TracebackType

State = TypeVar("State")
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

CONTEXT: Final = get_context("spawn")
"""The multiprocessing context of the pools; create shared queues and arrays from it."""

_state: Any = None
"""The state of this process, if a pool started it."""


class ProcessPool(Generic[State]):
    """A pool of processes, each with a state that is built once and handed to every call; closed by ``with``.

    A pool of the standard library is closed by the process that opened it. If that is killed, by SIGTERM for instance,
    the processes of the pool would wait for work for ever; those of this pool end within moments.

    Parameters
    ----------
    workers
        Largest number of processes.
    build
        Builds the state in each process before its first call; a function of a module, as it is sent by name.
    arguments
        Arguments of `build`: picklable, or shared objects of `CONTEXT`.
    """

    def __init__(self, workers: int, build: Callable[..., State], *arguments: Any) -> None:
        self._executor = ProcessPoolExecutor(workers, CONTEXT, _start, (build, *arguments))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.__exit__(kind, error, trace)

    def submit(
        self,
        function: Callable[Concatenate[State, Parameters], Result],
        *arguments: Parameters.args,
        **options: Parameters.kwargs,
    ) -> Future[Result]:
        """Call ``function(state, *arguments, **options)`` in one of the processes."""
        return self._executor.submit(partial(_call, function), *arguments, **options)


def _start(build: Callable[..., object], *arguments: Any) -> None:
    global _state  # noqa: PLW0603  the process belongs to one pool, for its whole life
    Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()
    _state = build(*arguments)


def _call(
    function: Callable[Concatenate[State, Parameters], Result],
    *arguments: Parameters.args,
    **options: Parameters.kwargs,
) -> Result:
    return function(_state, *arguments, **options)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
