"""The specification's test suite, run through the Python API with both compilers.

tests_go/spec judges the engine by all of the suite; this judges the binding by the scripts on what
crosses it. tests_go/spec/expected.txt lists what is known not to pass, for both. Text that is
malformed is left to tests_go/spec: Python would do no more than hand it on.

Needs the source tree and Go, hence the marker. Where they or the suite are missing, the tests are
deselected, and the summary says why.
"""

import base64
import math
import struct

import pytest
from spec import suite, values
from spec.script import OMITTED, Script

import pywasm

SUBJECTS = {
    "calls": """call call_indirect call_ref return_call return_call_indirect return_call_ref
        func func_ptrs fac left-to-right nop select stack unwind""",
    "references": """ref ref_as_non_null ref_func ref_is_null ref_null br_on_null local_init
        type-equivalence""",
    "tables": """table table-sub table_copy table_fill table_get table_grow table_init table_set
        table_size elem""",
    "memories": """memory memory_copy memory_fill memory_grow memory_init memory_redundancy
        memory_size memory_trap address align bulk data endianness float_memory load store""",
    "linking": "exports global imports linking names simd_linking start",
    "numbers": """const conversions traps i32 i64 int_exprs int_literals f32 f32_bitwise f32_cmp
        f64 f64_bitwise f64_cmp float_exprs float_literals float_misc""",
    "vectors": """simd_address simd_align simd_bit_shift simd_bitwise simd_boolean simd_const
        simd_conversions simd_f32x4 simd_f32x4_arith simd_f32x4_cmp simd_f32x4_pmin_pmax
        simd_f32x4_rounding simd_f64x2 simd_f64x2_arith simd_f64x2_cmp simd_f64x2_pmin_pmax
        simd_f64x2_rounding simd_i16x8_arith simd_i16x8_arith2 simd_i16x8_cmp
        simd_i16x8_extadd_pairwise_i8x16 simd_i16x8_extmul_i8x16 simd_i16x8_q15mulr_sat_s
        simd_i16x8_sat_arith simd_i32x4_arith simd_i32x4_arith2 simd_i32x4_cmp
        simd_i32x4_dot_i16x8 simd_i32x4_extadd_pairwise_i16x8 simd_i32x4_extmul_i16x8
        simd_i32x4_trunc_sat_f32x4 simd_i32x4_trunc_sat_f64x2 simd_i64x2_arith simd_i64x2_arith2
        simd_i64x2_cmp simd_i64x2_extmul_i32x4 simd_i8x16_arith simd_i8x16_arith2 simd_i8x16_cmp
        simd_i8x16_sat_arith simd_int_to_int_extend simd_lane simd_load simd_load16_lane
        simd_load32_lane simd_load64_lane simd_load8_lane simd_load_extend simd_load_splat
        simd_load_zero simd_select simd_splat simd_store simd_store16_lane simd_store32_lane
        simd_store64_lane simd_store8_lane""",
    "relaxed vectors": """i16x8_relaxed_q15mulr_s i32x4_relaxed_trunc i8x16_relaxed_swizzle
        relaxed_dot_product relaxed_laneselect relaxed_madd_nmadd relaxed_min_max""",
    "exceptions": "tag throw throw_ref try_table",
}
SCRIPTS = [name for names in SUBJECTS.values() for name in names.split()]


def pytest_generate_tests(metafunc):
    if "script" in metafunc.fixturenames:
        metafunc.parametrize("script", SCRIPTS, indirect=True)
        plugins = metafunc.config.pluginmanager
        missing = suite.what_is_missing()
        if missing is not None and not plugins.has_plugin("spec"):
            plugins.register(suite.Deselection("test_spec.py", missing), "spec")


@pytest.fixture(scope="session")
def scripts():
    return suite.read_scripts(SCRIPTS)


@pytest.fixture
def script(scripts, request):
    return scripts[request.param]


@pytest.mark.build
def test_script(script, store, compiler_name):
    state = Script(store, older=script["found"] != script["name"])
    outcomes = [(command, state.run(command)) for command in script["commands"]]
    judged = [(command["line"], outcome) for command, outcome in outcomes if outcome is not OMITTED]
    failed = {line: outcome for line, outcome in judged if outcome is not None}
    expected = suite.expected_failures(script["found"], compiler_name)
    assert judged
    assert {line: why for line, why in failed.items() if line not in expected} == {}
    passed = {line for line, _ in judged} - set(failed)
    assert {line: why for line, why in expected.items() if line in passed} == {}, "these pass"


# --- that the tests above can tell -------------------------------------------------------------

NUMBERS = """(module
    (func (export "f32") (param i32) (result f32) (f32.reinterpret_i32 (local.get 0)))
    (func (export "f64") (param i64) (result f64) (f64.reinterpret_i64 (local.get 0)))
    (func (export "f32 bits") (param f32) (result i32) (i32.reinterpret_f32 (local.get 0)))
    (func (export "f64 bits") (param f64) (result i64) (i64.reinterpret_f64 (local.get 0)))
    (func (export "all") (param i32 f32 v128 f32) (result f32 i64 f32)
        (local.get 1) (i64.const -1) (local.get 3)))"""


@pytest.mark.parametrize("bits", [0x7FC00000, 0xFFC00000, 0x7FC00001, 0x7FFFFFFF, 0xFFD55555])
def test_quiet_nans_keep_their_bits_in_python(instantiate, bits):
    exports = instantiate(NUMBERS).exports
    result = exports.f32(bits)
    assert math.isnan(result)
    assert values.bits_of("f32", result) == bits
    assert exports["f32 bits"](result) & 0xFFFFFFFF == bits


@pytest.mark.parametrize("bits", [0x7F800001, 0xFFBFFFFF])
def test_signalling_f32_become_quiet_in_python(instantiate, bits):
    exports = instantiate(NUMBERS).exports
    result = exports.f32(bits)
    assert math.isnan(result)
    assert exports["f32 bits"](result) & 0xFFFFFFFF == bits | 0x00400000


@pytest.mark.parametrize("bits", [0x7FF8000000000000, 0x7FF0000000000001, 0xFFF7FFFFFFFFFFFF])
def test_f64_keep_all_bits_in_python(instantiate, bits):
    exports = instantiate(NUMBERS).exports
    assert struct.pack("<d", exports.f64(bits)) == bits.to_bytes(8, "little")
    assert exports["f64 bits"](exports.f64(bits)) % 2**64 == bits


def test_through_bits(store, instantiate):
    called = values.through_bits(store, instantiate(NUMBERS).exports.all)
    signalling = 0x7F800001
    assert called(1, signalling, 2**100, 0x7FFFFFFF) == (signalling, -1, 0x7FFFFFFF)


def number(kind, *lanes):
    return {"type": kind, "lanes": [dict(zip(("width", "bits", "nan"), lane)) for lane in lanes]}


THING = values.HostObject(7)


@pytest.mark.parametrize(
    ("pattern", "right", "wrong"),
    [
        (number("i32", (32, 2**32 - 1)), -1, [1, -1.0, None, (-1,)]),
        (number("i64", (64, 2**64 - 1)), -1, [2**32 - 1, None]),
        (number("f32", (32, 0x3F800000)), 1.0, [1, -1.0, 1.5]),
        (number("f64", (64, 1 << 63)), -0.0, [0.0, 0]),
        (number("v128", (64, 1), (64, 2)), 1 | 2 << 64, [1, 2, 1 << 64 | 2]),
        (number("f32", (32, 0, "canonical")), values.Bits(0xFFC00000), [values.Bits(0x7FC00001)]),
        (number("f32", (32, 0, "arithmetic")), values.Bits(0x7FC00001), [values.Bits(0x7F800001)]),
        (number("f64", (64, 0, "canonical")), math.nan, [math.inf, 0.0]),
        ({"type": "extern", "null": True}, None, [0, THING]),
        ({"type": "extern"}, THING, [None]),
        ({"type": "extern", "id": 7}, THING, [None, values.HostObject(7)]),
        ({"type": "func"}, None, [THING, 1]),
        ({"type": "i32", "foreign": True}, None, [1]),
        ({"type": "", "either": [number("i32", (32, 1)), number("i32", (32, 2))]}, 2, [0, 3]),
    ],
)
def test_matches(pattern, right, wrong, instantiate):
    objects = values.Objects({7: THING})
    if pattern["type"] == "func":
        right = instantiate(NUMBERS).exports.f32
    assert values.matches(pattern, right, objects) is not pattern.get("foreign", False)
    assert [other for other in wrong if values.matches(pattern, other, objects)] == []


TEXT = b'(module (func (export "f") (result i32) i32.const 1) (func (export "t") unreachable))'


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ({"kind": "assert_return", "results": [number("i32", (32, 1))]}, None),
        ({"kind": "assert_return", "results": [number("i32", (32, 2))]}, "got 1"),
        ({"kind": "assert_return", "results": []}, "1 results, expected 0"),
        ({"kind": "assert_trap", "messages": ["unreachable"]}, "no trap"),
        ({"kind": "assert_trap", "messages": ["unreachable"], "name": "t"}, None),
        ({"kind": "assert_trap", "messages": ["integer overflow"], "name": "t"}, "trapped with"),
        ({"kind": "assert_return", "name": "t"}, "Trap"),
        ({"kind": "assert_return", "name": "missing"}, "ExportNotFoundError"),
        ({"kind": "assert_return", "id": "$missing"}, "no instance"),
    ],
)
def test_a_command_that_does_not_go_as_it_says(store, command, reason):
    binary = base64.b64encode(pywasm.wat2wasm(TEXT)).decode()
    module = {"id": "", "definition": False, "binary": binary, "error": ""}
    state = Script(store)
    assert state.run({"kind": "module", "module": module}) is None
    named = {"name": command.get("name", "f"), "id": command.get("id", "")}
    found = state.run({**command, "action": {"get": False, "args": [], **named}})
    assert found is None if reason is None else reason in found
    assert state.run({"kind": "assert_invalid", "module": module, "messages": [""]}) is not None
    assert state.run({"kind": "assert_unlinkable", "module": module, "messages": [""]}) is not None
