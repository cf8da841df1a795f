/* Makes threads take turns in instances that are linked with one another.
 *
 * The fields of a Lock are guarded by the GIL. `turn` is what a thread sleeps on, without the GIL,
 * while another is inside; it is held as long as somebody is. */
#include "native.h"

static Lock *root(Lock *lock) {
    while (lock->forward != NULL) {
        lock = lock->forward;
    }
    return lock;
}

struct Thread {
    Lock *waits_for;
};

static Thread *this_thread(void) {
    static _Thread_local Thread here;
    return &here;
}

/* Whether the owner of the lock waits, perhaps through others, for one that this thread has. */
static int would_deadlock(Lock *lock) {
    Thread *owner = lock->owner;
    while (owner != NULL && owner->waits_for != NULL) {
        owner = root(owner->waits_for)->owner;
        if (owner == this_thread()) {
            return 1;
        }
    }
    return 0;
}

Lock *lock_new(void) {
    Lock *lock = PyMem_Calloc(1, sizeof *lock);
    if (lock == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    lock->references = 1;
    return lock;
}

void lock_release_reference(Lock *lock) {
    while (lock != NULL && --lock->references == 0) {
        Lock *next = lock->forward;
        if (lock->turn != NULL) {
            PyThread_free_lock(lock->turn);
        }
        PyMem_Free(lock);
        lock = next;
    }
}

int lock_is_free(Lock *lock) {
    lock = root(lock);
    return lock->depth == 0 || lock->owner == this_thread();
}

uint32_t lock_depth(Lock *lock) {
    return root(lock)->depth;
}

enum { PATIENCE = 20000 }; /* microseconds until it is seen that the call is to end */

/* Sleeps until `turn` can be taken. Ctrl-C gets through, as does all that ends a call. */
static int wait_for_turn(Lock *lock) {
    PyLockStatus status;
    if (would_deadlock(lock)) {
        raise_error("runtime", "deadlock: threads wait for one another's instances");
        return -1;
    }
    lock->references++; /* it may be merged into another meanwhile */
    this_thread()->waits_for = lock;
    do {
        Py_BEGIN_ALLOW_THREADS;
        status = PyThread_acquire_lock_timed(lock->turn, PATIENCE, 1);
        Py_END_ALLOW_THREADS;
    } while (status != PY_LOCK_ACQUIRED &&
             (status == PY_LOCK_INTR ? PyErr_CheckSignals() : frame_check(frame_slot())) == 0);
    this_thread()->waits_for = NULL;
    if (status == PY_LOCK_ACQUIRED) {
        PyThread_release_lock(lock->turn);
    }
    lock_release_reference(lock);
    return status == PY_LOCK_ACQUIRED ? 0 : -1;
}

int lock_enter(Lock *lock) {
    for (;;) {
        Lock *now = root(lock);
        if (now->depth > 0 && now->owner == this_thread()) {
            now->depth++;
            return 0;
        }
        if (now->turn == NULL && (now->turn = PyThread_allocate_lock()) == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        if (now->depth == 0 && PyThread_acquire_lock(now->turn, NOWAIT_LOCK)) {
            now->owner = this_thread();
            now->depth = 1;
            return 0;
        }
        if (wait_for_turn(now) < 0) {
            return -1;
        }
    }
}

void lock_leave(Lock *lock) {
    lock = root(lock);
    if (--lock->depth == 0) {
        lock->owner = NULL;
        PyThread_release_lock(lock->turn);
    }
}

int lock_merge(Lock **into, Lock *other) {
    if (root(*into) == root(other)) {
        return 0;
    }
    if (lock_enter(other) < 0) {
        return -1;
    }
    if (lock_enter(*into) < 0) {
        lock_leave(other);
        return -1;
    }
    /* The newer instance's lock forwards to the older one, and goes with its instance. */
    Lock *from = root(*into), *to = root(other);
    if (from != to) {
        to->depth += from->depth; /* this thread is inside both */
        from->depth = 0;
        from->owner = NULL;
        from->forward = to;
        to->references++;
        PyThread_release_lock(from->turn); /* who waits there goes on */
    }
    lock_leave(to);
    lock_leave(to);
    return 0;
}
