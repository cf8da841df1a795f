/* The data plane: what libpywasm (Go) offers to _native (C).
 *
 * Both sides include this header; python_table.h is the way back. bridge/README.md is the contract: who owns each
 * pointer, on which thread a function runs and whether the GIL is held. */
#ifndef PYWASM_GO_TABLE_H
#define PYWASM_GO_TABLE_H

#include <stdint.h>

/* One call from Python into the guest. Lives on the C stack of the caller. */
struct pywasm_call {
    void *thread_state; /* what PyEval_SaveThread returned; NULL while the GIL is held */
    void *exception[3]; /* a Python exception parked by a host function: type, value, traceback */
    char *error;        /* the error text of errors.c, freed with pywasm_free */
    void *guest;        /* Go's *engine.Call, once the guest has called the host */
    struct pywasm_call *outer; /* the call of this thread that this one is within, or NULL */
};

/* What a call of Go returns. */
enum pywasm_status {
    PYWASM_OK = 0,
    PYWASM_RAISED = 1, /* a host function raised: the exception is parked in the call */
    PYWASM_FAILED = 2, /* call->error says what failed */
};

/* Where an import of an instance comes from. */
enum pywasm_import_kind {
    PYWASM_IMPORT_HOST = 0,     /* a Python callable: called by index through the core */
    PYWASM_IMPORT_INSTANCE = 1, /* an extern of another instance */
    PYWASM_IMPORT_GO = 2,       /* a host function written in Go (WASI) */
    PYWASM_IMPORT_MISSING = 3,
};

struct pywasm_import {
    void *source;         /* instance or snapshot of WASI; NULL for a Python callable */
    const uint8_t *types; /* of a host function: value types of parameters, then results */
    uint32_t params, results;
    uint32_t index;      /* of the extern in the source: in its index space of that kind */
    uint8_t kind;        /* enum pywasm_import_kind */
    uint8_t extern_kind; /* enum pywasm_extern */
};

/* A linear memory: base never moves, size only grows. Owned by Go, counted by reference. */
struct pywasm_linear {
    uint8_t *base;
    uint64_t size; /* bytes; written by Go when the memory grows */
};

#define PYWASM_RAISED_FLAG INT64_MAX /* meter.Raised */

/* What an instance may have. */
struct pywasm_limits {
    uint64_t memory; /* bytes */
    uint64_t tables; /* elements */
    uint64_t fuel;   /* to begin with */
    uint32_t depth;  /* active calls */
};

/* An instance, linked. */
struct pywasm_instance {
    void *instance; /* released with pywasm_instance_close */
    uint64_t *flag; /* PYWASM_RAISED_FLAG, written by any thread but Go's, asks the guest to pause;
                       NULL if it never does */
    uint8_t pauses; /* its calls end or come to a safe point soon */
};

/* An exported function, resolved. */
struct pywasm_function {
    void *callee; /* released with pywasm_function_free */
    /* Machine code that may be entered without Go, see direct.c. NULL where there is none. */
    void *preamble;
    void *executable;
    void *module_context;
    uint8_t ends_at_once; /* no loop, no call: the GIL is kept */
};

/* What an instance has in a table, a global or a segment of its own: an external reference, or a function of another. */
struct pywasm_holding {
    void *owner;       /* the Core of that; NULL for an external reference */
    uint64_t external; /* its number */
};

/* What is alive in Go. */
struct pywasm_census {
    uint64_t handles;    /* in gopy's table */
    uint64_t held;       /* what C has the address of, see lib/held.go */
    uint64_t memories;   /* linear memories that are mapped */
    uint64_t goroutines; /* Go's own are not counted */
    uint64_t heap;       /* bytes */
};

/* X(return type, name, arguments) */
#define PYWASM_GO_FUNCTIONS(X)                                                                     \
    X(int32_t, pywasm_instantiate,                                                                 \
      (void *module, void *core, struct pywasm_import *imports, int32_t count,                     \
       struct pywasm_limits *limits, struct pywasm_call *call, struct pywasm_instance *out))       \
    X(int32_t, pywasm_start, (void *instance, struct pywasm_call *call))                           \
    X(void, pywasm_instance_close, (void *instance))                                               \
    X(int32_t, pywasm_call,                                                                        \
      (void *callee, uint64_t *stack, int32_t slots, struct pywasm_call *call))                    \
    X(void, pywasm_function_get, (void *instance, uint32_t index, struct pywasm_function *out))    \
    X(void, pywasm_function_free, (void *callee))                                                  \
    X(uint64_t, pywasm_function_ref, (void *instance, uint32_t index))                             \
    X(int32_t, pywasm_ref_resolve, (void *instance, uint64_t ref, void **core, uint32_t *index))   \
    X(void, pywasm_memory_get, (void *instance, struct pywasm_linear **memory))                    \
    X(void, pywasm_memory_hold, (struct pywasm_linear * memory))                                   \
    X(void, pywasm_memory_release, (struct pywasm_linear * memory))                                \
    X(int64_t, pywasm_memory_grow, (void *instance, uint32_t pages))                               \
    X(void, pywasm_global_get, (void *instance, uint32_t index, uint64_t *value))                  \
    X(void, pywasm_global_set, (void *instance, uint32_t index, uint64_t *value))                  \
    X(int32_t, pywasm_admits, (void *instance, uint8_t kind, uint32_t index, uint64_t ref))        \
    X(uint32_t, pywasm_table_size, (void *instance, uint32_t index))                               \
    X(int32_t, pywasm_table_get, (void *instance, uint32_t table, uint32_t index, uint64_t *ref))  \
    X(int32_t, pywasm_table_set, (void *instance, uint32_t table, uint32_t index, uint64_t ref))   \
    X(int64_t, pywasm_table_grow, (void *instance, uint32_t table, uint32_t delta, uint64_t ref))  \
    X(int64_t, pywasm_holdings,                                                                    \
      (void *instance, int32_t functions, struct pywasm_holding *out, int64_t room))               \
    X(int32_t, pywasm_direct_context,                                                              \
      (void *callee, uint8_t *context, int32_t size, void *stack_bottom))                          \
    X(int32_t, pywasm_fuel_get, (void *instance, uint64_t *fuel))                                  \
    X(void, pywasm_fuel_set, (void *instance, uint64_t fuel))                                      \
    X(void, pywasm_census, (struct pywasm_census * out))                                           \
    X(void, pywasm_free, (void *text))

#endif
