/* Kin: instances that may hold one another's functions in tables and globals.
 *
 * They form a ring, in which each holds the next: so they are held together, and Python's collector sees it. While the
 * store has handed out what its instances hold (holdings.c), the ring stays, but nobody holds another by it. */
#include "native.h"

struct Kin {
    Py_ssize_t members;
};

/* Makes a ring of one, which holds itself. */
static int begin_ring(Core *core) {
    if (core->kin != NULL) {
        return 0;
    }
    core->kin = PyMem_Malloc(sizeof *core->kin);
    if (core->kin == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    core->kin->members = 1;
    core->kin_next = core->kin_previous = (Core *)Py_NewRef((PyObject *)core);
    return 0;
}

/* Nobody but itself: that holds nothing together. */
static void end_ring(Core *core, int held) {
    PyMem_Free(core->kin);
    core->kin = NULL;
    core->kin_next = core->kin_previous = NULL;
    if (held) {
        Py_DECREF((PyObject *)core);
    }
}

static void rename_ring(Core *first, Kin *kin) {
    Core *core = first;
    do {
        core->kin = kin;
        core = core->kin_next;
    } while (core != first);
}

int core_befriend(Core *a, Core *b) {
    store_take_back(a->store);
    if (a == b || (a->kin != NULL && a->kin == b->kin)) {
        return 0;
    }
    if (store_watch(a->store) < 0 || begin_ring(a) < 0) {
        return -1;
    }
    if (begin_ring(b) < 0) {
        if (a->kin->members == 1) {
            end_ring(a, 1);
        }
        return -1;
    }
    Core *large = a->kin->members < b->kin->members ? b : a, *small = large == a ? b : a;
    Kin *old = small->kin;
    large->kin->members += old->members;
    rename_ring(small, large->kin);
    PyMem_Free(old);
    Core *next = large->kin_next;
    large->kin_next = small->kin_next;
    small->kin_next = next;
    large->kin_next->kin_previous = large;
    next->kin_previous = small;
    return 0;
}

void core_leave_kin(Core *core) {
    if (core->kin == NULL) {
        return;
    }
    int held = !core->store->handed_out;
    Kin *kin = core->kin;
    Core *before = core->kin_previous, *after = core->kin_next;
    if (kin->members == 1) {
        end_ring(core, held);
        return;
    }
    core->kin = NULL;
    core->kin_next = core->kin_previous = NULL;
    before->kin_next = after; /* which the core held, and it the core */
    after->kin_previous = before;
    if (--kin->members == 1) {
        end_ring(after, held);
    }
    if (held) {
        Py_DECREF((PyObject *)core);
    }
}
