/* Memory and Buffer: a linear memory that is read, written and grown, and lent out as a buffer.
 *
 * The address of a linear memory never changes and its pages stay as long as anything here holds
 * them, so what was lent out stays valid when the memory grows or the instance goes. */
#include "buffer.h"

#include <stddef.h>
#include <string.h>

PyTypeObject *Memory_Type, *Buffer_Type;

enum { PAGE = 65536 };

/* ---- spans ---- */

Span *span_new(PyTypeObject *type, const Span *of) {
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Span *span = (Span *)alloc(type, 0);
    if (span != NULL) {
        span->linear = of->linear;
        span->epoch = of->epoch;
        if (span->linear != NULL) {
            pywasm_go.pywasm_memory_hold(span->linear);
        }
    }
    return span;
}

int span_check(const Span *span) {
    if (span->epoch != pywasm_epoch) {
        raise_error("closed", "the memory was made by the parent of this process");
        return -1;
    }
    return 0;
}

void span_dealloc(PyObject *self) {
    Span *span = (Span *)self;
    PyTypeObject *type = Py_TYPE(self);
    if (PyType_GetFlags(type) & Py_TPFLAGS_HAVE_GC) {
        PyObject_GC_UnTrack(self);
    }
    if (span->weakrefs != NULL) {
        PyObject_ClearWeakRefs(self);
    }
    if (span->linear != NULL && span->epoch == pywasm_epoch) {
        pywasm_go.pywasm_memory_release(span->linear);
    }
    Py_CLEAR(span->core);
    Py_CLEAR(span->public_type);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

int span_getbuffer(PyObject *self, Py_buffer *view, int flags) {
    Span *span = (Span *)self;
    if (view == NULL) {
        PyErr_SetString(PyExc_BufferError, "`Py_buffer` cannot be filled because it is null");
        return -1;
    }
    if (span_check(span) < 0) {
        return -1;
    }
    static uint8_t nothing;
    void *base = span->linear->base != NULL ? span->linear->base : &nothing;
    return PyBuffer_FillInfo(view, self, base, (Py_ssize_t)span->linear->size, 0, flags);
}

/* ---- Memory ---- */

Core *memory_core(PyObject *memory) {
    return ((Span *)memory)->core;
}

int memory_is_shared(PyObject *memory) {
    return ((Span *)memory)->shared;
}

static PyObject *allocate(PyTypeObject *type, PyObject *core, int shared, PyObject *public_type) {
    if (core_check((Core *)core) < 0) {
        return NULL;
    }
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Span *memory = (Span *)alloc(type, 0);
    if (memory != NULL) {
        memory->epoch = pywasm_epoch;
        memory->core = (Core *)Py_NewRef(core);
        memory->shared = (uint8_t)shared;
        memory->public_type = Py_NewRef(public_type);
        pywasm_go.pywasm_memory_get(memory->core->go, &memory->linear);
    }
    return (PyObject *)memory;
}

/* _of(core, shared, public type) */
static PyObject *Memory_of(PyObject *type, PyObject *args) {
    PyObject *core, *public_type;
    int shared;
    if (!PyArg_ParseTuple(args, "O!pO", Core_Type, &core, &shared, &public_type)) {
        return NULL;
    }
    return allocate((PyTypeObject *)type, core, shared, public_type);
}

/* Memory(store, memory_type) */
static PyObject *Memory_new(PyTypeObject *type, PyObject *args, PyObject *keywords) {
    static char *names[] = {"store", "memory_type", NULL};
    PyObject *store, *memory_type, *core;
    int shared;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO:Memory", names, &store, &memory_type)) {
        return NULL;
    }
    PyObject *made = PyObject_CallMethod(helpers(), "make_memory", "OO", store, memory_type);
    PyObject *self = NULL;
    if (made != NULL && PyArg_ParseTuple(made, "O!p", Core_Type, &core, &shared)) {
        self = allocate(type, core, shared, memory_type);
    }
    Py_XDECREF(made);
    return self;
}

static PyObject *Memory_get_size(PyObject *self, void *unused) {
    (void)unused;
    Span *m = (Span *)self;
    return core_check(m->core) < 0 ? NULL : PyLong_FromUnsignedLongLong(m->linear->size / PAGE);
}

static PyObject *Memory_get_data_size(PyObject *self, void *unused) {
    (void)unused;
    Span *m = (Span *)self;
    return core_check(m->core) < 0 ? NULL : PyLong_FromUnsignedLongLong(m->linear->size);
}

static PyObject *Memory_get_type(PyObject *self, void *unused) {
    (void)unused;
    return Py_NewRef(((Span *)self)->public_type);
}

static PyObject *Memory_get_buffer(PyObject *self, void *unused) {
    (void)unused;
    return core_check(((Span *)self)->core) < 0 ? NULL
                                                : (PyObject *)span_new(Buffer_Type, (Span *)self);
}

static PyObject *cannot_grow(Span *m, PyObject *pages) {
    return raise_error("runtime",
                       "The memory could not grow: current size %llu pages, requested increase: "
                       "%S pages",
                       (unsigned long long)(m->linear->size / PAGE), pages);
}

static PyObject *Memory_grow(PyObject *self, PyObject *args, PyObject *keywords) {
    static char *names[] = {"number_of_pages", NULL};
    Span *m = (Span *)self;
    PyObject *number;
    uint32_t pages;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "O:grow", names, &number) ||
        to_u32(number, &pages) < 0 || core_check(m->core) < 0) {
        return NULL;
    }
    if (core_enter(m->core) < 0) {
        return NULL;
    }
    int64_t before = pywasm_go.pywasm_memory_grow(m->core->go, pages);
    core_leave(m->core);
    return before < 0 ? cannot_grow(m, number) : PyLong_FromLongLong(before);
}

/* Python 3.9's own conversions take anything with an __int__. */
static int to_ssize(PyObject *object, Py_ssize_t *number) {
    *number = PyNumber_AsSsize_t(object, PyExc_IndexError);
    return *number == -1 && PyErr_Occurred() ? -1 : 0;
}

/* Checks that size bytes from offset on are in the memory. */
static uint8_t *range(Span *m, Py_ssize_t offset, Py_ssize_t size) {
    if (core_check(m->core) < 0) {
        return NULL;
    }
    uint64_t limit = m->linear->size;
    if (offset < 0 || size < 0 || (uint64_t)offset > limit ||
        (uint64_t)size > limit - (uint64_t)offset) {
        PyErr_Format(PyExc_IndexError,
                     "%zd bytes at offset %zd are out of range of a memory of %llu bytes", size,
                     offset, (unsigned long long)limit);
        return NULL;
    }
    static uint8_t nothing;
    return m->linear->base != NULL ? m->linear->base + offset : &nothing;
}

static PyObject *Memory_read(PyObject *self, PyObject *args, PyObject *keywords) {
    static char *names[] = {"offset", "size", NULL};
    PyObject *first, *second;
    Py_ssize_t offset, size;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO:read", names, &first, &second) ||
        to_ssize(first, &offset) < 0 || to_ssize(second, &size) < 0) {
        return NULL;
    }
    uint8_t *start = range((Span *)self, offset, size);
    return start == NULL ? NULL : PyBytes_FromStringAndSize((const char *)start, size);
}

static PyObject *Memory_write(PyObject *self, PyObject *args, PyObject *keywords) {
    static char *names[] = {"offset", "data", NULL};
    PyObject *first, *source;
    Py_ssize_t offset;
    Py_buffer data;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO:write", names, &first, &source) ||
        to_ssize(first, &offset) < 0 || PyObject_GetBuffer(source, &data, PyBUF_CONTIG_RO) < 0) {
        return NULL;
    }
    uint8_t *start = range((Span *)self, offset, data.len);
    if (start != NULL && data.len > 0) {
        memmove(start, data.buf, (size_t)data.len); /* it may be a view of the same memory */
    }
    PyBuffer_Release(&data);
    return start == NULL ? NULL : Py_NewRef(Py_None);
}

static PyObject *Memory_repr(PyObject *self) {
    return PyObject_CallMethod(helpers(), "memory_repr", "O", self);
}

static int Memory_traverse(PyObject *self, visitproc visit, void *arg) {
    Py_VISIT((PyObject *)Py_TYPE(self));
    Py_VISIT((PyObject *)((Span *)self)->core);
    Py_VISIT(((Span *)self)->public_type);
    return 0;
}

#define VIEW(name, item, type)                                                                     \
    static PyObject *Memory_##name##_view(PyObject *self, PyObject *args, PyObject *keywords) {    \
        return view_new((Span *)self, item, args, keywords);                                       \
    }
#include "views.def"
#undef VIEW

static PyMethodDef Memory_methods[] = {
    {"grow", WITH_KEYWORDS(Memory_grow),
     "grow($self, number_of_pages)\n--\n\nAdds pages of 64 KiB and returns the size before, in "
     "pages.\n"
     "Raises WasmError where the maximum does not allow it. Views stay valid."},
    {"read", WITH_KEYWORDS(Memory_read),
     "read($self, offset, size)\n--\n\nReturns a copy of bytes. Raises IndexError."},
    {"write", WITH_KEYWORDS(Memory_write),
     "write($self, offset, data)\n--\n\nCopies any bytes-like object. Raises IndexError."},
#define VIEW(name, item, type)                                                                     \
    {#name "_view", WITH_KEYWORDS(Memory_##name##_view),                                           \
     #name "_view($self, offset=0)\n--\n\nReturns a view of the elements from the given one on."},
#include "views.def"
#undef VIEW
    {"_of", Memory_of, METH_VARARGS | METH_CLASS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef Memory_getset[] = {
    {"size", Memory_get_size, NULL, "The size in pages of 64 KiB.", NULL},
    {"data_size", Memory_get_data_size, NULL, "The size in bytes.", NULL},
    {"type", Memory_get_type, NULL, "The MemoryType.", NULL},
    {"buffer", Memory_get_buffer, NULL,
     "A Buffer over the memory: what memoryview, bytearray and NumPy take.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef span_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Span, weakrefs), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

PyDoc_STRVAR(
    Memory_doc,
    "Memory(store, memory_type)\n--\n\n"
    "A linear memory, exported by an instance or made to be imported by one.\n\n"
    "It supports the buffer protocol, and lends out views of single bytes, unsigned. Views\n"
    "stay valid when the memory grows, where they keep their length, and when the\n"
    "instance is gone.\n\n"
    ">>> m = Memory(Store(), MemoryType(1))\n"
    ">>> m.write(0, b'abc')\n"
    ">>> bytes(memoryview(m)[:3])\n"
    "b'abc'");

static PyType_Slot Memory_slots[] = {
    {Py_tp_doc, (void *)Memory_doc},   {Py_tp_new, Memory_new},
    {Py_tp_dealloc, span_dealloc},     {Py_tp_traverse, Memory_traverse},
    {Py_tp_methods, Memory_methods},   {Py_tp_getset, Memory_getset},
    {Py_tp_members, span_members},     {Py_tp_repr, Memory_repr},
    {Py_bf_getbuffer, span_getbuffer}, {0, NULL},
};

static PyType_Spec Memory_spec = {
    .name = "pywasm.Memory",
    .basicsize = sizeof(Span),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = Memory_slots,
};

static Py_ssize_t Buffer_length(PyObject *self) {
    Span *span = (Span *)self;
    return span_check(span) < 0 ? -1 : (Py_ssize_t)span->linear->size;
}

PyDoc_STRVAR(Buffer_doc, "The bytes of a Memory, for memoryview and the like: see Memory.buffer.");

static PyType_Slot Buffer_slots[] = {
    {Py_tp_doc, (void *)Buffer_doc},
    {Py_tp_dealloc, span_dealloc},
    {Py_tp_members, span_members},
    {Py_bf_getbuffer, span_getbuffer},
    {Py_sq_length, Buffer_length},
    {Py_tp_new, not_constructible},
    {0, NULL},
};

static PyType_Spec Buffer_spec = {
    .name = "pywasm.Buffer",
    .basicsize = sizeof(Span),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = Buffer_slots,
};

int memory_register(PyObject *module) {
    Memory_Type = register_type(module, "Memory", &Memory_spec);
    Buffer_Type = register_type(module, "Buffer", &Buffer_spec);
    return Memory_Type == NULL || Buffer_Type == NULL ? -1 : 0;
}
