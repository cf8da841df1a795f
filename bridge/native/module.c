/* The extension module `_native`. Importing it opens no library and starts no thread. */
#include "native.h"

PyTypeObject *register_type(PyObject *module, const char *name, PyType_Spec *spec) {
    PyObject *type = PyType_FromSpec(spec);
    if (type == NULL || PyModule_AddObject(module, name, Py_NewRef(type)) < 0) {
        Py_XDECREF(type);
        return NULL;
    }
    return (PyTypeObject *)type;
}

PyObject *not_constructible(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    (void)args;
    (void)keywords;
    PyObject *name = PyObject_GetAttrString((PyObject *)type, "__name__");
    if (name != NULL) {
        PyErr_Format(PyExc_TypeError, "%U cannot be constructed: an instance or a memory makes it",
                     name);
        Py_DECREF(name);
    }
    return NULL;
}

/* open(): opens libpywasm if it is not open */
static PyObject *open_library(PyObject *self, PyObject *unused) {
    (void)self;
    (void)unused;
    return pywasm_open() < 0 ? NULL : Py_NewRef(Py_None);
}

/* epoch(): how many forks ago the module was imported */
static PyObject *epoch(PyObject *self, PyObject *unused) {
    (void)self;
    (void)unused;
    return PyLong_FromUnsignedLong(pywasm_epoch);
}

/* pause(): raises what is to end the call that this thread has under way */
static PyObject *pause_call(PyObject *self, PyObject *unused) {
    (void)self;
    (void)unused;
    return frame_check(frame_slot()) < 0 ? NULL : Py_NewRef(Py_None);
}

/* copy(address, size): the bytes there */
static PyObject *copy(PyObject *self, PyObject *args) {
    (void)self;
    long long address;
    Py_ssize_t size;
    if (!PyArg_ParseTuple(args, "Ln", &address, &size)) {
        return NULL;
    }
    return PyBytes_FromStringAndSize((const char *)(intptr_t)address, size);
}

/* address(bytes): where the content of bytes is, for Go to read as long as Python holds them */
static PyObject *address(PyObject *self, PyObject *bytes) {
    (void)self;
    char *content = PyBytes_AsString(bytes);
    return content == NULL ? NULL : PyLong_FromVoidPtr(content);
}

/* census(): how many things are alive in Go, by name, once it has collected its garbage. Takes milliseconds. */
static PyObject *census(PyObject *self, PyObject *unused) {
    (void)self;
    (void)unused;
    struct pywasm_census found = {0};
    if (pywasm_open() < 0) {
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS; /* to collect, Go waits for its threads, which may wait for the GIL */
    pywasm_go.pywasm_census(&found);
    Py_END_ALLOW_THREADS;
    return Py_BuildValue(
        "{sKsKsKsKsK}", "handles", (unsigned long long)found.handles, "held",
        (unsigned long long)found.held, "memories", (unsigned long long)found.memories,
        "goroutines", (unsigned long long)found.goroutines, "heap", (unsigned long long)found.heap);
}

static PyMethodDef methods[] = {
    {"open", open_library, METH_NOARGS, NULL},
    {"epoch", epoch, METH_NOARGS, NULL},
    {"address", address, METH_O, NULL},
    {"census", census, METH_NOARGS, NULL},
    {"copy", copy, METH_VARARGS, NULL},
    {"pause", pause_call, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

/* The types and the Go runtime are the process's, so one interpreter has them. */
static int only_main_interpreter(void) {
    if (PyInterpreterState_GetID(PyInterpreterState_Get()) != 0) {
        PyErr_SetString(PyExc_ImportError,
                        "pywasm cannot be imported in a subinterpreter: Go has one runtime a "
                        "process");
        return -1;
    }
    return 0;
}

static int execute(PyObject *module) {
    if (only_main_interpreter() < 0 || errors_register() < 0 || store_register(module) < 0 ||
        core_register(module) < 0 || function_register(module) < 0 || global_register(module) < 0 ||
        table_register(module) < 0 || tag_register(module) < 0 || memory_register(module) < 0 ||
        views_register(module) < 0 || pywasm_add_gopy(module) < 0) {
        return -1;
    }
    return 0;
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, execute},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
#ifdef Py_GIL_DISABLED
    {Py_mod_gil, Py_MOD_GIL_USED}, /* until a free-threaded Python has run the tests */
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_native",
                                        .m_methods = methods, .m_slots = slots};

PyMODINIT_FUNC PyInit__native(void) {
    return PyModuleDef_Init(&definition);
}
