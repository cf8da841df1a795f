"""Calls off the event loop of asyncio, which end when their task is cancelled."""

from __future__ import annotations

import asyncio
import contextvars
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._native import Function

_PATIENCE = 0.005  # seconds until a call that had not begun is looked for again


async def call(function: Function, args: tuple[Any, ...]) -> Any:
    """Calls the function in the executor of the loop.

    A task that is cancelled ends when the guest has been unwound: what it runs on is free then.
    """
    context = contextvars.copy_context()
    thread = 0
    given_up = False

    def work() -> Any:
        nonlocal thread
        thread = threading.get_ident()
        return None if given_up else function(*args)

    loop = asyncio.get_running_loop()
    future = loop.run_in_executor(None, context.run, work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        given_up = True  # a call that waits for a thread does not begin
        while thread and not future.done():
            function._interrupt(thread)
            await asyncio.wait([future], timeout=_PATIENCE)
        if future.done():
            future.exception()  # has been seen
        raise
