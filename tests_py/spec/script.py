"""Runs the commands of a script."""

import base64

import pywasm
from pywasm import Function, FunctionType, Global, MemoryType, TableType, Type, Value

from . import values

PRINTS = {
    "print": [],
    "print_i32": [Type.I32],
    "print_i64": [Type.I64],
    "print_f32": [Type.F32],
    "print_f64": [Type.F64],
    "print_i32_f32": [Type.I32, Type.F32],
    "print_f64_f64": [Type.F64, Type.F64],
}


def spectest(store):
    """The module that the suite expects to import from."""
    made = {
        name: Function(store, lambda *_: None, FunctionType(params, []))
        for name, params in PRINTS.items()
    }
    made["global_i32"] = Global(store, Value.i32(666))
    made["global_i64"] = Global(store, Value.i64(666))
    made["global_f32"] = Global(store, Value.f32(666.6))
    made["global_f64"] = Global(store, Value.f64(666.6))
    made["table"] = pywasm.Table(store, TableType(Type.FUNC_REF, 10, 20))
    made["memory"] = pywasm.Memory(store, MemoryType(1, 2))
    made["shared_memory"] = pywasm.Memory(store, MemoryType(1, 2, shared=True))
    return made


class Failure(Exception):
    """A command did not go as the script says."""


OMITTED = object()


class Script:
    """The state of a script: its modules and instances.

    older says that the words and stages of refusal may differ from those in the script: what it
    refuses must be refused, that is all.
    """

    def __init__(self, store, older=False):
        self.store, self.older = store, older
        self.objects = values.Objects()
        self.definitions, self.instances = {}, {}
        self.registered = {"spectest": spectest(store)}
        self.adapters = {}

    def run(self, command):
        """Runs a command: None if it passed, OMITTED if it can only be told from text, else why."""
        module = command.get("module")
        if command["kind"] in REFUSALS and module["error"]:
            return OMITTED  # the text is no module: for core/wat to say, judged by tests_go/spec
        try:
            COMMANDS[command["kind"]](self, command)
        except (Failure, pywasm.WasmError) as error:
            return f"{type(error).__name__}: {error}"
        return None

    # --- modules ------------------------------------------------------------------------------

    def binary(self, module):
        if module["error"]:
            raise Failure(module["error"])
        return base64.b64decode(module["binary"])

    def module(self, command):
        module = command["module"]
        if module["definition"]:
            self.definitions[module["id"]] = self.definitions[""] = module
            if not pywasm.Module.validate(self.store, self.binary(module)):
                raise Failure("Module.validate says that it is not valid")
        else:
            self.add(module["id"], module)

    def instance(self, command):
        self.add(command["id"], self.definitions[command.get("of", "")])

    def add(self, name, module):
        try:
            made = self.instantiate(module)
        except (Failure, pywasm.WasmError) as error:
            made = error
        self.instances[name] = self.instances[""] = made
        self.find("")

    def instantiate(self, module):
        compiled = pywasm.Module(self.store, self.binary(module))
        imports = {}
        for item in compiled.imports:
            exports = self.registered.get(item.module, {})
            if isinstance(exports, Exception):
                raise exports
            if item.name in exports:
                imports.setdefault(item.module, {})[item.name] = exports[item.name]
        return pywasm.Instance(compiled, imports)

    def find(self, name):
        if name not in self.instances:
            raise Failure(f"there is no instance {name!r}")
        found = self.instances[name]
        if isinstance(found, Exception):
            raise found
        return found

    def register(self, command):
        try:
            self.registered[command["name"]] = self.find(command["id"]).exports
        except (Failure, pywasm.WasmError) as error:
            self.registered[command["name"]] = error
            raise

    # --- actions ------------------------------------------------------------------------------

    def act(self, command):
        """Performs the action of a command: a list of results."""
        action = command["action"]
        extern = self.find(action["id"]).exports[action["name"]]
        if action["get"]:
            return [extern.value]
        expected = command.get("results", [])
        raw = values.has_f32_nan(action["args"], expected)
        arguments = [values.argument(value, self.objects, raw) for value in action["args"]]
        function = self.through_bits(extern) if raw else extern
        results = as_list(function(*arguments), len(extern.type.results))
        if raw:
            results = [
                values.Bits(result & 0xFFFFFFFF) if kind == Type.F32 else result
                for kind, result in zip(extern.type.results, results)
            ]
        return results

    def through_bits(self, function):
        if function not in self.adapters:
            self.adapters[function] = values.through_bits(self.store, function)
        return self.adapters[function]

    def assert_return(self, command):
        results, patterns = self.act(command), command.get("results", [])
        if len(results) != len(patterns):
            raise Failure(f"{len(results)} results, expected {len(patterns)}")
        for result, pattern in zip(results, patterns):
            if not values.matches(pattern, result, self.objects):
                raise Failure(f"got {result!r}, expected {pattern}")

    def assert_trap(self, command):
        messages = command.get("messages", ["unhandled exception"])
        try:
            if "module" in command:
                self.instantiate(command["module"])
            else:
                self.act(command)
        except pywasm.Trap as trap:
            if not any(message in trap.code.value for message in messages):
                raise Failure(f"trapped with {trap.code}, expected {messages}") from None
        else:
            raise Failure(f"no trap, expected {messages}")

    # --- refusals -----------------------------------------------------------------------------

    def assert_unlinkable(self, command):
        self.refused(command, pywasm.LinkError, lambda: self.instantiate(command["module"]))

    def assert_refused(self, command):
        binary = self.binary(command["module"])
        if pywasm.Module.validate(self.store, binary):
            raise Failure("Module.validate says that it is valid")
        self.refused(command, pywasm.CompileError, lambda: pywasm.Module(self.store, binary))

    def refused(self, command, expected, action):
        try:
            action()
        except expected as error:
            if not self.older and not any(words in str(error) for words in command["messages"]):
                raise Failure(f"expected {command['messages']}: {error}") from None
        else:
            raise Failure(f"accepted, expected {command['messages']}")


def as_list(results, count):
    return [results][:count] if count < 2 else list(results)


REFUSALS = {
    "assert_invalid",
    "assert_malformed",
    "assert_invalid_custom",
    "assert_malformed_custom",
}
COMMANDS = {
    "module": Script.module,
    "instance": Script.instance,
    "register": Script.register,
    "action": Script.act,
    "assert_return": Script.assert_return,
    "assert_trap": Script.assert_trap,
    "assert_exhaustion": Script.assert_trap,
    "assert_exception": Script.assert_trap,
    "assert_unlinkable": Script.assert_unlinkable,
    **dict.fromkeys(REFUSALS, Script.assert_refused),
}
