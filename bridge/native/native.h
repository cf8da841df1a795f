/* Shared declarations of the extension module `_native`. bridge/README.md states the contract. */
#ifndef PYWASM_NATIVE_H
#define PYWASM_NATIVE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include <setjmp.h>

#include "go_table.h"
#include "loader.h"

#if PY_VERSION_HEX < 0x030A0000
static inline PyObject *Py_NewRef(PyObject *object) {
    Py_INCREF(object);
    return object;
}
static inline PyObject *Py_XNewRef(PyObject *object) {
    Py_XINCREF(object);
    return object;
}
#endif

/* Value types, numbered as pywasm.Type. */
enum pywasm_type {
    PYWASM_I32 = 1,
    PYWASM_I64 = 2,
    PYWASM_F32 = 3,
    PYWASM_F64 = 4,
    PYWASM_V128 = 5,
    PYWASM_EXTERNREF = 6,
    PYWASM_FUNCREF = 7,
    PYWASM_EXNREF = 8,
};

/* Extern kinds, numbered as in the binary format (https://webassembly.github.io/spec/core/binary/modules.html#export-section). */
enum pywasm_extern {
    PYWASM_FUNCTION = 0,
    PYWASM_TABLE = 1,
    PYWASM_MEMORY = 2,
    PYWASM_GLOBAL = 3,
    PYWASM_TAG = 4,
};

/* A function type, flat. Immutable once made; counted under the GIL. */
typedef struct {
    Py_ssize_t references;
    uint32_t params, results; /* how many values */
    uint32_t slots;           /* 64-bit slots for the larger of both; v128 takes two */
    uint8_t types[];          /* params, then results */
} Signature;

Signature *signature_from_types(const uint8_t *types, uint32_t params, uint32_t results);
Signature *signature_retain(Signature *signature);
void signature_release(Signature *signature);

/* Linked instances take turns: all that can reach one another's state share one lock.
 * Every field is guarded by the GIL; only `turn` is waited for without it. */
typedef struct Thread Thread;

typedef struct Lock {
    Py_ssize_t references;
    struct Lock *forward; /* merged into this one */
    Thread *owner;        /* the thread inside */
    uint32_t depth;       /* how often it entered */
    PyThread_type_lock turn;
} Lock;

Lock *lock_new(void);
void lock_release_reference(Lock *lock);
int lock_enter(Lock *lock); /* -1 with KeyboardInterrupt or the like set */
void lock_leave(Lock *lock);
int lock_merge(Lock **into, Lock *other); /* makes both one; waits for `other` */
uint32_t lock_depth(Lock *lock);
int lock_is_free(Lock *lock); /* nobody inside, or this very thread */

typedef struct Core Core;
typedef struct Kin Kin;
typedef struct Slot Slot;

/* One call of a guest, on the C stack of who called. See watch.c. */
typedef struct Frame {
    struct pywasm_call call; /* first, since Go knows its address */
    struct Frame *outer;     /* of this thread, and this process */
    Slot *slot, *before;
    Core *core;
    int64_t deadline; /* the outer ones' included; 0 for none */
    uint32_t caught;
    uint32_t callbacks, paused_at; /* how many, and how many had been at the last pause */
    uint8_t keeps;                 /* the GIL, from a callback to the next pause */
    uint8_t interrupted;
    jmp_buf back; /* see frame_abandon */
} Frame;

/* Has Go run the guest. A child that was forked in a host function has no Go to go back to: it comes back right here. */
#if defined(_WIN32)
#define FRAME_RUN(frame, call) (call)
#else
#define FRAME_RUN(frame, call) (_setjmp((frame)->back) == 0 ? (call) : PYWASM_RAISED)
#endif

/* The objects that guests hold as externref: see references.c. */
typedef struct {
    PyObject **objects; /* slot i belongs to reference i + 1 */
    Py_ssize_t count, capacity, free_slots, search, collect_at;
    PyObject *slot_of; /* dict: id(object) -> slot */
    uint32_t *holders; /* by slot, while the store has handed out: how many have it */
} References;

/* What instances have in their tables, globals and segments: see holdings.c. */
typedef struct {
    struct pywasm_holding *items;
    Py_ssize_t count, capacity;
} Holdings;

typedef struct {
    PyObject_HEAD void *go; /* *engine.Store, pinned by the control plane */
    unsigned epoch;
    uint8_t closed;
    uint32_t running;   /* how many are at something that may move references */
    uint8_t watched;    /* with each full collection the store hands out, see holdings.c */
    uint8_t handed_out; /* nothing can move references until all is taken back */
    Core *cores;        /* all open instances, newest first, borrowed */
    References references;
    Holdings holdings; /* while it has handed out */
    PyObject *weakrefs;
} Store;

/* An instance, seen from C: the list of its host functions, what it was linked with, its lock. */
struct Core {
    PyObject_HEAD void *go; /* *engine.Instance, pinned; NULL once closed */
    unsigned epoch;         /* of the library it lives in: another after fork */
    uint8_t closed;
    Store *store;
    Lock *lock;
    PyObject *imports; /* tuple of the externs it was linked with, by import */
    PyObject *module;
    Kin *kin; /* the ring of all cores that can hold one another's functions, or NULL: see kin.c */
    Core *kin_next, *kin_previous; /* the previous one is borrowed, and so is the next while the
                                      store has handed out */
    Py_ssize_t held_at, held;      /* in the store's holdings: where its own are, and how many */
    PyObject *functions; /* dict: index -> address of its Function, so that each has one identity */
    uint64_t *flag;      /* asks the guest to pause; NULL if it never does. See watch.c */
    int64_t timeout;     /* nanoseconds that a call may take; 0 for any number */
    int64_t deadline;    /* of all calls; 0 for none */
    uint8_t pauses;      /* a call of it comes to a safe point soon, or to its end */
    uint8_t interpreted; /* its references mean nothing to machine code, and the other way round */
    uint32_t importers;  /* open instances that import from this one */
    Core *next, *previous;
    PyObject *weakrefs;
};

typedef struct {
    PyObject_HEAD vectorcallfunc vectorcall;
    Signature *signature;
    Core *core;     /* the instance it belongs to; NULL for a host function not yet linked */
    uint32_t index; /* in the core's module */
    struct pywasm_function code;
    uint64_t calls, caught,
        callbacks;      /* how many, in how many ticks, with how many calls of hosts */
    uint8_t releases;   /* the GIL is let go from the beginning */
    uint8_t chatty;     /* so it is not, since callbacks would take it again soon */
    PyObject *callable; /* of a host function */
    void *go_host;      /* where Go has a host function of its own, beside index */
    PyObject *owner;    /* keeps go_host alive */
    Store *store;
    PyObject *name;
    PyObject *anchor; /* core of the tiny module through which a host function becomes a funcref */
    PyObject *weakrefs;
} Function;

typedef struct {
    PyObject_HEAD Core *core;
    uint32_t index;
    uint8_t type;
    uint8_t mutable_;
    PyObject *public_type;
    PyObject *weakrefs;
} Global; /* and Table, and Tag */

extern PyTypeObject *Store_Type, *Core_Type, *Function_Type, *Global_Type, *Table_Type, *Tag_Type;
extern PyTypeObject *Memory_Type;

/* Makes a heap type from its spec and adds it to the module; the types below register so. */
int store_register(PyObject *module);
int core_register(PyObject *module);
int function_register(PyObject *module);
int global_register(PyObject *module);
int table_register(PyObject *module);
int tag_register(PyObject *module);
int memory_register(PyObject *module);
int views_register(PyObject *module);
#define WITH_KEYWORDS(function)                                                                    \
    (PyCFunction)(void (*)(void))(function), METH_VARARGS | METH_KEYWORDS
PyTypeObject *register_type(PyObject *module, const char *name, PyType_Spec *spec);

/* watch.c */
int frame_enter(Frame *frame, Core *core); /* -1 with an exception set */
void frame_leave(Frame *frame, Function *function);
void frame_leave_thread(Frame *frame);
Slot *frame_slot(void);           /* of this thread, or NULL */
Frame *frame_current(void);       /* the innermost one of this thread */
int frame_check(Slot *slot);      /* what is due: -1 with an exception set */
void frame_abandon(Frame *frame); /* returns unless this is a child forked in the frame */
int64_t clock_now(void);
int frame_interrupt(const Core *core, unsigned long thread); /* 0 for any thread */
int watch_begin_change(void); /* around changes of a store's list of instances, and of flags */
void watch_end_change(void);

/* stack.c: -1 with RecursionError set where little is left of this thread's C stack */
int stack_check(void);

/* values.c: between Python objects and 64-bit slots. `where` names the value in errors. */
typedef struct {
    PyObject *function; /* name, or NULL */
    const char *role;   /* "argument", "result", "value" */
    uint32_t position;
} Where;
int value_pack(Store *store, Core *core, uint8_t type, PyObject *value, uint64_t *slot,
               const Where *where);
/* Function references are those of an instance; core may be NULL for other types. */
PyObject *value_unpack(Store *store, Core *core, uint8_t type, const uint64_t *slot);
const char *type_name(uint8_t type);
int to_u32(PyObject *object, uint32_t *number); /* -1 with TypeError or OverflowError set */
static inline uint32_t type_slots(uint8_t type) {
    return type == PYWASM_V128 ? 2 : 1;
}

/* holdings.c */
int store_hand_out(Store *store); /* unless something of the store is running */
void store_take_back(Store *store);
void core_let_go(Core *core); /* of what it holds while the store has handed out */
int core_traverse_held(Core *core, visitproc visit, void *arg);

/* Around all that may move references: nothing is handed out meanwhile. */
static inline void core_begin(Core *core) {
    if (core->store->handed_out) {
        store_take_back(core->store);
    }
    core->store->running++;
}
static inline void core_end(Core *core) {
    if (core->epoch == pywasm_epoch) { /* else this is a child, whose store counts anew */
        core->store->running--;
    }
}

/* kin.c */
int core_befriend(Core *a, Core *b); /* they may hold one another's functions from now on */
void core_leave_kin(Core *core);     /* it may be freed, where nothing else holds it */

/* references.c */
int references_tidy(Store *store);                         /* before anything of a call is packed */
uint64_t reference_of(Store *store, PyObject *object);     /* 0 with an exception set */
PyObject *reference_get(Store *store, uint64_t reference); /* new reference */
int references_traverse(References *references, visitproc visit, void *arg);
void references_clear(References *references);
int references_prepare(References *references); /* the rest is what holdings.c asks for */
PyObject *references_at(const References *references, const struct pywasm_holding *item);
void references_give(References *references, struct pywasm_holding *item);
Py_ssize_t references_unheld(References *references, PyObject **left);
void references_take(References *references, const struct pywasm_holding *item);
PyObject *references_drop(References *references, const struct pywasm_holding *item);
void references_taken(References *references);

/* instance.c */
int core_check(Core *core); /* -1 with an exception set where it is closed or of another process */
int core_enter(Core *core);
void core_leave(Core *core);
void core_forget(Core *core, Function *function);
Function *core_function(Core *core, uint32_t index, Signature *signature, PyObject *name);
void core_release(Core *core); /* lets go of what it has in Go */

/* store.c */
int store_check(Store *store); /* as core_check */
int store_watch(Store *store); /* has it hand out with each full collection */

/* module.c: the constructor of what cannot be constructed */
PyObject *not_constructible(PyTypeObject *type, PyObject *args, PyObject *keywords);

/* buffer/memory.c */
Core *memory_core(PyObject *memory);
int memory_is_shared(PyObject *memory);

/* function.c */
enum { SMALL = 16 }; /* slots and arguments that fit on the C stack */
uint64_t function_reference(Function *function, Core *holder); /* 0 with an exception set */
PyObject *function_from_reference(Core *core, uint64_t reference);

/* host.c */
PyObject *call_callable(Function *function, PyObject *const *args);
int32_t host_call(void *core, uint32_t index, uint64_t *stack, struct pywasm_call *call);
Function *function_new(Core *core, uint32_t index, Signature *signature, PyObject *name);

/* direct.c: 0, -1 with an exception set, or DIRECT_RETRY where nothing was done */
enum { DIRECT_RETRY = 1 };
int direct_call(Function *function, uint64_t *slots);

/* stream.c */
void stream_exception(void *parked[3]); /* hands over what a stream has raised */

/* errors.c */
int errors_register(void);
void pywasm_raise(const char *text); /* sets the exception that an error text of Go means */
void park_exception(struct pywasm_call *call); /* until raise_failed */
int raise_failed(struct pywasm_call *call,
                 int status); /* after PYWASM_RAISED or PYWASM_FAILED: always -1 */
PyObject *raise_error(const char *code, const char *format, ...); /* always NULL */
PyObject *helpers(void); /* pywasm._helpers, what C asks of Python: borrowed, or NULL */

#endif
