"""Modules that are libraries and not programs: what it takes to call them from Python."""

import pywasm
from pywasm import wasi


class Reactor:
    """An instance with a file system in memory, and with strings as C has them.

    hosts are the functions that it imports beside WASI, by name; those not given raise
    NotImplementedError when they are called.
    """

    def __init__(self, module, allocator, hosts, stdout, files):
        builder = wasi.StateBuilder("program").map_files("/", files).stdout(stdout)
        self.environment = builder.finalize()
        imports = self.environment.generate_import_object(module.store, wasi.Version.SNAPSHOT1)
        for namespace, functions in _hosts(module, hosts).items():
            imports.register(namespace, functions)
        self.exports = pywasm.Instance(module, imports).exports
        self.allocate = lambda size: self.exports[allocator](*_ALLOCATORS[allocator], size)
        self.exports._initialize()

    def text(self, text):
        """Passes a string: its address and its length."""
        content = text.encode()
        return self.data(content + b"\0"), len(content)

    def data(self, content):
        """Passes bytes: their address."""
        address = self.allocate(len(content))
        self.exports.memory.write(address, content)
        return address

    def string(self, address):
        """Reads a string that ends with a NUL."""
        memory = memoryview(self.exports.memory.buffer)
        end = next(i for i in range(address, len(memory)) if not memory[i])
        return bytes(memory[address:end]).decode()


# Their parameters before the size; cabi_realloc takes an old address, its size and an alignment.
_ALLOCATORS = {"malloc": (), "wasm_malloc": (), "cabi_realloc": (0, 0, 4)}


def _hosts(module, hosts):
    namespaces = {}
    for item in module.imports:
        if not item.module.startswith("wasi_"):
            function = hosts.get(item.name) or _missing(item.name)
            host = pywasm.Function(module.store, function, item.type)
            namespaces.setdefault(item.module, {})[item.name] = host
    return namespaces


def _missing(name):
    def raise_error(*arguments):
        raise NotImplementedError(f"{name}{arguments}")

    return raise_error
