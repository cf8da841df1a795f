/* The few functions of Python and of _native that libpywasm calls, as calls through the table that
 * _native hands over: the generated Go is compiled against this in place of Python.h. */
#ifndef PYWASM_LIB_PYTHON_H
#define PYWASM_LIB_PYTHON_H

#include <stdint.h>
#include <stdlib.h>

#include "python_table.h"

extern const struct pywasm_python *pywasm_python;

/* cgo declares each exported function from its Go signature: one that is not as go_table.h has it
 * does not compile. */
#define X(result, name, parameters) result name parameters;
PYWASM_GO_FUNCTIONS(X)
#undef X

static inline PyThreadState *PyEval_SaveThread(void) {
    return pywasm_python->PyEval_SaveThread();
}

static inline void PyEval_RestoreThread(PyThreadState *thread) {
    pywasm_python->PyEval_RestoreThread(thread);
}

static inline char *PyBytes_AsString(PyObject *bytes) {
    return pywasm_python->PyBytes_AsString(bytes);
}

static inline ptrdiff_t PyBytes_Size(PyObject *bytes) {
    return pywasm_python->PyBytes_Size(bytes);
}

static inline PyObject *PyBytes_FromStringAndSize(const char *data, ptrdiff_t size) {
    return pywasm_python->PyBytes_FromStringAndSize(data, size);
}

/* Addresses as integers: cgo would check what pointers point to, at each call. */
static inline int32_t python_host_call(uintptr_t core, uint32_t index, uintptr_t stack,
                                       uintptr_t call) {
    return pywasm_python->host_call((void *)core, index, (uint64_t *)stack,
                                    (struct pywasm_call *)call);
}

static inline int64_t python_stream_transfer(void *stream, void *data, int64_t size,
                                             int32_t writing) {
    return pywasm_python->stream_transfer(stream, data, size, writing);
}

static inline int32_t python_guest_pause(void) {
    return pywasm_python->guest_pause();
}

static inline int32_t python_signals_check(void) {
    return pywasm_python->signals_check();
}

static inline void python_guest_release(void *call) {
    pywasm_python->guest_release(call);
}

static inline void python_raise(const char *text) {
    pywasm_python->pywasm_raise(text);
}

#endif
