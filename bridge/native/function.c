/* Function: a WebAssembly function that Python calls, or a Python function that WebAssembly calls, for
 * which see host.c. */
#include "native.h"

#include <stddef.h>
#include <string.h>

PyTypeObject *Function_Type;

/* ---- signatures ---- */

Signature *signature_from_types(const uint8_t *types, uint32_t params, uint32_t results) {
    Signature *s = PyMem_Malloc(sizeof *s + params + results);
    if (s == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    s->references = 1;
    s->params = params;
    s->results = results;
    memcpy(s->types, types, (size_t)params + results);
    uint32_t in = 0, out = 0;
    for (uint32_t i = 0; i < params; i++) {
        in += type_slots(types[i]);
    }
    for (uint32_t i = 0; i < results; i++) {
        out += type_slots(types[params + i]);
    }
    s->slots = in > out ? in : out;
    return s;
}

Signature *signature_retain(Signature *signature) {
    signature->references++;
    return signature;
}

void signature_release(Signature *signature) {
    if (signature != NULL && --signature->references == 0) {
        PyMem_Free(signature);
    }
}

/* ---- Python calls the guest ---- */

static int pack_arguments(Function *f, PyObject *const *args, uint64_t *stack) {
    const Signature *s = f->signature;
    Where where = {f->name, "argument", 0};
    for (uint32_t i = 0; i < s->params; i++) {
        where.position = i + 1;
        if (value_pack(f->store, f->core, s->types[i], args[i], stack, &where) < 0) {
            return -1;
        }
        stack += type_slots(s->types[i]);
    }
    return 0;
}

static PyObject *unpack_results(Function *f, const uint64_t *stack) {
    const Signature *s = f->signature;
    const uint8_t *types = s->types + s->params;
    if (s->results == 0) {
        return Py_NewRef(Py_None);
    }
    if (s->results == 1) {
        return value_unpack(f->store, f->core, types[0], stack);
    }
    PyObject *tuple = PyTuple_New(s->results);
    for (uint32_t i = 0; tuple != NULL && i < s->results; i++) {
        PyObject *value = value_unpack(f->store, f->core, types[i], stack);
        if (value == NULL || PyTuple_SetItem(tuple, i, value) < 0) {
            Py_CLEAR(tuple);
        }
        stack += type_slots(types[i]);
    }
    return tuple;
}

/* A function that ends at once: nothing has to watch it. */
static int call_brief(Function *f, uint64_t *stack) {
    struct pywasm_call call = {0};
    if (core_enter(f->core) < 0) {
        return -1;
    }
    int32_t status =
        pywasm_go.pywasm_call(f->code.callee, stack, (int32_t)f->signature->slots, &call);
    core_leave(f->core);
    return status == PYWASM_OK ? 0 : raise_failed(&call, status);
}

/* The GIL is kept until the guest pauses, or let go at once if it would come to that. */
static int call_watched(Function *f, uint64_t *stack) {
    Frame frame;
    if (frame_enter(&frame, f->core) < 0) {
        return -1;
    }
    frame.keeps = f->chatty;
    if (f->releases && !f->chatty) {
        frame.call.thread_state = PyEval_SaveThread();
    }
    int32_t status =
        FRAME_RUN(&frame, pywasm_go.pywasm_call(f->code.callee, stack, (int32_t)f->signature->slots,
                                                &frame.call));
    if (frame.call.thread_state != NULL) {
        PyEval_RestoreThread(frame.call.thread_state);
    }
    frame_leave(&frame, f);
    return status == PYWASM_OK ? 0 : raise_failed(&frame.call, status);
}

static int call_through_go(Function *f, uint64_t *stack) {
    if (stack_check() < 0 || Py_EnterRecursiveCall(" in a WebAssembly function")) {
        return -1;
    }
    int status = f->code.ends_at_once ? call_brief(f, stack) : call_watched(f, stack);
    Py_LeaveRecursiveCall();
    return status;
}

/* A function without loops and calls is entered right here; what it does not finish, Go does. */
static int call_guest(Function *f, uint64_t *stack) {
    if (f->code.preamble != NULL && lock_is_free(f->core->lock)) {
        int code = direct_call(f, stack);
        if (code != DIRECT_RETRY) {
            return code;
        }
    }
    return call_through_go(f, stack);
}

static PyObject *wrong_count(Function *f, size_t given) {
    return PyErr_Format(PyExc_TypeError, "%U() takes %u argument%s but %zu %s given", f->name,
                        f->signature->params, f->signature->params == 1 ? "" : "s", given,
                        given == 1 ? "was" : "were");
}

static PyObject *call_exported(Function *f, PyObject *const *args) {
    uint64_t small[SMALL], *stack = small;
    uint32_t slots = f->signature->slots;
    if (core_check(f->core) < 0 || references_tidy(f->store) < 0) {
        return NULL;
    }
    if (slots > SMALL && (stack = PyMem_Malloc(slots * sizeof *stack)) == NULL) {
        return PyErr_NoMemory();
    }
    PyObject *result = NULL;
    core_begin(f->core);
    /* Conversions run Python code, which may have closed the instance. */
    if (pack_arguments(f, args, stack) == 0 && core_check(f->core) == 0 &&
        call_guest(f, stack) == 0) {
        result = unpack_results(f, stack);
    }
    core_end(f->core);
    if (stack != small) {
        PyMem_Free(stack);
    }
    return result;
}

static PyObject *Function_vectorcall(PyObject *self, PyObject *const *args, size_t flags,
                                     PyObject *keywords) {
    Function *f = (Function *)self;
    size_t given = (size_t)PyVectorcall_NARGS(flags);
    if (keywords != NULL && PyTuple_Size(keywords) > 0) {
        return PyErr_Format(PyExc_TypeError, "%U() takes no keyword arguments", f->name);
    }
    if (given != f->signature->params) {
        return wrong_count(f, given);
    }
    if (f->callable != NULL) {
        return call_callable(f, args);
    }
    if (f->core == NULL) {
        return raise_error("runtime", "%U() can only be called by a guest", f->name);
    }
    Py_INCREF(self); /* the call may drop what holds it */
    PyObject *result = call_exported(f, args);
    Py_DECREF(self);
    return result;
}

/* ---- references to functions ---- */

/* Links a host function with a tiny module that calls it: that module's function 1 can be
 * referred to. */
static int anchor(Function *f, Core *holder) {
    Core *before = (Core *)f->anchor;
    if (before != NULL && before->interpreted == holder->interpreted &&
        before->epoch == pywasm_epoch) {
        return 0;
    }
    PyObject *made =
        PyObject_CallMethod(helpers(), "anchor", "OOi", holder->store, f, (int)holder->interpreted);
    if (made == NULL) {
        return -1;
    }
    Py_XDECREF(f->anchor); /* whoever holds a reference to it is its kin */
    f->anchor = made;
    return 0;
}

uint64_t function_reference(Function *f, Core *holder) {
    Core *core = f->core;
    uint32_t index = f->index;
    if (core == NULL) {
        if (anchor(f, holder) < 0) {
            return 0;
        }
        core = (Core *)f->anchor;
        index = 1;
    }
    if (core_check(core) < 0) {
        return 0;
    }
    if (core->store != holder->store) {
        raise_error("runtime", "%U() belongs to another store", f->name);
        return 0;
    }
    if (core->interpreted != holder->interpreted) {
        raise_error("runtime",
                    "%U() belongs to a module that is %s, and cannot be referred to by one "
                    "that is %s",
                    f->name, core->interpreted ? "interpreted" : "compiled",
                    holder->interpreted ? "interpreted" : "compiled");
        return 0;
    }
    if (core_befriend(core, holder) < 0) {
        return 0;
    }
    return pywasm_go.pywasm_function_ref(core->go, index);
}

PyObject *function_from_reference(Core *holder, uint64_t reference) {
    enum { IS_IMPORT = 1u << 31 };
    void *found;
    uint32_t index;
    if (!pywasm_go.pywasm_ref_resolve(holder->go, reference, &found, &index)) {
        return raise_error("internal", "a function reference of the guest is unknown");
    }
    Core *core = found;
    if (index & IS_IMPORT) {
        return Py_XNewRef(PyTuple_GetItem(core->imports, index & ~IS_IMPORT));
    }
    Py_INCREF(
        (PyObject *)core); /* what is run to describe the function may take it out of the table */
    PyObject *function = (PyObject *)core_function(core, index, NULL, NULL);
    Py_DECREF((PyObject *)core);
    return function;
}

/* ---- the type ---- */

static Function *allocate(PyTypeObject *type, Signature *signature, PyObject *name) {
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Function *f = (Function *)alloc(type, 0);
    if (f != NULL) {
        f->vectorcall = Function_vectorcall;
        f->signature = signature_retain(signature);
        f->name = Py_NewRef(name);
    }
    return f;
}

Function *function_new(Core *core, uint32_t index, Signature *signature, PyObject *name) {
    Function *f = allocate(Function_Type, signature, name);
    if (f != NULL) {
        f->core = (Core *)Py_NewRef((PyObject *)core);
        f->store = (Store *)Py_NewRef((PyObject *)core->store);
        f->index = index;
        f->releases = !core->pauses;
        pywasm_go.pywasm_function_get(core->go, index, &f->code);
    }
    return f;
}

/* Function(store, function, function_type=None): pywasm/_helpers.py reads annotations. */
static PyObject *Function_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    static char *names[] = {"store", "function", "function_type", NULL};
    PyObject *store, *callable, *function_type = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO|O:Function", names, &store, &callable,
                                     &function_type)) {
        return NULL;
    }
    if (!PyObject_TypeCheck(store, Store_Type)) {
        return PyErr_Format(PyExc_TypeError, "Function() argument 1 must be a Store");
    }
    if (store_check((Store *)store) < 0) {
        return NULL;
    }
    PyObject *description =
        PyObject_CallMethod(helpers(), "describe_host", "OO", callable, function_type);
    const char *params, *results;
    Py_ssize_t param_count, result_count;
    PyObject *name;
    if (description == NULL || !PyArg_ParseTuple(description, "y#y#U", &params, &param_count,
                                                 &results, &result_count, &name)) {
        Py_XDECREF(description);
        return NULL;
    }
    uint8_t types[2048];
    Signature *signature = NULL;
    Function *f = NULL;
    if ((size_t)(param_count + result_count) > sizeof types) {
        PyErr_SetString(PyExc_ValueError, "a function has at most 1,000 parameters and results");
    } else {
        memcpy(types, params, (size_t)param_count);
        memcpy(types + param_count, results, (size_t)result_count);
        signature = signature_from_types(types, (uint32_t)param_count, (uint32_t)result_count);
    }
    if (signature != NULL && (f = allocate(type, signature, name)) != NULL) {
        f->callable = Py_NewRef(callable);
        f->store = (Store *)Py_NewRef(store);
    }
    signature_release(signature);
    Py_DECREF(description);
    return (PyObject *)f;
}

/* _go_host(store, address of a snapshot of WASI, index in it, types, number of parameters, name, what keeps it alive) */
static PyObject *Function_go_host(PyObject *type, PyObject *args) {
    PyObject *store, *name, *owner;
    long long address;
    const char *types;
    Py_ssize_t count;
    unsigned index, params;
    if (!PyArg_ParseTuple(args, "O!LIy#IUO", Store_Type, &store, &address, &index, &types, &count,
                          &params, &name, &owner)) {
        return NULL;
    }
    Signature *signature =
        signature_from_types((const uint8_t *)types, params, (uint32_t)count - params);
    Function *f = signature == NULL ? NULL : allocate((PyTypeObject *)type, signature, name);
    if (f != NULL) {
        f->store = (Store *)Py_NewRef(store);
        f->go_host = (void *)(intptr_t)address;
        f->index = index;
        f->owner = Py_NewRef(owner);
    }
    signature_release(signature);
    return (PyObject *)f;
}

/* call_async(*arguments): a coroutine, see pywasm/_asynchronous.py */
static PyObject *Function_call_async(PyObject *self, PyObject *args) {
    return PyObject_CallMethod(helpers(), "call_async", "OO", self, args);
}

/* _interrupt(thread): ends the calls of its instance that the thread has under way */
static PyObject *Function_interrupt(PyObject *self, PyObject *args) {
    unsigned long thread;
    Core *core = ((Function *)self)->core;
    if (!PyArg_ParseTuple(args, "k", &thread)) {
        return NULL;
    }
    return PyBool_FromLong(core != NULL && frame_interrupt(core, thread));
}

PyDoc_STRVAR(call_async_doc,
             "call_async($self, /, *args)\n--\n\n"
             "Calls the function in another thread: `await` it in a coroutine of asyncio.\n\n"
             "Cancelling the task ends the call within some milliseconds, unless a host function\n"
             "does not return. Raises what a call does.\n\n"
             ">>> await asyncio.wait_for(instance.exports.work.call_async(7), timeout=1)");

static PyMethodDef Function_methods[] = {
    {"call_async", Function_call_async, METH_VARARGS, call_async_doc},
    {"_interrupt", Function_interrupt, METH_VARARGS, NULL},
    {"_go_host", Function_go_host, METH_VARARGS | METH_CLASS, NULL},
    {NULL, NULL, 0, NULL},
};

static int Function_traverse(PyObject *self, visitproc visit, void *arg) {
    Function *f = (Function *)self;
    Py_VISIT((PyObject *)Py_TYPE(self));
    Py_VISIT((PyObject *)f->core);
    Py_VISIT((PyObject *)f->store);
    Py_VISIT(f->callable);
    Py_VISIT(f->owner);
    Py_VISIT(f->anchor);
    return 0;
}

static int Function_clear(PyObject *self) {
    Function *f = (Function *)self;
    Py_CLEAR(f->callable);
    Py_CLEAR(f->owner);
    Py_CLEAR(f->anchor);
    return 0;
}

static void Function_dealloc(PyObject *self) {
    Function *f = (Function *)self;
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (f->weakrefs != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    if (f->code.callee != NULL && f->core->epoch == pywasm_epoch) {
        pywasm_go.pywasm_function_free(f->code.callee);
    }
    if (f->core != NULL) {
        core_forget(f->core, f);
    }
    Function_clear(self);
    Py_CLEAR(f->core);
    Py_CLEAR(f->store);
    Py_CLEAR(f->name);
    signature_release(f->signature);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

static PyObject *Function_get_type(PyObject *self, void *unused) {
    (void)unused;
    const Signature *s = ((Function *)self)->signature;
    return PyObject_CallMethod(helpers(), "function_type", "y#y#", (const char *)s->types,
                               (Py_ssize_t)s->params, (const char *)s->types + s->params,
                               (Py_ssize_t)s->results);
}

static PyObject *Function_get_name(PyObject *self, void *unused) {
    (void)unused;
    return Py_NewRef(((Function *)self)->name);
}

static PyObject *Function_get_needs_guest(PyObject *self, void *unused) {
    (void)unused;
    return PyBool_FromLong(((Function *)self)->go_host != NULL);
}

static PyObject *Function_repr(PyObject *self) {
    return PyObject_CallMethod(helpers(), "function_repr", "O", self);
}

static PyMemberDef Function_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Function, vectorcall), READONLY, NULL},
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Function, weakrefs), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyGetSetDef Function_getset[] = {
    {"type", Function_get_type, NULL, "The FunctionType of the function.", NULL},
    {"_needs_guest", Function_get_needs_guest, NULL, NULL, NULL},
    {"__name__", Function_get_name, NULL, "The name of the export, or of the callable.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyDoc_STRVAR(
    Function_doc,
    "Function(store, function, function_type=None)\n--\n\n"
    "A function of a WebAssembly instance, or a Python callable that instances import.\n\n"
    "Exports of an instance are called with positional arguments; integers wrap as in C\n"
    "(an i32 takes -2**31 to 2**32-1 and comes back signed). Several results are a tuple.\n\n"
    "The types of a Python callable are taken from its annotations (int or 'i32', 'i64',\n"
    "float or 'f32', 'f64', ...; a tuple for several results) or from function_type.\n"
    "What it raises reaches the caller of the guest unchanged.\n\n"
    "Raises TypeError or OverflowError for arguments that do not fit, Trap if the guest\n"
    "traps, WasmError if the instance is closed.\n\n"
    ">>> def add(x: 'i32', y: 'i32') -> 'i32':\n"
    "...     return x + y\n"
    ">>> str(Function(Store(), add).type)\n"
    "'FunctionType(params: [I32, I32], results: [I32])'");

static PyType_Slot Function_slots[] = {
    {Py_tp_doc, (void *)Function_doc},
    {Py_tp_new, Function_new},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_dealloc, Function_dealloc},
    {Py_tp_traverse, Function_traverse},
    {Py_tp_clear, Function_clear},
    {Py_tp_repr, Function_repr},
    {Py_tp_members, Function_members},
    {Py_tp_getset, Function_getset},
    {Py_tp_methods, Function_methods},
    {0, NULL},
};

static PyType_Spec Function_spec = {
    .name = "pywasm.Function",
    .basicsize = sizeof(Function),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL,
    .slots = Function_slots,
};

int function_register(PyObject *module) {
    Function_Type = register_type(module, "Function", &Function_spec);
    return Function_Type == NULL ? -1 : 0;
}
