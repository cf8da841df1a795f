/* Linear memory as Python sees it. */
#ifndef PYWASM_BUFFER_H
#define PYWASM_BUFFER_H

#include "native.h"

/* A linear memory that Python holds: its address stays, its size only grows. Memory, Buffer and the
 * views share one, and hold it by reference: it outlives the instance. */
typedef struct {
    PyObject_HEAD struct pywasm_linear *linear;
    unsigned epoch;
    Core *core; /* of Memory alone: to grow it */
    uint8_t shared;
    uint8_t item;    /* of a view: index in the table of views.c */
    uint64_t offset; /* of a view: in bytes */
    PyObject *public_type;
    PyObject *weakrefs;
} Span;

extern PyTypeObject *Buffer_Type;

/* Fills a new object's span with that of another; the new one holds the memory too. */
Span *span_new(PyTypeObject *type, const Span *of);
void span_dealloc(PyObject *self);
int span_check(const Span *span); /* -1 with an exception in a forked child */

/* memory.uint8_view(offset=0) and its siblings; item is a row of the table in views.c. */
PyObject *view_new(Span *memory, int item, PyObject *args, PyObject *keywords);

int span_getbuffer(PyObject *self, Py_buffer *view, int flags);

#endif
