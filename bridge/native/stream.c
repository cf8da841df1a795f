/* What Go asks of Python while it works for a thread: to read and write streams for WASI, and to run handlers of signals.
 *
 * A stream is an object of pywasm/_streams.py with read(size) -> bytes and write(bytes) -> int.
 * What these raise waits, thread by thread, until the call that Go has unwound takes it. */
#include "native.h"

#include <string.h>

#include "python_table.h"

static _Thread_local PyObject *parked[3]; /* type, value, traceback */

static void park(void) {
    for (int i = 0; i < 3; i++) {
        Py_CLEAR(parked[i]); /* of a call that has failed otherwise */
    }
    PyErr_Fetch(&parked[0], &parked[1], &parked[2]);
}

void stream_exception(void *exception[3]) {
    memcpy(exception, parked, sizeof parked);
    memset(parked, 0, sizeof parked);
}

static int64_t read_into(PyObject *stream, char *data, int64_t size) {
    PyObject *got = PyObject_CallMethod(stream, "read", "L", (long long)size);
    char *bytes;
    Py_ssize_t length;
    if (got == NULL || PyBytes_AsStringAndSize(got, &bytes, &length) < 0) {
        Py_XDECREF(got);
        return -1;
    }
    if (length > size) {
        length = (Py_ssize_t)size;
    }
    memcpy(data, bytes, (size_t)length);
    Py_DECREF(got);
    return length;
}

static int64_t write_from(PyObject *stream, const char *data, int64_t size) {
    PyObject *count = PyObject_CallMethod(stream, "write", "y#", data, (Py_ssize_t)size);
    int64_t written = count == NULL ? -1 : PyLong_AsLongLong(count);
    Py_XDECREF(count);
    return written;
}

int64_t stream_transfer(void *stream, void *data, int64_t size, int32_t writing) {
    PyGILState_STATE state = PyGILState_Ensure();
    int64_t count = writing ? write_from(stream, data, size) : read_into(stream, data, size);
    if (count < 0) {
        park();
    }
    PyGILState_Release(state);
    Frame *frame = frame_current();
    if (frame->core->epoch != pywasm_epoch) { /* the stream has forked */
        PyEval_RestoreThread(frame->call.thread_state);
        stream_exception(frame->call.exception);
        frame_abandon(frame);
    }
    return count;
}

int32_t signals_check(void) {
    PyGILState_STATE state = PyGILState_Ensure();
    int status = PyErr_CheckSignals();
    if (status < 0) {
        park();
    }
    PyGILState_Release(state);
    return status < 0 ? PYWASM_RAISED : PYWASM_OK;
}
