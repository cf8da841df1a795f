"""What the C types ask of Python, imported when they do (bridge/native/errors.c, helpers)."""

from __future__ import annotations

from . import _native
from ._bridge import go_bytes
from ._errors import Frame, Trap, WasmError
from ._store import Store
from ._types import FunctionType, GlobalType, MemoryType, TableType, type_names
from ._values import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._module import Module


# ---- errors, see also _errors.py ----


def raise_trap(text: str, module: Module, index: int) -> None:
    """Raises the trap of a function that was entered without Go."""
    from ._trapcode import TrapCode

    name = module._handle.FunctionName(index) or None
    frame = Frame(module.name, index, name)
    raise Trap(f"{text}\n    at {frame}", TrapCode(text), [frame])


def wrong_results(types: bytes, result: Any, given: int) -> str:
    values = result if isinstance(result, tuple) else () if result is None else (result,)
    got = ", ".join(_guess(value) for value in values[:given])
    return (
        f"Dynamic function returned wrong signature. Expected {type_names(types)} but got [{got}]"
    )


def _guess(value: object) -> str:
    if isinstance(value, int):
        return "I32" if -(2**31) <= value < 2**32 else "I64"
    return "F64" if isinstance(value, float) else type(value).__name__


# ---- functions ----


def _make_annotations() -> dict[object, int]:
    """What an annotation may be, and the number of the Type that it means."""
    from ._valuetype import Type

    names: dict[object, int] = {t.name: int(t) for t in Type}
    return {
        **names,
        **{t.name.lower(): int(t) for t in Type},
        **{t: int(t) for t in Type},
        int: 1,
        "int": 1,
        float: 3,
        "float": 3,
        object: 6,
        "externref": 6,
        _native.Function: 7,
        "funcref": 7,
    }


_annotations: dict[object, int] = {}  # made at the first use


def describe_host(
    function: Callable[..., Any], function_type: FunctionType | None
) -> tuple[bytes, bytes, str]:
    """Returns the types of parameters and results of a host function, and its name."""
    if not callable(function):
        raise ValueError("Function must be a callable")
    name = str(getattr(function, "__name__", type(function).__name__))
    if function_type is None:
        params, results = _annotated(function)
    elif isinstance(function_type, FunctionType):
        params, results = function_type._params, function_type._results
    else:
        kind = type(function_type).__name__
        raise TypeError(f"Function() argument 3 must be a FunctionType, not {kind}")
    return params, results, name


def _annotated(function: Callable[..., Any]) -> tuple[bytes, bytes]:
    if not _annotations:
        _annotations.update(_make_annotations())
    annotations = getattr(function, "__annotations__", None)
    if annotations is None:
        annotations = getattr(getattr(function, "__func__", None), "__annotations__", None)
    if annotations is None:
        raise ValueError("The function must have type annotations")
    annotations = _evaluated(function, annotations)
    returned = annotations.pop("return", None)
    params = bytes(_param(name, annotation) for name, annotation in annotations.items())
    return params, bytes(_result(part) for part in _returned(returned))


def _evaluated(function: Callable[..., Any], annotations: dict[str, Any]) -> dict[str, Any]:
    """Evaluates what `from __future__ import annotations` left as text, such as "'i32'"."""
    return {
        name: value
        if not isinstance(value, str) or value in _annotations
        else _evaluate(function, value)
        for name, value in annotations.items()
    }


def _evaluate(function: Callable[..., Any], text: str) -> object:
    scope = getattr(function, "__globals__", {})
    try:
        return eval(text, scope)  # the annotation of the user's own function, as typing does
    except Exception:
        return text


def _param(name: str, annotation: object) -> int:
    if annotation is None:
        raise WasmError(f"Variable `{name}` cannot have type `None`")
    if _tuple_parts(annotation) is not None:
        raise WasmError(f"Variable `{name}` cannot receive a tuple (not supported yet)")
    return _annotation(annotation)


def _returned(annotation: object) -> tuple[object, ...]:
    if annotation is None:
        return ()
    parts = _tuple_parts(annotation)
    return (annotation,) if parts is None else parts


def _result(annotation: object) -> int:
    if annotation is None or _tuple_parts(annotation) is not None:
        raise WasmError("A tuple cannot contain `None` or another tuple")
    return _annotation(annotation)


def _tuple_parts(annotation: object) -> tuple[object, ...] | None:
    """Returns what (int, float) or tuple[int, float] is made of."""
    if isinstance(annotation, tuple):
        return annotation
    if getattr(annotation, "__origin__", None) is tuple:
        return tuple(annotation.__args__)  # type: ignore[attr-defined]
    return None


def _annotation(annotation: object) -> int:
    try:
        return _annotations[annotation]
    except (KeyError, TypeError):
        kind = type(annotation).__name__
        raise WasmError(f"Type `{kind}` (`{annotation!r}`) is not a supported type") from None


def function_type(params: bytes, results: bytes) -> FunctionType:
    return FunctionType(params, results)


def describe_function(module: Module, index: int) -> tuple[bytes, int, str]:
    """Returns types, number of parameters and name of a function that a reference led to."""
    params = bytes(module._handle.FunctionParams(index))
    results = bytes(module._handle.FunctionResults(index))
    name = module._handle.FunctionName(index) or f"function {index}"
    return params + results, len(params), name


def anchor(store: Store, function: _native.Function, interpreted: bool) -> _native.Core:
    """Makes an instance whose function 1 calls a host function, so that it can be referred to."""
    type = function.type
    handle = store._handle.MakeFunction(
        go_bytes(type._params), go_bytes(type._results), bool(interpreted)
    )
    return _native.Core(store, _Made(handle), handle.Pointer(), interpreted, (function,))


def call_async(function: _native.Function, args: tuple[Any, ...]) -> Any:
    """Returns a coroutine that calls a function in a thread."""
    from ._asynchronous import call

    return call(function, args)


# ---- external references ----

_watched: set[Any] = set()  # weak references to the stores whose guests may hold something


def watch_references(store: Store) -> None:
    """Has Python see what guests hold whenever it collects all generations."""
    import gc
    import weakref

    if not _watched:
        gc.callbacks.append(_hand_out_references)
    _watched.add(weakref.ref(store, _watched.discard))


def _hand_out_references(phase: str, info: dict[str, int]) -> None:
    if phase == "start" and info["generation"] == 2:
        for reference in list(_watched):
            store = reference()
            if store is not None:
                store._hand_out_references()


# ---- what the host makes ----

_REFERENCES = (6, 7)  # Type.EXTERN_REF, Type.FUNC_REF


class _Made:
    """Stands for the Module of an instance that has none of the user's."""

    name = None

    def __init__(self, handle: Any) -> None:
        self._handle = handle  # keeps the engine's module alive


def _make(store: Store, handle: Any) -> _native.Core:
    interpreted = handle.Compiler() == "interpreter"
    return _native.Core(store, _Made(handle), handle.Pointer(), interpreted, ())


def _checked(store: object, type: object, expected: type, what: str) -> None:
    if not isinstance(store, Store):
        raise TypeError(f"{what}() argument 1 must be a Store, not {store.__class__.__name__}")
    if not isinstance(type, expected):
        given = type.__class__.__name__
        raise TypeError(f"{what}() argument 2 must be a {expected.__name__}, not {given}")
    store._check()


def make_memory(store: Store, type: MemoryType) -> tuple[_native.Core, bool]:
    _checked(store, type, MemoryType, "Memory")
    maximum = 0 if type.maximum is None else type.maximum
    bounded = type.maximum is not None
    return _make(
        store, store._handle.MakeMemory(type.minimum, maximum, bounded, type.shared)
    ), type.shared


def make_table(store: Store, type: TableType, initial: object) -> tuple[_native.Core, int, object]:
    _checked(store, type, TableType, "Table")
    if isinstance(initial, Value):
        if initial._type in _REFERENCES:
            initial = initial._value
        else:
            raise TypeError(f"a table holds references, not {initial!r}")
    maximum = 0 if type.maximum is None else type.maximum
    bounded = type.maximum is not None
    handle = store._handle.MakeTable(type._type, type.minimum, maximum, bounded)
    return _make(store, handle), type._type, initial


def make_global(
    store: Store, value: Value, mutable: bool
) -> tuple[_native.Core, int, GlobalType, object]:
    _checked(store, value, Value, "Global")
    handle = store._handle.MakeGlobal(value._type, bool(mutable))
    type = GlobalType(value._type, bool(mutable))
    return _make(store, handle), value._type, type, value._value


# ---- repr ----

_SHOWN = ("", "i32", "i64", "f32", "f64", "v128", "externref", "funcref", "exnref")


def function_repr(function: _native.Function) -> str:
    type = function.type
    params = ", ".join(_SHOWN[t] for t in type._params)
    results = ", ".join(_SHOWN[t] for t in type._results)
    if len(type._results) > 1:
        results = f"({results})"
    return f"{function.__name__}({params}) -> {results or 'None'}"


def memory_repr(memory: _native.Memory) -> str:
    return f"<pywasm.Memory of {memory.size} pages>"


def global_repr(variable: _native.Global) -> str:
    mutable = "mutable " if variable.mutable else ""
    return f"<pywasm.Global {mutable}{_SHOWN[variable.type._type]}>"


def table_repr(table: _native.Table) -> str:
    return f"<pywasm.Table of {table.size} {_SHOWN[table.type._type]}>"
