/* The objects that guests hold as externref.
 *
 * A guest sees an object as a number: its slot in the store's table plus one; null is 0. The same
 * object has the same slot as long as it is in the table. The table holds a reference to it, or, while the store has
 * handed out (holdings.c), as many as there are holdings of it belong to who has these. That is when
 * objects leave the table which no guest holds: before a call or with a full collection of Python's. So it has at
 * most twice as many objects as guests do, or START, whichever is more; while a guest runs it grows by
 * the objects that are passed, up to LIMIT. */
#include "native.h"

#include <string.h>

enum { START = 1024, LIMIT = 1 << 24 };

static PyObject *key_of(PyObject *object) {
    return PyLong_FromVoidPtr(object);
}

/* Frees a slot and returns its object, with the reference to it; NULL where that fails. */
static PyObject *remove_slot(References *r, Py_ssize_t slot) {
    PyObject *type, *value, *traceback, *object = r->objects[slot];
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *key = key_of(object);
    if (key == NULL || PyDict_DelItem(r->slot_of, key) < 0) {
        PyErr_Clear();
        object = NULL;
    } else {
        r->objects[slot] = NULL;
        r->free_slots++;
    }
    Py_XDECREF(key);
    PyErr_Restore(type, value, traceback);
    return object;
}

/* ---- handing out, see holdings.c ---- */

int references_prepare(References *r) {
    r->holders = PyMem_Calloc((size_t)r->count + 1, sizeof *r->holders);
    if (r->holders == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

PyObject *references_at(const References *r, const struct pywasm_holding *item) {
    return item->external == 0 ? NULL : r->objects[item->external - 1];
}

void references_give(References *r, struct pywasm_holding *item) {
    if (item->external > (uint64_t)r->count || references_at(r, item) == NULL) {
        item->external = 0;                            /* unknown: nothing is held */
    } else if (r->holders[item->external - 1]++ > 0) { /* the first gets that of the table */
        Py_INCREF(references_at(r, item));
    }
}

Py_ssize_t references_unheld(References *r, PyObject **left) {
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; i < r->count; i++) {
        if (r->objects[i] != NULL && r->holders[i] == 0 && (left[count] = remove_slot(r, i))) {
            count++;
        }
    }
    Py_ssize_t used = r->count - r->free_slots;
    r->collect_at = used * 2 > START ? used * 2 : START;
    return count;
}

void references_take(References *r, const struct pywasm_holding *item) {
    PyObject *object = references_at(r, item);
    if (object != NULL && --r->holders[item->external - 1] > 0) { /* the last one is the table's */
        Py_DECREF(object);
    }
}

PyObject *references_drop(References *r, const struct pywasm_holding *item) {
    PyObject *object = references_at(r, item);
    if (object != NULL && --r->holders[item->external - 1] == 0) {
        return remove_slot(r, (Py_ssize_t)item->external - 1);
    }
    return object;
}

void references_taken(References *r) {
    PyMem_Free(r->holders);
    r->holders = NULL;
}

/* ---- the table ---- */

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
        if (store_watch(store) < 0 || (r->slot_of = PyDict_New()) == NULL) {
            return -1;
        }
    }
    if (r->count - r->free_slots >= LIMIT) {
        raise_error("runtime", "a store holds at most %d external references at a time", LIMIT);
        return -1;
    }
    return 0;
}

int references_tidy(Store *store) {
    References *r = &store->references;
    return r->slot_of == NULL || r->count - r->free_slots < r->collect_at ? 0
                                                                          : store_hand_out(store);
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
        if (r->holders == NULL || r->holders[i] == 0) {
            Py_VISIT(r->objects[i]);
        }
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
