"""The values of scripts as Python has them.

Numbers are compared by their bits. A Python float is an f64 and carries all bits of one, those of a
NaN included. An f32 becomes an f64 on its way to Python and back, which makes a signalling NaN
quiet. So where an f32 NaN is an argument or an expected result, the function is called through a
module that puts i32 in the place of f32 (`through_bits`): what the guest gets and gives is then
judged to the bit, and what becomes of it on the way to a Python float is not.
"""

import struct

import pywasm

INTEGERS = {"i32": 32, "i64": 64, "v128": 128}
FLOATS = {"f32": ("<f", 4), "f64": ("<d", 8)}


class Bits(int):
    """The bits of an f32."""


class HostObject:
    """What a script calls (ref.extern number)."""

    def __init__(self, number):
        self.number = number

    def __repr__(self):
        return f"(ref.extern {self.number})"


class Objects(dict):
    """The host's objects by number, each made when it is first asked for."""

    def __missing__(self, number):
        self[number] = HostObject(number)
        return self[number]


def argument(value, objects, raw=False):
    """The Python value for an argument; raw has the bits of an f32 instead."""
    kind, bits = value["type"], value["bits"]
    if kind in INTEGERS:
        return bits
    if kind in FLOATS and not (raw and kind == "f32"):
        layout, size = FLOATS[kind]
        return struct.unpack(layout, bits.to_bytes(size, "little"))[0]
    if kind == "f32":
        return bits
    if value.get("null"):
        return None
    assert kind == "extern", f"a script passes (ref.{kind})"
    return objects[bits]


def bits_of(kind, result):
    """The bits of a number, or None if it is not of the Python type that stands for its own."""
    if type(result) is int and kind in INTEGERS:
        return result & ((1 << INTEGERS[kind]) - 1)
    if type(result) is float and kind in FLOATS:
        return int.from_bytes(struct.pack(FLOATS[kind][0], result), "little")
    return int(result) if type(result) is Bits and kind == "f32" else None


def matches(pattern, result, objects):
    """Whether a result is what a script expects."""
    if "either" in pattern:
        return any(matches(one, result, objects) for one in pattern["either"])
    if pattern.get("foreign"):
        return False
    if "lanes" in pattern:
        bits = bits_of(pattern["type"], result)
        return bits is not None and lanes_match(pattern["lanes"], bits)
    if pattern.get("null") or result is None:
        return result is None and pattern.get("null", False)
    if pattern["type"] == "func":
        return isinstance(result, pywasm.Function)
    if pattern["type"] == "extern":
        return result is objects[pattern["id"]] if "id" in pattern else True
    return pattern["type"] == ""


def lanes_match(lanes, bits):
    for lane in lanes:
        if not lane_matches(lane, bits & ((1 << lane["width"]) - 1)):
            return False
        bits >>= lane["width"]
    return True


def lane_matches(lane, bits):
    """https://webassembly.github.io/spec/core/syntax/values.html#floating-point"""
    width = lane["width"]
    quiet = 0x7FC00000 if width == 32 else 0x7FF8000000000000
    if lane.get("nan") == "canonical":
        return bits & ((1 << (width - 1)) - 1) == quiet
    if lane.get("nan") == "arithmetic":
        return bits & quiet == quiet
    return bits == lane["bits"]


def has_f32_nan(arguments, patterns):
    """Whether a call has to do with NaNs whose bits a Python float cannot carry."""
    return any(v["type"] == "f32" and is_f32_nan(v["bits"]) for v in arguments) or any(
        "nan" in p["lanes"][0] or is_f32_nan(p["lanes"][0]["bits"])
        for p in patterns
        if p["type"] == "f32" and "lanes" in p
    )


def is_f32_nan(bits):
    return bits & 0x7FFFFFFF > 0x7F800000


def through_bits(store, function):
    """A function that calls another, with i32 in the place of f32."""
    params, results = (names(types) for types in (function.type.params, function.type.results))
    passed = " ".join(
        f"(f32.reinterpret_i32 (local.get {i}))" if kind == "f32" else f"(local.get {i})"
        for i, kind in enumerate(params)
    )
    first = len(params)
    kept = " ".join(f"(local.set {first + i})" for i in reversed(range(len(results))))
    given = " ".join(
        f"(i32.reinterpret_f32 (local.get {first + i}))"
        if kind == "f32"
        else f"(local.get {first + i})"
        for i, kind in enumerate(results)
    )
    text = f"""(module
        (import "" "f" (func $f {listed("param", params)} {listed("result", results)}))
        (func (export "f") {listed("param", as_bits(params))} {listed("result", as_bits(results))}
            {listed("local", results)}
            (call $f {passed}) {kept} {given}))"""
    return pywasm.Instance(pywasm.Module(store, text), {"": {"f": function}}).exports.f


def names(types):
    named = {pywasm.Type.EXTERN_REF: "externref", pywasm.Type.FUNC_REF: "funcref"}
    return [named.get(kind, kind.name.lower()) for kind in types]


def as_bits(types):
    return ["i32" if kind == "f32" else kind for kind in types]


def listed(keyword, types):
    return f"({keyword} {' '.join(types)})" if types else ""
