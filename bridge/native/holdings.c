/* Who holds what guests hold.
 *
 * While guests may run, the store holds all their external references, and instances that may hold one another's functions
 * hold each other (kin.c), since where a reference is may change at any time. Python's collector learns nothing from that:
 * an object in a table that only an instance of its own can reach would live as long as the store.
 *
 * So with each full collection, and when no guest of the store runs, the store hands out: it asks Go what there is in
 * the tables, globals and segments that an instance has defined, and each instance holds just that, for all to see. It takes
 * everything back before anything can move a reference: before a call, before a table or a global is set, before an
 * instance is made. Finalizers may do that in the middle of a collection, which then finds that the objects are held. */
#include "native.h"

/* ---- hand out ---- */

/* Lists what one instance has, behind what there is already. */
static int list_one(Core *core, Holdings *h) {
    core->held_at = h->count;
    core->held = 0;
    if (core->go == NULL || core->epoch != pywasm_epoch) {
        return 0;
    }
    for (;;) {
        Py_ssize_t room = h->capacity - h->count;
        int64_t count = pywasm_go.pywasm_holdings(
            core->go, core->kin != NULL, h->items == NULL ? NULL : h->items + h->count, room);
        if (PyErr_Occurred()) {
            return -1;
        }
        if (count <= room) {
            core->held = (Py_ssize_t)count;
            h->count += (Py_ssize_t)count;
            return 0;
        }
        Py_ssize_t capacity = h->capacity * 2 + (Py_ssize_t)count;
        struct pywasm_holding *items =
            PyMem_Resize(h->items, struct pywasm_holding, (size_t)capacity);
        if (items == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        h->items = items;
        h->capacity = capacity;
    }
}

static void forget_list(Store *store) {
    for (Core *core = store->cores; core != NULL; core = core->next) {
        core->held = 0;
    }
    PyMem_Free(store->holdings.items);
    store->holdings = (Holdings){0};
    references_taken(&store->references);
}

static int list_all(Store *store, Py_ssize_t *kin) {
    *kin = 0;
    for (Core *core = store->cores; core != NULL; core = core->next) {
        *kin += core->kin != NULL;
        if (list_one(core, &store->holdings) < 0) {
            return -1;
        }
    }
    return 0;
}

static void give(Core *core) {
    struct pywasm_holding *item = core->store->holdings.items + core->held_at;
    for (Py_ssize_t i = 0; i < core->held; i++, item++) {
        if (item->owner != NULL) {
            Py_INCREF((PyObject *)item->owner);
        } else {
            references_give(&core->store->references, item);
        }
    }
}

/* Adds to `left` what nobody holds any more but the list itself, once all is handed out. */
static Py_ssize_t hand_out(Store *store, PyObject **left) {
    Py_ssize_t count = 0;
    store->handed_out = 1;
    for (Core *core = store->cores; core != NULL; core = core->next) {
        give(core);
        if (core->kin != NULL) {
            left[count++] = (PyObject *)core->kin_next;
        }
    }
    return count + references_unheld(&store->references, left + count);
}

/* Makes room for all references that may be left. */
static PyObject **make_room(Store *store) {
    Py_ssize_t kin;
    if (list_all(store, &kin) < 0 || references_prepare(&store->references) < 0) {
        return NULL;
    }
    PyObject **left = PyMem_New(PyObject *, (size_t)(kin + store->references.count + 1));
    return left != NULL ? left : (PyObject **)PyErr_NoMemory();
}

int store_hand_out(Store *store) {
    if (store->handed_out || store->running > 0 || store->closed || store->epoch != pywasm_epoch ||
        store->go == NULL) {
        return 0;
    }
    PyObject **left = make_room(store);
    if (left == NULL) {
        forget_list(store);
        return -1;
    }
    Py_ssize_t count = hand_out(store, left);
    for (Py_ssize_t i = 0; i < count; i++) {
        Py_DECREF(left[i]); /* which may run anything */
    }
    PyMem_Free(left);
    return 0;
}

/* ---- take back ---- */

static void take(Core *core) {
    while (core->held > 0) {
        struct pywasm_holding *item = core->store->holdings.items + core->held_at + --core->held;
        if (item->owner == NULL) {
            references_take(&core->store->references, item);
        } else if (core_befriend(core, item->owner) < 0) {
            PyErr_WriteUnraisable((PyObject *)core); /* the function may be used for ever */
        } else {
            Py_DECREF((PyObject *)item->owner); /* not the last: they are kin */
        }
    }
}

void store_take_back(Store *store) {
    if (!store->handed_out) {
        return;
    }
    store->handed_out = 0;
    for (Core *core = store->cores; core != NULL; core = core->next) {
        if (core->kin != NULL) {
            Py_INCREF((PyObject *)core->kin_next);
        }
    }
    for (Core *core = store->cores; core != NULL; core = core->next) {
        take(core);
    }
    forget_list(store);
}

void core_let_go(Core *core) {
    while (core->held > 0) { /* objects that go may have the store take back the rest */
        struct pywasm_holding *item = core->store->holdings.items + core->held_at + --core->held;
        PyObject *object =
            item->owner != NULL ? item->owner : references_drop(&core->store->references, item);
        Py_XDECREF(object);
    }
}

int core_traverse_held(Core *core, visitproc visit, void *arg) {
    if (!core->store->handed_out) {
        Py_VISIT((PyObject *)core->kin_next);
        return 0;
    }
    for (Py_ssize_t i = 0; i < core->held; i++) {
        struct pywasm_holding *item = core->store->holdings.items + core->held_at + i;
        Py_VISIT(item->owner != NULL ? (PyObject *)item->owner
                                     : references_at(&core->store->references, item));
    }
    return 0;
}
