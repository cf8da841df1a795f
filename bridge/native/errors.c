/* Makes Python exceptions of what Go reports.
 *
 * A Go error reaches C as text: a code, a message and details in JSON, divided by unit separators
 * (bridge/errors.go). pywasm/_errors.py makes an exception of the three. */
#include "native.h"

#include <stdarg.h>
#include <string.h>

static PyObject
    *exceptions; /* pywasm._errors, from the beginning: nothing can be imported at the end */

int errors_register(void) {
    exceptions = PyImport_ImportModule("pywasm._errors");
    return exceptions == NULL ? -1 : 0;
}

PyObject *helpers(void) {
    static PyObject *module;
    if (module == NULL) {
        module = PyImport_ImportModule("pywasm._helpers");
    }
    return module;
}

static void raise_parts(PyObject *code, PyObject *message, PyObject *detail) {
    if (code == NULL || message == NULL || detail == NULL) {
        return;
    }
    PyObject *error = PyObject_CallMethod(exceptions, "make_error", "OOO", code, message, detail);
    if (error != NULL) {
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
        Py_DECREF(error);
    }
}

static PyObject *text_part(const char *start, size_t length) {
    return PyUnicode_DecodeUTF8(start, (Py_ssize_t)length, "replace");
}

/* Splits at the separators; returns how many parts there are, at most three. */
static int split(const char *text, PyObject *parts[3]) {
    int count = 0;
    while (count < 3) {
        size_t length = count < 2 ? strcspn(text, "\x1f") : strlen(text);
        parts[count++] = text_part(text, length);
        if (text[length] == '\0') {
            break;
        }
        text += length + 1;
    }
    return count;
}

/* Sets the exception that Go speaks of, if a handler of a signal has raised one on this thread. */
static int raise_parked(const char *text) {
    void *exception[3] = {NULL, NULL, NULL};
    if (strncmp(text, "raised\x1f", 7) == 0) {
        stream_exception(exception);
    }
    if (exception[0] == NULL) {
        return 0;
    }
    PyErr_Restore(exception[0], exception[1], exception[2]);
    return 1;
}

void pywasm_raise(const char *text) {
    if (raise_parked(text)) {
        return;
    }
    PyObject *parts[3] = {NULL, NULL, NULL};
    int count = split(text, parts);
    if (count == 1) { /* not one of ours: a panic in what gopy generated */
        parts[1] = parts[0];
        parts[0] = text_part("internal", 8);
    }
    if (parts[2] == NULL) {
        parts[2] = text_part("", 0);
    }
    raise_parts(parts[0], parts[1], parts[2]);
    for (int i = 0; i < 3; i++) {
        Py_XDECREF(parts[i]);
    }
}

PyObject *raise_error(const char *code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    PyObject *message = PyUnicode_FromFormatV(format, arguments);
    va_end(arguments);
    PyObject *name = text_part(code, strlen(code));
    PyObject *detail = text_part("", 0);
    raise_parts(name, message, detail);
    Py_XDECREF(name);
    Py_XDECREF(message);
    Py_XDECREF(detail);
    return NULL;
}

/* Adds the guest's frames to the notes of the exception that is set. */
static void add_notes(const char *text) {
    PyObject *parts[3] = {NULL, NULL, NULL};
    split(text, parts);
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (parts[2] != NULL && value != NULL) {
        PyObject *done = PyObject_CallMethod(exceptions, "add_frames", "OO", value, parts[2]);
        if (done == NULL) {
            PyErr_Clear(); /* notes are a help, and must not replace the error */
        }
        Py_XDECREF(done);
    }
    PyErr_Restore(type, value, traceback);
    for (int i = 0; i < 3; i++) {
        Py_XDECREF(parts[i]);
    }
}

void park_exception(struct pywasm_call *call) {
    PyErr_Fetch((PyObject **)&call->exception[0], (PyObject **)&call->exception[1],
                (PyObject **)&call->exception[2]);
}

int raise_failed(struct pywasm_call *call, int status) {
    if (status == PYWASM_RAISED && call->exception[0] == NULL) {
        stream_exception(call->exception);
    }
    if (status == PYWASM_RAISED && call->exception[0] != NULL) {
        PyErr_Restore(call->exception[0], call->exception[1], call->exception[2]);
        memset(call->exception, 0, sizeof call->exception);
        if (call->error != NULL) {
            add_notes(call->error);
        }
    } else {
        pywasm_raise(call->error != NULL ? call->error : "unknown error");
        /* An exception that was parked but not the reason of the failure. */
        for (int i = 0; i < 3; i++) {
            Py_CLEAR(*(PyObject **)&call->exception[i]);
        }
    }
    if (call->error != NULL) {
        pywasm_go.pywasm_free(call->error);
        call->error = NULL;
    }
    return -1;
}
