/* The objects that guests hold as externref.
 *
 * A guest sees an object as a number: its slot in the store's table plus one; null is 0. The same
 * object has the same slot as long as it is in the table, which holds a reference to it. From time
 * to time, before a call or with a full collection of Python's, and when no guest of the store runs, the
 * table asks Go which numbers are
 * still to be found in tables, globals and element segments, and lets go of the rest. So it holds at
 * most twice as many objects as guests do, or START, whichever is more; while a guest runs it grows by
 * the objects that are passed, up to LIMIT. */
#include "native.h"

#include <string.h>

enum { START = 1024, LIMIT = 1 << 24 };

static PyObject *key_of(PyObject *object) {
    return PyLong_FromVoidPtr(object);
}

static int forget(References *r, Py_ssize_t slot) {
    PyObject *object = r->objects[slot];
    PyObject *key = key_of(object);
    if (key == NULL || PyDict_DelItem(r->slot_of, key) < 0) {
        Py_XDECREF(key);
        return -1;
    }
    Py_DECREF(key);
    r->objects[slot] = NULL;
    r->free_slots++;
    Py_DECREF(object); /* last: it may run anything */
    return 0;
}

/* Lets go of the objects that no guest holds. Nothing of the store may be running. */
static int collect(Store *store) {
    References *r = &store->references;
    size_t size = (size_t)(r->count + 7) / 8;
    uint8_t *live = PyMem_Calloc(size ? size : 1, 1);
    if (live == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    pywasm_go.pywasm_externrefs_mark(store->go, live, size);
    Py_ssize_t count = r->count; /* what is added while objects go is not looked at */
    int status = 0;
    for (Py_ssize_t i = 0; i < count && status == 0; i++) {
        if (r->objects[i] != NULL && !(live[i / 8] >> (i % 8) & 1)) {
            status = forget(r, i);
        }
    }
    PyMem_Free(live);
    Py_ssize_t used = r->count - r->free_slots;
    r->collect_at = used * 2 > START ? used * 2 : START;
    return status;
}

static int enlarge(References *r) {
    Py_ssize_t capacity = r->capacity ? r->capacity * 2 : 16;
    PyObject **objects = PyMem_Resize(r->objects, PyObject *, (size_t)capacity);
    if (objects == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    r->objects = objects;
    r->capacity = capacity;
    return 0;
}

/* Finds a slot for one more object, or -1. */
static Py_ssize_t free_slot(References *r) {
    if (r->free_slots > 0) {
        for (Py_ssize_t i = r->search; i < r->count; i++) {
            if (r->objects[i] == NULL) {
                r->free_slots--;
                r->search = i + 1;
                return i;
            }
        }
        /* The free ones are before `search`. */
        r->search = 0;
        return free_slot(r);
    }
    if (r->count == r->capacity && enlarge(r) < 0) {
        return -1;
    }
    return r->count++;
}

static int prepare(Store *store) {
    References *r = &store->references;
    if (r->slot_of == NULL) {
        r->collect_at = START;
        PyObject *watched = PyObject_CallMethod(helpers(), "watch_references", "O", store);
        if (watched == NULL || (r->slot_of = PyDict_New()) == NULL) {
            Py_XDECREF(watched);
            return -1;
        }
        Py_DECREF(watched);
    }
    if (r->count - r->free_slots >= LIMIT) {
        raise_error("runtime", "a store holds at most %d external references at a time", LIMIT);
        return -1;
    }
    return 0;
}

int references_tidy(Store *store) {
    References *r = &store->references;
    return r->slot_of == NULL || r->count - r->free_slots < r->collect_at
               ? 0
               : references_collect(store);
}

int references_collect(Store *store) {
    if (store->running > 0 || store->closed || store->epoch != pywasm_epoch ||
        store->references.slot_of == NULL) {
        return 0;
    }
    return collect(store);
}

uint64_t reference_of(Store *store, PyObject *object) {
    References *r = &store->references;
    PyObject *key = key_of(object);
    if (key == NULL) {
        return 0;
    }
    uint64_t reference = 0;
    PyObject *known = r->slot_of ? PyDict_GetItemWithError(r->slot_of, key) : NULL;
    if (known != NULL) {
        reference = (uint64_t)PyLong_AsSsize_t(known) + 1;
    } else if (!PyErr_Occurred() && prepare(store) == 0) {
        Py_ssize_t slot = free_slot(r);
        PyObject *number = slot < 0 ? NULL : PyLong_FromSsize_t(slot);
        if (slot >= 0) {
            r->objects[slot] = NULL;
        }
        if (number != NULL && PyDict_SetItem(r->slot_of, key, number) == 0) {
            r->objects[slot] = Py_NewRef(object);
            reference = (uint64_t)slot + 1;
        } else if (slot >= 0) {
            r->free_slots++;
            r->search = 0;
        }
        Py_XDECREF(number);
    }
    Py_DECREF(key);
    return reference;
}

PyObject *reference_get(Store *store, uint64_t reference) {
    References *r = &store->references;
    if (reference == 0 || reference > (uint64_t)r->count || r->objects[reference - 1] == NULL) {
        return raise_error("internal", "external reference %llu is unknown",
                           (unsigned long long)reference);
    }
    return Py_NewRef(r->objects[reference - 1]);
}

int references_traverse(References *r, visitproc visit, void *arg) {
    Py_VISIT(r->slot_of);
    for (Py_ssize_t i = 0; i < r->count; i++) {
        Py_VISIT(r->objects[i]);
    }
    return 0;
}

void references_clear(References *r) {
    References old = *r;
    memset(r, 0, sizeof *r);
    Py_XDECREF(old.slot_of);
    for (Py_ssize_t i = 0; i < old.count; i++) {
        Py_XDECREF(old.objects[i]);
    }
    PyMem_Free(old.objects);
}
