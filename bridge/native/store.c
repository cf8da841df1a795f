/* Store: what is common to the instances of a store. The public class derives from it. */
#include "native.h"

#include <stddef.h>

PyTypeObject *Store_Type;

/* What the parent of this process has made of it is gone; all else stays as it was. */
static int reopen(Store *store) {
    store_take_back(store);
    References old = store->references;
    store->references = (References){0};
    references_clear(&old);
    store->running = 0;
    for (Core *core = store->cores; core != NULL; core = core->next) {
        core->flag = NULL;
    }
    PyObject *opened = PyObject_CallMethod((PyObject *)store, "_reopen", NULL);
    Py_XDECREF(opened);
    return opened == NULL ? -1 : 0;
}

int store_check(Store *store) {
    if (store->epoch != pywasm_epoch && !store->closed && store->go != NULL && reopen(store) < 0) {
        return -1;
    }
    if (store->closed || store->go == NULL) {
        raise_error("closed", "the store is closed");
        return -1;
    }
    return 0;
}

int store_watch(Store *store) {
    if (!store->watched) {
        PyObject *done = PyObject_CallMethod(helpers(), "watch_references", "O", store);
        if (done == NULL) {
            return -1;
        }
        Py_DECREF(done);
        store->watched = 1;
    }
    return 0;
}

/* open(address): the engine's store */
static PyObject *Store_open(PyObject *self, PyObject *address) {
    Store *store = (Store *)self;
    store->go = PyLong_AsVoidPtr(address);
    store->epoch = pywasm_epoch;
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

/* Closes all instances. True if the engine's store is to be closed next. */
static PyObject *Store_close_instances(PyObject *self, PyObject *unused) {
    (void)unused;
    Store *store = (Store *)self;
    if (store->closed || store->go == NULL) {
        Py_RETURN_FALSE;
    }
    if (store->epoch == pywasm_epoch && store->running > 0) {
        return raise_error("runtime", "a store cannot be closed while a guest of it is running");
    }
    store_take_back(store);
    store->closed = 1;
    for (Core *core = store->cores; core != NULL; core = core->next) {
        core_release(core);
    }
    store->go = NULL;
    References old = store->references;
    store->references = (References){0};
    references_clear(&old);
    return PyBool_FromLong(store->epoch == pywasm_epoch);
}

static PyObject *Store_check(PyObject *self, PyObject *unused) {
    (void)unused;
    return store_check((Store *)self) < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *Store_hand_out_references(PyObject *self, PyObject *unused) {
    (void)unused;
    return store_hand_out((Store *)self) < 0 ? NULL : Py_NewRef(Py_None);
}

static int Store_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT((PyObject *)Py_TYPE(self));
    return references_traverse(&((Store *)self)->references, visit, arg);
}

static int Store_clear(PyObject *self) {
    store_take_back((Store *)self);
    references_clear(&((Store *)self)->references);
    return 0;
}

static void Store_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    if (((Store *)self)->weakrefs != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    Store_clear(self);
    if (watch_begin_change() == 0) { /* the ticker may be looking at its instances */
        watch_end_change();
    }
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

static PyMethodDef Store_methods[] = {
    {"_open", Store_open, METH_O, NULL},
    {"_check", Store_check, METH_NOARGS, NULL},
    {"_hand_out_references", Store_hand_out_references, METH_NOARGS, NULL},
    {"_close_instances", Store_close_instances, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef Store_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Store, weakrefs), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot Store_slots[] = {
    {Py_tp_dealloc, Store_dealloc}, {Py_tp_traverse, Store_traverse}, {Py_tp_clear, Store_clear},
    {Py_tp_methods, Store_methods}, {Py_tp_members, Store_members},   {0, NULL},
};

static PyType_Spec Store_spec = {
    .name = "pywasm._native.Store",
    .basicsize = sizeof(Store),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .slots = Store_slots,
};

int store_register(PyObject *module) {
    Store_Type = register_type(module, "Store", &Store_spec);
    return Store_Type == NULL ? -1 : 0;
}
