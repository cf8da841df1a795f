"""soak/: everything at once, in random order, for long; then memory is flat and nothing is left.

Threads do the actions of actions.py, while the main thread forks and gets signals. Now and then
all of them stop, and resident memory is measured. An action that fails, a hang, or a leak ends the
run with an error. The order of what each thread does comes from a seed, which is printed.
Linux only, for what it reads of /proc.
"""

import argparse
import faulthandler
import os
import random
import signal
import sys
import tempfile
import threading
import time
import traceback

import measure
from actions import ACTIONS, Failed, Place, raises

from pywasm.compilers import interpreter, optimizing

PATIENCE = 60  # seconds until something that does not end is a hang
# How much resident memory may grow, from the first tenth to the end. A short run has few moments at
# which little is alive, so the least of them says less.
GROWTH = 1.02
GROWTH_SHORT = 1.5
SHORT = 10  # minutes
# Seconds of a longer run before memory is first measured: threads get what they keep, caches fill.
SETTLING = 60
SAMPLES = 60


class Workers:
    """Threads that do actions until they are told to stop, or one of them fails."""

    def __init__(self, places, seed, count):
        self.failures = []
        self.done = dict.fromkeys((action.__name__ for action in ACTIONS), 0)
        self._going = threading.Event()
        self._stopped = False
        self._paused = threading.Barrier(count + 1)
        self._threads = [
            threading.Thread(target=self._run, args=(places, f"{seed}-{n}"), daemon=True)
            for n in range(count)
        ]

    def _run(self, places, seed):
        source = random.Random(seed)
        actions, weights = list(ACTIONS), list(ACTIONS.values())
        while not self._stopped:
            if not self._going.is_set():
                measure.give_back()
                self._paused.wait()
                self._going.wait()
                continue
            action, place = source.choices(actions, weights)[0], source.choice(places)
            try:
                action(place, source)
            except BaseException:
                self.failures.append(f"{action.__name__}\n{traceback.format_exc()}")
                self._paused.abort()
                return
            self.done[action.__name__] += 1

    def start(self):
        self._going.set()
        for thread in self._threads:
            thread.start()

    def pause(self):
        """Returns whether all threads have come to rest, which they do unless one has failed."""
        self._going.clear()
        try:
            self._paused.wait(PATIENCE)
        except threading.BrokenBarrierError:
            if not self.failures:
                raise AssertionError("a thread hangs") from None
            return False
        return True

    def resume(self):
        self._going.set()

    def stop(self):
        self._stopped = True
        self._going.set()
        for thread in self._threads:
            thread.join(PATIENCE)


# --- what the main thread does ----------------------------------------------------------------


def fork(place, source):
    """A child uses what its parent has made, and may have a child of its own."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            instance = place.instance(lambda n: n + 1)
            assert instance.exports.call(1) == 2
            with instance.limits(timeout=0.01), raises(Exception):
                instance.exports.loop()
            if source.random() < 0.3:
                fork(place, source)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    end = time.monotonic() + PATIENCE
    while (found := os.waitpid(child, os.WNOHANG)) == (0, 0):
        if time.monotonic() > end:
            os.kill(child, signal.SIGUSR1)  # it says where it hangs
            time.sleep(1)
            os.kill(child, signal.SIGKILL)
        time.sleep(0.005)
    assert found[1] == 0, f"the child ended with {found[1]}"


def handle_signal(place, source):
    """A handler that raises ends the guest; one that returns does not."""

    def handler(number, frame):
        seen.append(number)
        if raising:
            raise raising

    seen, instance = [], place.instance(lambda n: n)
    raising = source.choice([None, Failed("from a handler"), KeyboardInterrupt()])
    before = signal.signal(signal.SIGALRM, handler)
    try:
        if raising is None:
            signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
            while len(seen) < 3:
                assert instance.exports.count(100_000) == 100_000
        else:
            with raises(type(raising)):
                signal.setitimer(signal.ITIMER_REAL, 0.005)
                source.choice([instance.exports.loop, instance.exports.forever])()
            raising.__traceback__ = None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def rest(place, source):
    time.sleep(0.05)


# --- the run ----------------------------------------------------------------------------------


def warm_up(cache):
    """Does each action once with places that go again: what is made once for good is there then."""
    for compiler in (optimizing, interpreter):
        place = Place(compiler.Compiler, cache)
        source = random.Random(0)
        for action in [*ACTIONS, handle_signal]:
            action(place, source)
        place.close()


def soak(seconds, settling, seed, count, cache):
    """Returns what resident memory was, at equal distances after settling, and what was done."""
    places = [Place(compiler.Compiler, cache) for compiler in (optimizing, interpreter)]
    source = random.Random(seed)
    workers = Workers(places, seed, count)
    workers.start()
    begin, samples = time.monotonic() + settling, []
    while (now := time.monotonic() - begin) < seconds and not workers.failures:
        if now >= len(samples) * seconds / SAMPLES:
            if not workers.pause():
                break
            for place in places:
                place.views[:] = [None] * len(place.views)
                place.instances.clear()
            samples.append(measure.resident())
            faulthandler.dump_traceback_later(PATIENCE + seconds / SAMPLES, exit=True)
            workers.resume()
        source.choice([fork, handle_signal, rest, rest])(source.choice(places), source)
    workers.stop()
    for place in places:
        place.close()
    if workers.failures:
        raise AssertionError(f"{len(workers.failures)} failed, first {workers.failures[0]}")
    return samples, workers.done


def judge(samples, before, growth):
    """Returns what is wrong, in words."""
    part = len(samples) // 5  # in each of which there is a moment when little is alive
    tenth, end = min(samples[part // 2 : part // 2 + part]), min(samples[-part:])
    if end > tenth * growth:
        yield f"resident memory grew from {tenth >> 10} KiB to {end >> 10} KiB"

    def left():
        after = measure.alive()
        return {name: (n, after[name]) for name, n in before.items() if after[name] > n}

    for name, (was, now) in measure.settle(left).items():
        yield f"{name} left: {now}, {was} before"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--threads", type=int, default=4)
    options = parser.parse_args()
    faulthandler.register(signal.SIGUSR1)
    print(f"seed {options.seed}, {options.minutes} minutes, {options.threads} threads", flush=True)
    with tempfile.TemporaryDirectory() as cache:
        warm_up(cache)
        before = measure.alive()
        print("before:", before, flush=True)
        short = options.minutes < SHORT
        settling = 0 if short else SETTLING
        samples, done = soak(options.minutes * 60, settling, options.seed, options.threads, cache)
        wrong = list(judge(samples, before, GROWTH_SHORT if short else GROWTH))
    faulthandler.cancel_dump_traceback_later()
    print("done:", ", ".join(f"{name} {n}" for name, n in done.items()))
    print("resident, in MiB:", *(f"{sample / 2**20:.1f}" for sample in samples))
    for text in wrong:
        print("error:", text)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
