/* Host functions: Python callables that guests call, and that Python may call as a guest would. */
#include "native.h"

/* ---- Python calls a host function: as a guest would ---- */

static PyObject *wrong_results(const Signature *s, PyObject *result, Py_ssize_t given) {
    PyObject *types = PyBytes_FromStringAndSize((const char *)s->types + s->params, s->results);
    if (types == NULL) {
        return NULL;
    }
    PyObject *text = PyObject_CallMethod(helpers(), "wrong_results", "OOn", types, result, given);
    Py_DECREF(types);
    if (text != NULL) {
        raise_error("runtime", "%U", text);
        Py_DECREF(text);
    }
    return NULL;
}

/* Returns what a host function returned as a tuple of as many values as its type has. None is no value,
 * or a null reference; a tuple is all values, or one external reference. */
static PyObject *results_tuple(const Signature *s, PyObject *result) {
    int one = s->results == 1;
    uint8_t first = one ? s->types[s->params] : 0;
    if (PyTuple_Check(result) && first != PYWASM_EXTERNREF) {
        if (PyTuple_Size(result) == (Py_ssize_t)s->results) {
            return Py_NewRef(result);
        }
        return wrong_results(s, result, PyTuple_Size(result));
    }
    int is_none = result == Py_None && first < PYWASM_EXTERNREF;
    if (is_none ? s->results != 0 : !one) {
        return wrong_results(s, result, is_none ? 0 : 1);
    }
    return is_none ? PyTuple_New(0) : PyTuple_Pack(1, result);
}

/* Returns what comes out of the value when it passes the border. */
static PyObject *pass(Function *f, uint8_t type, PyObject *value, const Where *where) {
    uint64_t slots[2];
    if (type == PYWASM_EXTERNREF || (type == PYWASM_FUNCREF && value == Py_None) ||
        (type == PYWASM_FUNCREF && PyObject_TypeCheck(value, Function_Type))) {
        return Py_NewRef(value);
    }
    return value_pack(f->store, NULL, type, value, slots, where) < 0
               ? NULL
               : value_unpack(f->store, NULL, type, slots);
}

static PyObject *pass_all(Function *f, const uint8_t *types, uint32_t count,
                          PyObject *const *values, const char *role) {
    Where where = {f->name, role, 0};
    PyObject *tuple = PyTuple_New(count);
    for (uint32_t i = 0; tuple != NULL && i < count; i++) {
        where.position = i + 1;
        PyObject *value = pass(f, types[i], values[i], &where);
        if (value == NULL || PyTuple_SetItem(tuple, i, value) < 0) {
            Py_CLEAR(tuple);
        }
    }
    return tuple;
}

PyObject *call_callable(Function *f, PyObject *const *args) {
    const Signature *s = f->signature;
    PyObject *passed = pass_all(f, s->types, s->params, args, "argument");
    PyObject *returned = passed == NULL ? NULL : PyObject_CallObject(f->callable, passed);
    Py_XDECREF(passed);
    if (returned == NULL) {
        return NULL;
    }
    PyObject *result = NULL, *single = NULL, *tuple = results_tuple(s, returned);
    if (tuple != NULL) {
        PyObject *values[SMALL];
        Py_ssize_t count = PyTuple_Size(tuple);
        for (Py_ssize_t i = 0; i < count && i < SMALL; i++) {
            values[i] = PyTuple_GetItem(tuple, i);
        }
        result = count > SMALL ? Py_NewRef(tuple)
                               : pass_all(f, s->types + s->params, s->results, values, "result");
    }
    Py_XDECREF(tuple);
    Py_DECREF(returned);
    if (result == NULL || s->results > 1) {
        return result;
    }
    single = Py_NewRef(s->results == 0 ? Py_None : PyTuple_GetItem(result, 0));
    Py_DECREF(result);
    return single;
}

/* ---- the guest calls Python ---- */

/* Stores what a host function returned. */
static int pack_results(Function *f, Core *core, PyObject *result, uint64_t *stack) {
    const Signature *s = f->signature;
    const uint8_t *types = s->types + s->params;
    Where where = {f->name, "result", 1};
    if (s->results == 1 && !PyTuple_Check(result) && result != Py_None) {
        return value_pack(core->store, core, types[0], result, stack, &where);
    }
    PyObject *tuple = results_tuple(s, result);
    int status = tuple == NULL ? -1 : 0;
    for (uint32_t i = 0; status == 0 && i < s->results; i++) {
        where.position = i + 1;
        status = value_pack(core->store, core, types[i], PyTuple_GetItem(tuple, i), stack, &where);
        stack += type_slots(types[i]);
    }
    Py_XDECREF(tuple);
    return status;
}

/* `args` has room for one more before its first: callees may use that. */
static int run_host(Function *f, Core *core, PyObject **args, uint64_t *stack) {
    const Signature *s = f->signature;
    const uint64_t *slot = stack;
    uint32_t made = 0;
    int status = 0;
    for (; made < s->params; made++) {
        if ((args[made] = value_unpack(core->store, core, s->types[made], slot)) == NULL) {
            status = -1;
            break;
        }
        slot += type_slots(s->types[made]);
    }
    PyObject *result = NULL;
    if (status == 0) {
        result =
            PyObject_Vectorcall(f->callable, args, made | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
        status = result == NULL ? -1 : pack_results(f, core, result, stack);
        Py_XDECREF(result);
    }
    while (made > 0) {
        Py_DECREF(args[--made]);
    }
    return status;
}

static int call_host(Core *core, uint32_t index, uint64_t *stack) {
    Function *f = (Function *)PyTuple_GetItem(core->imports, index);
    if (f == NULL) {
        return -1;
    }
    PyObject *small[SMALL + 1], **args = small;
    if (f->signature->params > SMALL) {
        args = PyMem_Malloc((f->signature->params + 1) * sizeof *args);
        if (args == NULL) {
            PyErr_NoMemory();
            return -1;
        }
    }
    int status = run_host(f, core, args + 1, stack);
    if (args != small) {
        PyMem_Free(args);
    }
    return status;
}

/* Where the GIL was kept it is kept on; where callbacks are frequent it is kept till the next pause. */
int32_t host_call(void *core, uint32_t index, uint64_t *stack, struct pywasm_call *call) {
    Frame *frame = (Frame *)call;
    int kept = call->thread_state == NULL || frame->keeps;
    if (call->thread_state != NULL) {
        PyEval_RestoreThread(call->thread_state);
        call->thread_state = NULL;
    }
    frame->callbacks++;
    int status = call_host(core, index, stack);
    if (status == 0) {
        status = frame_check(frame->slot);
    }
    if (status < 0) {
        park_exception(call);
    }
    frame_abandon(frame);
    if (!kept) {
        call->thread_state = PyEval_SaveThread();
    }
    return status < 0 ? PYWASM_RAISED : PYWASM_OK;
}
