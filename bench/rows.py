"""The rows of the table and the bounds of pywasm in them."""

COLUMNS = {"C": "native", "pywasm": "ours", "wasmtime": "wasmtime_py", "pywasm3": "pywasm3_py"}


class AtMost:
    """pywasm takes at most `factor` times what `peer` takes; below 1 it is that much faster."""

    def __init__(self, factor, peer):
        self.factor, self.peer = factor, peer

    def __str__(self):
        if self.factor < 1:
            return f"{1 / self.factor:g} x faster than {self.peer}"
        return f"≤ {self.factor:g} x {self.peer}"

    def holds(self, values, _):
        return self.peer not in values or values["pywasm"] <= self.factor * values[self.peer]


class Below:
    """pywasm takes less than `limit`, in seconds or bytes."""

    def __init__(self, limit, text):
        self.limit, self.text = limit, text

    def __str__(self):
        return f"≤ {self.text}"

    def holds(self, values, _):
        return values["pywasm"] <= self.limit


class OfRow:
    """pywasm takes at most `factor` times what it takes in a row above."""

    def __init__(self, factor, row):
        self.factor, self.row = factor, row

    def __str__(self):
        return f"{1 / self.factor:g} x faster than {self.row!r}"

    def holds(self, values, rows):
        return values["pywasm"] <= self.factor * rows[self.row]["pywasm"]


LIKE_C = [AtMost(4, "C"), AtMost(1 / 100, "wasmtime")]

# The name of the row, the function of the peers that makes its contender, the bounds.
TIMED = [
    ("call nop()", "nop", LIKE_C),
    ("call add(i32, i32)", "add", LIKE_C),
    ("host callback in a loop", "callback", [AtMost(4, "C")]),
    ("one byte, API", "byte", []),
    # Two loops over the same type of object: what differs is noise, which gets a tenth.
    ("one byte, cached memoryview", "view_byte", [AtMost(1.1, "C")]),
    ("NumPy view", "numpy_view", [AtMost(2, "C")]),
    ("read 255 bytes", "read", []),
    ("write 255 bytes", "write", []),
    ("instantiate a tiny module", "instantiate", [Below(10e-6, "10 µs")]),
    ("WASI hello, warm", "hello", [Below(60e-6, "60 µs")]),
    ("compile a tiny module", "compile_tiny", []),
    ("compile wordcount.wasm", "compile_program", []),
    ("load it from an artefact", "load", [OfRow(1 / 10, "compile wordcount.wasm")]),
]
IMPORT = ("import, over bare Python", [Below(3e-3, "3 ms")])
FRESH = ("WASI hello, new process", [AtMost(2.5, "C")])
GROWTH = ("memory per instance", [])
