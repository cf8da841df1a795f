"""Timing: contenders take turns, and the minimum counts."""

import subprocess
import sys
import time
import timeit

ROUND = 0.004  # seconds that one contender's turn lasts, about
ROUNDS = 40
PROCESSES = 30
INSTANCES = 5000


class Contender:
    """One statement with the names it uses; `per` is how many operations it makes."""

    def __init__(self, statement, per=1, **names):
        self.per = per
        self.timer = timeit.Timer(statement, globals=names)
        self.best = float("inf")
        self.number = 1

    def calibrate(self):
        elapsed = self.timer.timeit(self.number)
        while elapsed < ROUND and self.number < 10**6:
            self.number = max(self.number + 1, int(self.number * min(10, 1.2 * ROUND / elapsed)))
            elapsed = self.timer.timeit(self.number)

    def turn(self):
        self.best = min(self.best, self.timer.timeit(self.number) / self.number / self.per)


def measure(contenders):
    """Seconds for one operation, by peer."""
    for contender in contenders.values():
        contender.calibrate()
    for _ in range(ROUNDS):
        for contender in contenders.values():
            contender.turn()
    return {peer: contender.best for peer, contender in contenders.items()}


def loop_cost():
    """Seconds that one pass of the timed loop takes by itself."""
    return measure({"nothing": Contender("pass")})["nothing"]


def process(source):
    """Run source in a fresh interpreter; give the seconds it took and what it printed."""
    begin = time.perf_counter()
    finished = subprocess.run(
        [sys.executable, "-I", "-c", source], stdout=subprocess.PIPE, text=True, check=True
    )
    return time.perf_counter() - begin, finished.stdout


def measure_imports(modules):
    """Seconds that a process takes more when it imports the module, by peer."""
    sources = {"bare": "pass", **{peer: f"import {name}" for peer, name in modules.items()}}
    best = measure_processes(sources)
    return {peer: best[peer] - best["bare"] for peer in modules}


def measure_processes(sources):
    """Seconds that a process takes which runs a source, by peer."""
    best = dict.fromkeys(sources, float("inf"))
    for turn in range(PROCESSES + 1):
        for peer, source in sources.items():
            elapsed, _ = process(source)
            if turn:  # the first one may have written bytecode
                best[peer] = min(best[peer], elapsed)
    return best


GROWTH = """
import sys
sys.path.insert(0, {folder!r})
from peers import {peer}
def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096
make = {peer}.instance_maker()
kept = [make() for _ in range(200)]
before = resident()
kept += [make() for _ in range({count})]
print((resident() - before) / {count})
"""


def measure_growth(folder, peers):
    """Bytes that each living instance of the tiny module adds to a process, by peer."""
    grown = {}
    for name, peer in peers.items():
        _, out = process(GROWTH.format(folder=str(folder), peer=peer, count=INSTANCES))
        grown[name] = float(out)
    return grown
