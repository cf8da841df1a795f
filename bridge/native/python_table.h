/* What libpywasm calls in Python and in _native, as a table that _native fills.
 *
 * libpywasm is one library for every Python, so it neither includes Python.h nor links against
 * a Python: both sides share this header alone. An entry has the name and the signature of the
 * function that it stands for, in Python's C API or in _native. */
#ifndef PYWASM_PYTHON_TABLE_H
#define PYWASM_PYTHON_TABLE_H

#include <stddef.h>

#include "go_table.h"

typedef struct _object PyObject;
typedef struct _ts PyThreadState;

#define PYWASM_PYTHON_FUNCTIONS(X)                                                                 \
    X(PyThreadState *, PyEval_SaveThread, (void))                                                  \
    X(void, PyEval_RestoreThread, (PyThreadState *))                                               \
    X(char *, PyBytes_AsString, (PyObject *))                                                      \
    X(ptrdiff_t, PyBytes_Size, (PyObject *))                                                       \
    X(PyObject *, PyBytes_FromStringAndSize, (const char *, ptrdiff_t))                            \
    X(void, pywasm_raise, (const char *))                                                          \
    X(int32_t, host_call, (void *, uint32_t, uint64_t *, struct pywasm_call *))                    \
    X(int64_t, stream_transfer, (void *, void *, int64_t, int32_t))                                \
    X(int32_t, guest_pause, (void))                                                                \
    X(void, guest_release, (struct pywasm_call *))                                                 \
    X(int32_t, signals_check, (void))

struct pywasm_python {
    unsigned epoch; /* how many forks lie between the first process and this one */
#define X(result, name, parameters) result(*name) parameters;
    PYWASM_PYTHON_FUNCTIONS(X)
#undef X
};

/* Raises the exception that the text of a Go error stands for. The GIL is held. */
void pywasm_raise(const char *text);

/* Runs host function `index` of the instance whose core is given, and takes the GIL for that unless
 * the call has kept it. Returns an enum pywasm_status. */
int32_t host_call(void *core, uint32_t index, uint64_t *stack, struct pywasm_call *call);

/* Reads up to size bytes of a stream of Python's into data, or writes them. Called on the thread
 * that runs the guest; takes the GIL itself. Returns the count, 0 at the end, or -1 with the
 * exception parked for raise_failed. */
int64_t stream_transfer(void *stream, void *data, int64_t size, int32_t writing);

/* Does what is due on the thread that runs the guest: it lets go of the GIL, runs handlers of signals, looks at the
 * deadline. Returns an enum pywasm_status. */
int32_t guest_pause(void);

/* Runs the handlers of signals that are due, where Python runs them on this thread; takes the GIL
 * itself. Returns an enum pywasm_status, with the exception parked for the thread. */
int32_t signals_check(void);

/* Lets go of the GIL for the rest of a call that has kept it. */
void guest_release(struct pywasm_call *call);

#endif
