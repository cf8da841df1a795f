/* Core: an instance, seen from C.
 *
 * It holds what the guest can reach: its imports, all instances whose functions may have come
 * into its tables and globals (kin.c), and at times what these have (holdings.c). Python's collector
 * sees these references, Go holds none. */
#include "native.h"

#include <stddef.h>

PyTypeObject *Core_Type;

int core_check(Core *core) {
    if (core->epoch != pywasm_epoch) {
        raise_error("closed", "the instance was made by the parent of this process: make another");
        return -1;
    }
    if (core->closed || core->go == NULL) {
        raise_error("closed", "the instance is closed");
        return -1;
    }
    return 0;
}

int core_enter(Core *core) {
    if (lock_enter(core->lock) < 0) {
        return -1;
    }
    if (core->closed) { /* while this thread waited */
        lock_leave(core->lock);
        return core_check(core);
    }
    return 0;
}

void core_leave(Core *core) {
    lock_leave(core->lock);
}

/* ---- functions by index ---- */

static Function *known_function(Core *core, PyObject *key) {
    PyObject *address = PyDict_GetItemWithError(core->functions, key);
    return address == NULL ? NULL : PyLong_AsVoidPtr(address);
}

static Signature *signature_of(Core *core, uint32_t index, PyObject **name) {
    PyObject *description =
        PyObject_CallMethod(helpers(), "describe_function", "OI", core->module, index);
    const uint8_t *types;
    Py_ssize_t count;
    unsigned params;
    Signature *signature = NULL;
    if (description != NULL &&
        PyArg_ParseTuple(description, "y#IU", (const char **)&types, &count, &params, name)) {
        Py_INCREF(*name);
        signature = signature_from_types(types, params, (uint32_t)count - params);
    }
    Py_XDECREF(description);
    return signature;
}

static Function *make_function(Core *core, uint32_t index, Signature *signature, PyObject *name,
                               PyObject *key) {
    PyObject *own_name = NULL;
    Signature *own = NULL;
    if (signature == NULL) {
        signature = own = signature_of(core, index, &own_name);
        name = own_name;
        if (own == NULL) {
            return NULL;
        }
    }
    Function *f = function_new(core, index, signature, name);
    PyObject *address = f == NULL ? NULL : PyLong_FromVoidPtr(f);
    if (f != NULL && (address == NULL || PyDict_SetItem(core->functions, key, address) < 0)) {
        Py_CLEAR(f);
    }
    Py_XDECREF(address);
    Py_XDECREF(own_name);
    signature_release(own);
    return f;
}

Function *core_function(Core *core, uint32_t index, Signature *signature, PyObject *name) {
    if (core_check(core) < 0) {
        return NULL;
    }
    PyObject *key = PyLong_FromUnsignedLong(index);
    if (key == NULL) {
        return NULL;
    }
    Function *f = known_function(core, key);
    if (f != NULL) {
        Py_INCREF((PyObject *)f);
    } else if (!PyErr_Occurred()) {
        f = make_function(core, index, signature, name, key);
    }
    Py_DECREF(key);
    return f;
}

/* The function goes: the next one with its index is another object. */
void core_forget(Core *core, Function *function) {
    if (core->functions == NULL) {
        return;
    }
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *key = PyLong_FromUnsignedLong(function->index);
    if (key == NULL ||
        (known_function(core, key) == function && PyDict_DelItem(core->functions, key) < 0)) {
        PyErr_Clear();
    }
    Py_XDECREF(key);
    PyErr_Restore(type, value, traceback);
}

/* ---- instantiation ---- */

/* What may carry functions: references to them, and exceptions. */
static int holds_functions(const Function *f) {
    for (uint32_t i = 0; i < f->signature->params + f->signature->results; i++) {
        if (f->signature->types[i] >= PYWASM_FUNCREF) {
            return 1;
        }
    }
    return 0;
}

/* What the import shares with its source: kin if functions can pass, turns if state is shared. */
static int join(Core *core, PyObject *import) {
    Core *source = NULL;
    int kin = 0, turns = 1;
    if (PyObject_TypeCheck(import, Function_Type)) {
        source = ((Function *)import)->core;
        kin = source != NULL && holds_functions((Function *)import);
    } else if (PyObject_TypeCheck(import, Global_Type)) {
        Global *global = (Global *)import;
        source = global->core;
        turns = global->mutable_;
        kin = global->type >= PYWASM_FUNCREF;
    } else if (PyObject_TypeCheck(import, Table_Type)) {
        source = ((Global *)import)->core;
        kin = ((Global *)import)->type >= PYWASM_FUNCREF;
    } else if (PyObject_TypeCheck(import, Tag_Type)) {
        source = ((Global *)import)->core;
        turns = 0;
        kin = ((Global *)import)->type >= PYWASM_FUNCREF;
    } else if (PyObject_TypeCheck(import, Memory_Type)) {
        source = memory_core(import);
        turns = !memory_is_shared(import);
    }
    if (source == NULL) {
        return 0;
    }
    if (core_check(source) < 0 || (turns && lock_merge(&core->lock, source->lock) < 0)) {
        return -1;
    }
    source->importers++;
    return kin ? core_befriend(core, source) : 0;
}

static Core *source_of(PyObject *import) {
    if (PyObject_TypeCheck(import, Function_Type)) {
        return ((Function *)import)->core;
    }
    if (PyObject_TypeCheck(import, Memory_Type)) {
        return memory_core(import);
    }
    if (PyObject_TypeCheck(import, Global_Type) || PyObject_TypeCheck(import, Table_Type) ||
        PyObject_TypeCheck(import, Tag_Type)) {
        return ((Global *)import)->core;
    }
    return NULL;
}

static void describe_import(PyObject *import, struct pywasm_import *out) {
    Core *source = source_of(import);
    out->kind = PYWASM_IMPORT_MISSING;
    if (source != NULL) {
        out->kind = PYWASM_IMPORT_INSTANCE;
        out->source = source->go;
    }
    if (PyObject_TypeCheck(import, Function_Type)) {
        Function *f = (Function *)import;
        out->extern_kind = PYWASM_FUNCTION;
        out->index = f->index;
        out->types = f->signature->types;
        out->params = f->signature->params;
        out->results = f->signature->results;
        if (f->go_host != NULL) {
            out->kind = PYWASM_IMPORT_GO;
            out->source = f->go_host;
        } else if (f->callable != NULL) {
            out->kind = PYWASM_IMPORT_HOST;
        }
    } else if (PyObject_TypeCheck(import, Memory_Type)) {
        out->extern_kind = PYWASM_MEMORY;
    } else if (PyObject_TypeCheck(import, Global_Type)) {
        out->extern_kind = PYWASM_GLOBAL;
        out->index = ((Global *)import)->index;
    } else if (PyObject_TypeCheck(import, Table_Type)) {
        out->extern_kind = PYWASM_TABLE;
        out->index = ((Global *)import)->index;
    } else if (PyObject_TypeCheck(import, Tag_Type)) {
        out->extern_kind = PYWASM_TAG;
        out->index = ((Global *)import)->index;
    }
}

/* Finds what the imports are and joins the core with their sources. */
static struct pywasm_import *describe_imports(Core *core) {
    Py_ssize_t count = PyTuple_Size(core->imports);
    struct pywasm_import *imports = PyMem_Calloc((size_t)count + 1, sizeof *imports);
    if (imports == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *import = PyTuple_GetItem(core->imports, i);
        describe_import(import, &imports[i]);
        if (join(core, import) < 0) {
            PyMem_Free(imports);
            return NULL;
        }
    }
    return imports;
}

static int set_flag(Core *core, uint64_t *flag) {
    if (watch_begin_change() < 0) {
        return -1;
    }
    core->flag = flag;
    watch_end_change();
    return 0;
}

/* Makes the instance; nothing of it runs yet. */
static int make_instance(Core *core, void *module, struct pywasm_limits *limits) {
    struct pywasm_import *imports = describe_imports(core);
    struct pywasm_call call = {0};
    struct pywasm_instance made = {0};
    if (imports == NULL || core_enter(core) < 0) {
        PyMem_Free(imports);
        return -1;
    }
    call.thread_state = PyEval_SaveThread();
    int32_t status = pywasm_go.pywasm_instantiate(
        module, core, imports, (int32_t)PyTuple_Size(core->imports), limits, &call, &made);
    PyEval_RestoreThread(call.thread_state);
    core_leave(core);
    PyMem_Free(imports);
    if (status != PYWASM_OK) {
        return raise_failed(&call, status);
    }
    core->go = made.instance;
    core->pauses = made.pauses;
    return made.flag == NULL ? 0 : set_flag(core, made.flag);
}

/* Runs what instantiation runs of the guest. */
static int start_instance(Core *core) {
    Frame frame;
    if (frame_enter(&frame, core) < 0) {
        return -1;
    }
    frame.call.thread_state = PyEval_SaveThread();
    int32_t status = FRAME_RUN(&frame, pywasm_go.pywasm_start(core->go, &frame.call));
    if (frame.call.thread_state != NULL) {
        PyEval_RestoreThread(frame.call.thread_state);
    }
    frame_leave(&frame, NULL);
    return status == PYWASM_OK ? 0 : raise_failed(&frame.call, status);
}

/* ---- the type ---- */

static int link_to_store(Core *core) {
    Store *store = core->store;
    if (watch_begin_change() < 0) {
        return -1;
    }
    core->next = store->cores;
    if (core->next != NULL) {
        core->next->previous = core;
    }
    store->cores = core;
    watch_end_change();
    return 0;
}

static void unlink_from_store(Core *core) {
    if (core->store == NULL || watch_begin_change() < 0) {
        return;
    }
    if (core->previous != NULL) {
        core->previous->next = core->next;
    } else if (core->store->cores == core) {
        core->store->cores = core->next;
    }
    if (core->next != NULL) {
        core->next->previous = core->previous;
    }
    core->next = core->previous = NULL;
    watch_end_change();
}

static int build(Core *core, void *module, struct pywasm_limits *limits) {
    core_begin(core);
    int status = make_instance(core, module, limits);
    if (status == 0) {
        status = start_instance(core);
    }
    core_end(core);
    return status;
}

/* Core(store, module, address of the engine's module, interpreted, imports, nanoseconds that a call may take or 0, most
 * memory, table elements, fuel and active calls) */
static PyObject *Core_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    (void)keywords;
    PyObject *store, *module, *imports;
    long long address, timeout = 0;
    int interpreted;
    unsigned long long memory = UINT64_MAX, tables = UINT64_MAX, fuel = 0;
    unsigned depth = UINT32_MAX;
    if (!PyArg_ParseTuple(args, "O!OLpO!|LKKKI", Store_Type, &store, &module, &address,
                          &interpreted, &PyTuple_Type, &imports, &timeout, &memory, &tables, &fuel,
                          &depth)) {
        return NULL;
    }
    struct pywasm_limits limits = {memory, tables, fuel, depth};
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Core *core = (Core *)alloc(type, 0);
    if (core == NULL) {
        return NULL;
    }
    core->epoch = pywasm_epoch;
    core->interpreted = (uint8_t)interpreted;
    core->store = (Store *)Py_NewRef(store);
    core->module = Py_NewRef(module);
    core->imports = Py_NewRef(imports);
    core->functions = PyDict_New();
    core->lock = lock_new();
    core->timeout = timeout;
    if (core->functions == NULL || core->lock == NULL || store_check(core->store) < 0 ||
        link_to_store(core) < 0 || build(core, (void *)(intptr_t)address, &limits) < 0) {
        core->closed = 1;
        Py_DECREF(core);
        return NULL;
    }
    return (PyObject *)core;
}

void core_release(Core *core) {
    core->closed = 1;
    core_let_go(core);
    if (core->go != NULL) {
        void *go = core->go;
        core->go = NULL;
        if (core->epoch == pywasm_epoch) {
            if (core->flag != NULL && set_flag(core, NULL) < 0) {
                PyErr_Clear();
            }
            pywasm_go.pywasm_instance_close(go);
        }
    }
}

static void leave_sources(Core *core) {
    for (Py_ssize_t i = 0; core->imports != NULL && i < PyTuple_Size(core->imports); i++) {
        Core *source = source_of(PyTuple_GetItem(core->imports, i));
        if (source != NULL && source->importers > 0) {
            source->importers--;
        }
    }
}

static int Core_traverse(PyObject *self, visitproc visit, void *arg) {
    Core *core = (Core *)self;
    Py_VISIT((PyObject *)Py_TYPE(self));
    Py_VISIT((PyObject *)core->store);
    Py_VISIT(core->module);
    Py_VISIT(core->imports);
    return core->store == NULL ? 0 : core_traverse_held(core, visit, arg);
}

static int Core_clear(PyObject *self) {
    Core *core = (Core *)self;
    core->closed = 1; /* nothing of it may run from here on */
    core_let_go(core);
    core_leave_kin(core);
    return 0;
}

static void Core_dealloc(PyObject *self) {
    Core *core = (Core *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (core->weakrefs != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    core_release(core);
    unlink_from_store(core);
    leave_sources(core);
    core_leave_kin(core);
    Py_CLEAR(core->imports);
    Py_CLEAR(core->functions);
    Py_CLEAR(core->module);
    Py_CLEAR(core->store);
    lock_release_reference(core->lock);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

static PyObject *Core_close(PyObject *self, PyObject *unused) {
    (void)unused;
    Core *core = (Core *)self;
    if (core->closed || core->epoch != pywasm_epoch) {
        Py_RETURN_NONE;
    }
    if (lock_enter(core->lock) < 0) {
        return NULL;
    }
    int inside = lock_depth(core->lock) > 1;
    if (!inside) {
        core->closed = 1;
        if (core->kin == NULL && core->importers == 0) {
            core_release(core);
        }
    }
    lock_leave(core->lock);
    return inside ? raise_error("runtime", "a running instance cannot be closed")
                  : Py_NewRef(Py_None);
}

/* function(index, types, number of parameters, name) */
static PyObject *Core_function(PyObject *self, PyObject *args) {
    unsigned index, params;
    const char *types;
    Py_ssize_t count;
    PyObject *name;
    if (!PyArg_ParseTuple(args, "Iy#IU", &index, &types, &count, &params, &name)) {
        return NULL;
    }
    Signature *signature =
        signature_from_types((const uint8_t *)types, params, (uint32_t)count - params);
    if (signature == NULL) {
        return NULL;
    }
    Function *f = core_function((Core *)self, index, signature, name);
    signature_release(signature);
    return (PyObject *)f;
}

/* deadline_in(nanoseconds): what to set `deadline` to */
static PyObject *Core_deadline_in(PyObject *self, PyObject *args) {
    (void)self;
    long long nanoseconds;
    return PyArg_ParseTuple(args, "L", &nanoseconds)
               ? PyLong_FromLongLong(clock_now() + nanoseconds)
               : NULL;
}

/* fuel(): what is left, or None if the store counts none */
static PyObject *Core_fuel(PyObject *self, PyObject *unused) {
    (void)unused;
    uint64_t fuel;
    if (core_check((Core *)self) < 0) {
        return NULL;
    }
    if (!pywasm_go.pywasm_fuel_get(((Core *)self)->go, &fuel)) {
        return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
    }
    return PyLong_FromUnsignedLongLong(fuel);
}

static PyObject *Core_set_fuel(PyObject *self, PyObject *args) {
    Core *core = (Core *)self;
    unsigned long long fuel;
    if (!PyArg_ParseTuple(args, "K", &fuel) || core_check(core) < 0) {
        return NULL;
    }
    if (!lock_is_free(core->lock)) {
        return raise_error("runtime", "the instance is running in another thread");
    }
    pywasm_go.pywasm_fuel_set(core->go, fuel);
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

/* interrupt(thread=0): ends the calls under way, of one thread or all. False if there are none. */
static PyObject *Core_interrupt(PyObject *self, PyObject *args) {
    unsigned long thread = 0;
    if (!PyArg_ParseTuple(args, "|k", &thread)) {
        return NULL;
    }
    return PyBool_FromLong(frame_interrupt((Core *)self, thread));
}

static PyMethodDef Core_methods[] = {
    {"deadline_in", Core_deadline_in, METH_VARARGS, NULL},
    {"fuel", Core_fuel, METH_NOARGS, NULL},
    {"set_fuel", Core_set_fuel, METH_VARARGS, NULL},
    {"interrupt", Core_interrupt, METH_VARARGS, NULL},
    {"close", Core_close, METH_NOARGS, NULL},
    {"function", Core_function, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef Core_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Core, weakrefs), READONLY, NULL},
    {"module", T_OBJECT, offsetof(Core, module), READONLY, NULL},
    {"store", T_OBJECT, offsetof(Core, store), READONLY, NULL},
    {"imports", T_OBJECT, offsetof(Core, imports), READONLY, NULL},
    {"closed", T_BOOL, offsetof(Core, closed), READONLY, NULL},
    {"deadline", T_LONGLONG, offsetof(Core, deadline), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot Core_slots[] = {
    {Py_tp_new, Core_new},
    {Py_tp_dealloc, Core_dealloc},
    {Py_tp_traverse, Core_traverse},
    {Py_tp_clear, Core_clear},
    {Py_tp_methods, Core_methods},
    {Py_tp_members, Core_members},
    {0, NULL},
};

static PyType_Spec Core_spec = {
    .name = "pywasm._native.Core",
    .basicsize = sizeof(Core),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = Core_slots,
};

int core_register(PyObject *module) {
    Core_Type = register_type(module, "Core", &Core_spec);
    return Core_Type == NULL ? -1 : 0;
}
