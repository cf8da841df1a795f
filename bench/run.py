"""Measure pywasm and its peers, print one table, and check the bounds (see README.md)."""

import argparse
import importlib
import pathlib
import platform
import sys
import tempfile

import harness
import rows

TIMES = [(1, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")]
SIZES = [(2**20, "MiB"), (2**10, "KiB"), (1, "B")]


def load_peers():
    """The peers that are here, by column; pywasm itself must be."""
    peers = {}
    for column, name in rows.COLUMNS.items():
        try:
            peers[column] = importlib.import_module(f"peers.{name}")
        except ImportError as missing:
            if column == "pywasm":
                raise
            print(f"{column}: not here ({missing})", file=sys.stderr)
    return peers


def measure(peers):
    """Yield each row as its name, its values by column, its bounds and its units."""
    for name, function, bounds in rows.TIMED:
        contenders = {
            column: getattr(peer, function)()
            for column, peer in peers.items()
            if hasattr(peer, function)
        }
        yield name, harness.measure(contenders), bounds, TIMES
    name, bounds = rows.IMPORT
    modules = {column: peer.MODULE for column, peer in peers.items() if peer.MODULE}
    yield name, harness.measure_imports(modules), bounds, TIMES
    name, bounds = rows.FRESH
    with tempfile.TemporaryDirectory() as folder:
        sources = {
            column: peer.fresh(folder) for column, peer in peers.items() if hasattr(peer, "fresh")
        }
        yield name, harness.measure_processes(sources), bounds, TIMES
    if sys.platform == "linux":
        name, bounds = rows.GROWTH
        makers = {
            column: rows.COLUMNS[column]
            for column, peer in peers.items()
            if hasattr(peer, "instance_maker")
        }
        folder = pathlib.Path(__file__).parent
        yield name, harness.measure_growth(folder, makers), bounds, SIZES


def scaled(value, units):
    factor, unit = next((pair for pair in units if value >= pair[0]), units[-1])
    return f"{value / factor:.3g} {unit}"


def cell(values, column, units):
    """The figure, and its ratio to the first column that has one."""
    if column not in values:
        return "-"
    baseline = next(name for name in rows.COLUMNS if name in values)
    figure = scaled(values[column], units)
    if column == baseline or values[baseline] <= 0:
        return figure
    return f"{figure} {values[column] / values[baseline]:6.2f}x"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 if a bound is missed")
    check = parser.parse_args().check
    missed, rows_above = [], {}
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.platform()}")
    print(f"the timed loop itself: {scaled(harness.loop_cost(), TIMES)}, part of every time below")
    header = "".join(f"{column:>20}" for column in rows.COLUMNS)
    print(f"{'':28}{header}   bound")
    for name, values, bounds, units in measure(load_peers()):
        cells = "".join(f"{cell(values, column, units):>20}" for column in rows.COLUMNS)
        rows_above[name], told = values, []
        for bound in bounds:
            holds = bound.holds(values, rows_above)
            told.append(f"{bound}{'' if holds else ' !'}")
            if not holds:
                missed.append(f"{name}: {bound}")
        print(f"{name:28}{cells}   {', '.join(told)}", flush=True)
    for line in missed:
        print(f"missed: {line}", file=sys.stderr)
    return 1 if check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
