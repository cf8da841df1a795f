/* Watches the calls under way, and asks guests that run long to pause.
 *
 * A thread that calls a guest has a Slot. A thread of C, the ticker, looks at all slots every few milliseconds and says in
 * `due` what it finds: the GIL was kept long enough, signals may have come, a deadline has passed, another thread wants the
 * call to end. Then it sets the flags of the store's instances, and the guest comes to guest_pause at its next safe point.
 * The ticker is no thread of Go, because Go stops its own to collect garbage and waits for the guest then, and knows
 * nothing of Python, because the guest may hold the GIL.
 *
 * What the ticker reads of a Slot is atomic. Frames are the business of threads that hold the GIL. */
#if !defined(_WIN32) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "native.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#include <windows.h>
#else
#include <time.h>
#endif

#include "python_table.h"

enum {
    TICK = 5000,      /* microseconds; as long as Python lets a thread keep the GIL */
    SIGNAL_TICKS = 8, /* how many ticks lie between two looks at signals */
    IDLE_TICKS = 200, /* after so many without a call the ticker goes to sleep */
    DOZE = 50000,     /* microseconds; see ticker */
    CHATTY = 100,     /* callbacks from one tick to the next */
    BRIEF = 50,       /* microseconds a function may take on average and keep the GIL */
};

enum { DUE_RELEASE = 1, DUE_SIGNALS = 2, DUE_DEADLINE = 4, DUE_INTERRUPT = 8 };

struct Slot {
    Slot *next;      /* of all; slots are never freed */
    Slot *next_free; /* guarded by the GIL, as is top */
    Frame *top;      /* the innermost call of the thread */
    unsigned long thread;
    uint8_t main;
    unsigned epoch;
    _Atomic(Store *) store; /* of the innermost call; NULL between calls */
    _Atomic uint32_t serial;
    _Atomic uint32_t due;
    _Atomic uint32_t caught; /* ticks that found a call under way */
    _Atomic uint8_t urgent;  /* a frame is interrupted */
    _Atomic int64_t deadline;
    uint32_t seen, ticks; /* the ticker's own: the serial, and for how many ticks it was the same */
};

static _Atomic(Slot *) slots;
static Slot *free_slots;
static _Thread_local Slot *current;
static unsigned epoch; /* that of what is below */
static PyThread_type_lock
    registry; /* guards the lists of instances and their flags from the ticker */
static PyThread_type_lock wake;
static _Atomic int sleeping, started;

/* Nanoseconds of a clock that only goes forward. */
int64_t clock_now(void) {
#if defined(_WIN32)
    LARGE_INTEGER count, frequency;
    QueryPerformanceCounter(&count);
    QueryPerformanceFrequency(&frequency);
    int64_t seconds = count.QuadPart / frequency.QuadPart,
            rest = count.QuadPart % frequency.QuadPart;
    return seconds * 1000000000 + rest * 1000000000 / frequency.QuadPart;
#else
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
#endif
}

/* ---- the ticker ---- */

static void set_flags(Store *store) {
    for (Core *core = store->cores; core != NULL; core = core->next) {
        if (core->flag != NULL) {
            atomic_store_explicit((_Atomic uint64_t *)core->flag, PYWASM_RAISED_FLAG,
                                  memory_order_relaxed);
        }
    }
}

static void look_at(Slot *slot, Store *store) {
    uint32_t due = 0, serial = atomic_load_explicit(&slot->serial, memory_order_relaxed);
    slot->ticks = serial == slot->seen ? slot->ticks + 1 : 0;
    slot->seen = serial;
    atomic_fetch_add_explicit(&slot->caught, 1, memory_order_relaxed);
    if (slot->ticks > 0) {
        due |= DUE_RELEASE;
    }
    if (slot->main && slot->ticks % SIGNAL_TICKS == SIGNAL_TICKS - 1) {
        due |= DUE_SIGNALS;
    }
    int64_t deadline = atomic_load_explicit(&slot->deadline, memory_order_relaxed);
    if (deadline != 0 && clock_now() >= deadline) {
        due |= DUE_DEADLINE;
    }
    if (atomic_load_explicit(&slot->urgent, memory_order_relaxed)) {
        due |= DUE_INTERRUPT;
    }
    if (atomic_fetch_or(&slot->due, due) | due) {
        set_flags(store);
    }
}

/* Returns how many calls are under way. */
static int tick(void) {
    int calls = 0;
    PyThread_acquire_lock(registry, WAIT_LOCK);
    for (Slot *slot = atomic_load(&slots); slot != NULL; slot = slot->next) {
        Store *store = atomic_load(&slot->store);
        if (store != NULL) {
            look_at(slot, store);
            calls++;
        }
    }
    PyThread_release_lock(registry);
    return calls;
}

/* To be woken costs a call a look at `sleeping`, without a fence: so a call may have begun that has
 * not seen it, and is found after a doze. */
static void sleep_until_woken(void) {
    atomic_store(&sleeping, 1);
    if (PyThread_acquire_lock_timed(wake, DOZE, 0) != PY_LOCK_ACQUIRED && tick() == 0) {
        PyThread_acquire_lock(wake, WAIT_LOCK);
    }
    atomic_store(&sleeping, 0);
}

static void ticker(void *unused) {
    (void)unused;
    for (int idle = 0;;) {
        PyThread_acquire_lock_timed(wake, TICK, 0);
        idle = tick() > 0 ? 0 : idle + 1;
        if (idle > IDLE_TICKS) {
            sleep_until_woken();
            idle = 0;
        }
    }
}

static void wake_ticker(void) {
    int was = 1;
    if (atomic_compare_exchange_strong(&sleeping, &was, 0)) {
        PyThread_release_lock(wake);
    }
}

/* ---- instances ---- */

/* Nothing of the parent's is known in a child: its ticker is gone, and may have held the lock. */
static int ready(void) {
    if (registry != NULL && epoch == pywasm_epoch) {
        return 0;
    }
    PyThread_type_lock locks[2] = {PyThread_allocate_lock(), PyThread_allocate_lock()};
    if (locks[0] == NULL || locks[1] == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    registry = locks[0];
    wake = locks[1];
    PyThread_acquire_lock(wake, NOWAIT_LOCK);
    atomic_store(&slots, NULL);
    free_slots = NULL;
    started = sleeping = 0;
    epoch = pywasm_epoch;
    return 0;
}

int watch_begin_change(void) {
    if (ready() < 0) {
        return -1;
    }
    PyThread_acquire_lock(registry, WAIT_LOCK);
    return 0;
}

void watch_end_change(void) {
    PyThread_release_lock(registry);
}

/* ---- calls ---- */

static Slot *new_slot(void) {
    if (ready() < 0) {
        return NULL;
    }
    if (!started) {
        if (PyThread_start_new_thread(ticker, NULL) == (unsigned long)-1) {
            PyErr_SetString(PyExc_RuntimeError, "cannot start a thread");
            return NULL;
        }
        started = 1;
    }
    Slot *slot = free_slots;
    if (slot != NULL) {
        free_slots = slot->next_free;
        return slot;
    }
    slot = calloc(1, sizeof *slot);
    if (slot == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    slot->epoch = pywasm_epoch;
    slot->next = atomic_load(&slots);
    atomic_store(&slots, slot);
    return slot;
}

/* Asks `threading`. While nobody has imported that, there are no threads of Python's but one. */
static int ask_main(void) {
    PyObject *name = PyUnicode_FromString("threading");
    PyObject *threading = name == NULL ? NULL : PyImport_GetModule(name);
    PyObject *thread = NULL, *ident = NULL;
    int answer = 1;
    if (threading != NULL) {
        thread = PyObject_CallMethod(threading, "main_thread", NULL);
        ident = thread == NULL ? NULL : PyObject_GetAttrString(thread, "ident");
        answer = ident != NULL && PyLong_AsUnsignedLong(ident) == PyThread_get_thread_ident();
    }
    PyErr_Clear();
    Py_XDECREF(name);
    Py_XDECREF(threading);
    Py_XDECREF(thread);
    Py_XDECREF(ident);
    return answer;
}

/* Whether handlers of signals run on this thread. */
static int is_main(void) {
    static _Thread_local uint8_t known;
    static _Thread_local unsigned known_epoch;
    if (known == 0 || known_epoch != pywasm_epoch) {
        known = ask_main() ? 2 : 1;
        known_epoch = pywasm_epoch;
    }
    return known == 2;
}

static Slot *enter_thread(void) {
    Slot *slot = new_slot();
    if (slot != NULL) {
        slot->thread = PyThread_get_thread_ident();
        slot->main = (uint8_t)is_main();
        slot->top = NULL;
        atomic_store_explicit(&slot->due, 0, memory_order_relaxed);
        atomic_store_explicit(&slot->caught, 0, memory_order_relaxed);
        atomic_store_explicit(&slot->urgent, 0, memory_order_relaxed);
        atomic_fetch_add_explicit(&slot->serial, 1, memory_order_relaxed);
        current = slot;
    }
    return slot;
}

/* The earlier one of the outer call's deadline, the instance's own, and what it allows a call. */
static void set_deadline(Frame *frame, const Core *core) {
    int64_t own = core->timeout == 0 ? 0 : clock_now() + core->timeout;
    if (core->deadline != 0 && (own == 0 || core->deadline < own)) {
        own = core->deadline;
    }
    if (own != 0 && (frame->deadline == 0 || own < frame->deadline)) {
        frame->deadline = own;
    }
}

int frame_enter(Frame *frame, Core *core) {
    Slot *before = current, *slot = before;
    if (slot == NULL || slot->epoch != pywasm_epoch) {
        slot = enter_thread();
        if (slot == NULL) {
            return -1;
        }
    }
    memset(frame, 0, offsetof(Frame, back));
    frame->before = before;
    frame->slot = slot;
    frame->outer = slot->top;
    frame->call.outer = slot->top == NULL ? NULL : &slot->top->call;
    frame->core = core;
    frame->caught = atomic_load_explicit(&slot->caught, memory_order_relaxed);
    frame->deadline = frame->outer == NULL ? 0 : frame->outer->deadline;
    if (core->timeout != 0 || core->deadline != 0) {
        set_deadline(frame, core);
    }
    slot->top = frame;
    atomic_store_explicit(&slot->deadline, frame->deadline, memory_order_relaxed);
    atomic_store_explicit(&slot->store, core->store, memory_order_release);
    if (atomic_load_explicit(&sleeping, memory_order_relaxed)) {
        wake_ticker();
    }
    if (core_enter(core) < 0) {
        frame_leave_thread(frame);
        return -1;
    }
    return 0;
}

static int any_interrupted(const Frame *frame) {
    for (; frame != NULL; frame = frame->outer) {
        if (frame->interrupted) {
            return 1;
        }
    }
    return 0;
}

void frame_leave_thread(Frame *frame) {
    Slot *slot = frame->slot;
    Frame *outer = frame->outer;
    slot->top = outer;
    atomic_store_explicit(&slot->store, outer == NULL ? NULL : outer->core->store,
                          memory_order_release);
    current = frame->before;
    if (outer != NULL) {
        atomic_store_explicit(&slot->deadline, outer->deadline, memory_order_relaxed);
        if (frame->interrupted) {
            atomic_store(&slot->urgent, (uint8_t)any_interrupted(outer));
        }
    } else if (slot->epoch == pywasm_epoch) {
        slot->next_free = free_slots;
        free_slots = slot;
    }
}

/* A function that takes long on average lets go of the GIL from its beginning on, unless it calls
 * host functions all the time. */
void frame_leave(Frame *frame, Function *f) {
    core_leave(frame->core);
    if (f != NULL) {
        uint32_t caught =
            atomic_load_explicit(&frame->slot->caught, memory_order_relaxed) - frame->caught;
        f->calls++;
        f->callbacks += frame->callbacks;
        if (caught > 0) {
            f->caught += caught;
            f->chatty = f->callbacks > f->caught * CHATTY;
            f->releases |= f->caught * TICK > f->calls * BRIEF;
        }
    }
    frame_leave_thread(frame);
}

/* In a child, what lies between here and the call of the guest is dead: nothing of Go may run, not even to unwind. What
 * was raised is raised from there, or else that the instance did not survive. The GIL is held. */
void frame_abandon(Frame *frame) {
    if (frame->core->epoch == pywasm_epoch) {
        return;
    }
#if !defined(_WIN32)
    if (frame->call.exception[0] == NULL && core_check(frame->core) < 0) {
        park_exception(&frame->call);
    }
    frame->call.thread_state = NULL;
    longjmp(frame->back, 1);
#endif
}

Frame *frame_current(void) {
    return current->top;
}

/* ---- pauses ---- */

static int raise_due(const Slot *slot) {
    if (slot->main && PyErr_CheckSignals() < 0) {
        return -1;
    }
    if (any_interrupted(slot->top)) {
        raise_error("interrupted", "the call was interrupted");
        return -1;
    }
    if (slot->top->deadline != 0 && clock_now() >= slot->top->deadline) {
        raise_error("timeout", "the guest did not finish in time");
        return -1;
    }
    return 0;
}

/* Also what an inner call has raised, and a host function has caught: it is due still. */
static int is_due(const Slot *slot) {
    return atomic_load_explicit(&slot->due, memory_order_relaxed) != 0 ||
           slot->top->deadline != 0 || atomic_load_explicit(&slot->urgent, memory_order_relaxed);
}

int frame_check(Slot *slot) {
    if (slot == NULL || slot->top == NULL || !is_due(slot)) {
        return 0;
    }
    atomic_store(&slot->due, 0);
    return raise_due(slot);
}

Slot *frame_slot(void) {
    return current;
}

int32_t guest_pause(void) {
    Slot *slot = current;
    uint32_t due = slot == NULL ? 0 : atomic_exchange(&slot->due, 0);
    if (due == 0) {
        return PYWASM_OK; /* another guest of the store was meant */
    }
    Frame *frame = slot->top;
    struct pywasm_call *call = &frame->call;
    frame->keeps = frame->callbacks - frame->paused_at > CHATTY;
    frame->paused_at = frame->callbacks;
    if (call->thread_state != NULL) {
        if (due == DUE_RELEASE) {
            return PYWASM_OK;
        }
        PyEval_RestoreThread(call->thread_state);
    }
    int status = raise_due(slot);
    if (status < 0) {
        park_exception(call);
    }
    frame_abandon(frame);
    call->thread_state = PyEval_SaveThread();
    return status < 0 ? PYWASM_RAISED : PYWASM_OK;
}

void guest_release(struct pywasm_call *call) {
    call->thread_state = PyEval_SaveThread();
}

int frame_interrupt(const Core *core, unsigned long thread) {
    int found = 0;
    for (Slot *slot = atomic_load(&slots); slot != NULL && epoch == pywasm_epoch;
         slot = slot->next) {
        if (atomic_load(&slot->store) == NULL || (thread != 0 && slot->thread != thread)) {
            continue;
        }
        for (Frame *frame = slot->top; frame != NULL; frame = frame->outer) {
            if (frame->core == core) {
                frame->interrupted = 1;
                found = 1;
                atomic_store(&slot->urgent, 1);
            }
        }
    }
    return found;
}
