"""What is alive in this process: memory, handles, descriptors, threads."""

import ctypes
import gc
import os
import threading
import time

from pywasm import _native

GIVES_BACK = getattr(ctypes.CDLL(None), "malloc_trim", None)
SAMPLES = 3


def resident():
    """Bytes of memory that the process has, when all that is free went back: the least of some."""
    least = None
    for _ in range(SAMPLES):
        gc.collect()
        _native.census()  # collects in Go, and gives back
        time.sleep(0.01)  # finalizers run meanwhile
        if GIVES_BACK is not None:
            GIVES_BACK(0)
        with open("/proc/self/statm") as statm:
            now = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        least = now if least is None else min(least, now)
    return least


def give_back():
    """Has Go take back the stack that a deep recursion leaves to this thread.

    That is half of it each time that Go collects while the thread calls, so not while it rests.
    """
    for _ in range(4):
        _native.census()  # collects three times


def alive():
    """How many things are alive, by name. Threads of Go are not: it has as many as it likes."""
    gc.collect()
    counts = _native.census()
    del counts["heap"]
    counts["descriptors"] = len(os.listdir("/proc/self/fd"))
    counts["Python threads"] = threading.active_count()
    return counts


def settle(check, patience=10):
    """Waits until check() is empty, since finalizers take their time, and returns it."""
    end = time.monotonic() + patience
    while (left := check()) and time.monotonic() < end:
        time.sleep(0.05)
    return left
