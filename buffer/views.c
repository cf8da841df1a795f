/* The typed views: Uint8Array to Float64Array, wasmer's way to look at a memory by elements.
 *
 * They follow the memory as it grows. memoryview and NumPy over Memory.buffer are faster and can do
 * more; these are for code that has them already, so their texts are wasmer's to the letter. */
#include "buffer.h"

#include <string.h>

typedef struct {
    const char *type; /* full name */
    const char *name; /* in the module */
    const char *format;
    uint8_t size;
    uint8_t is_signed, is_float;
} Item;

static const Item items[] = {
    {"pywasm.Uint8Array", "Uint8Array", "B", 1, 0, 0},
    {"pywasm.Int8Array", "Int8Array", "b", 1, 1, 0},
    {"pywasm.Uint16Array", "Uint16Array", "H", 2, 0, 0},
    {"pywasm.Int16Array", "Int16Array", "h", 2, 1, 0},
    {"pywasm.Uint32Array", "Uint32Array", "I", 4, 0, 0},
    {"pywasm.Int32Array", "Int32Array", "i", 4, 1, 0},
    {"pywasm.Uint64Array", "Uint64Array", "Q", 8, 0, 0},
    {"pywasm.Int64Array", "Int64Array", "q", 8, 1, 0},
    {"pywasm.Float32Array", "Float32Array", "f", 4, 0, 1},
    {"pywasm.Float64Array", "Float64Array", "d", 8, 0, 1},
};
enum { ITEMS = sizeof items / sizeof *items };

static PyTypeObject *types[ITEMS];

static uint64_t length(const Span *view) {
    uint64_t size = view->linear->size;
    return size <= view->offset ? 0 : (size - view->offset) / items[view->item].size;
}

static uint8_t *element(const Span *view, uint64_t index) {
    return view->linear->base + view->offset + index * items[view->item].size;
}

PyObject *view_new(Span *memory, int item, PyObject *args, PyObject *keywords) {
    static char *names[] = {"offset", NULL};
    Py_ssize_t offset = 0;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|n", names, &offset) ||
        span_check(memory) < 0) {
        return NULL;
    }
    uint64_t elements = memory->linear->size / items[item].size;
    if (offset < 0 || (uint64_t)offset > elements) {
        return PyErr_Format(PyExc_IndexError,
                            "Out of bound: Offset %zd is outside of a memory of %llu elements",
                            offset, (unsigned long long)elements);
    }
    Span *view = span_new(types[item], memory);
    if (view != NULL) {
        view->item = (uint8_t)item;
        view->offset = (uint64_t)offset * items[item].size;
    }
    return (PyObject *)view;
}

/* ---- elements ---- */

static PyObject *load(const Span *view, uint64_t index) {
    const Item *item = &items[view->item];
    const uint8_t *at = element(view, index);
    if (item->is_float) {
        float single;
        double number;
        if (item->size == 4) {
            memcpy(&single, at, 4);
            return PyFloat_FromDouble(single);
        }
        memcpy(&number, at, 8);
        return PyFloat_FromDouble(number);
    }
    uint64_t bits = 0;
    memcpy(&bits, at, item->size);
    if (!item->is_signed) {
        return PyLong_FromUnsignedLongLong(bits);
    }
    unsigned shift = 64 - 8u * item->size;
    return PyLong_FromLongLong((int64_t)(bits << shift) >> shift);
}

static int out_of_range(void) {
    PyErr_SetString(PyExc_OverflowError, "out of range integral type conversion attempted");
    return -1;
}

/* Converts an integer to the element's bits. */
static int integer_bits(const Item *item, PyObject *value, uint64_t *bits) {
    PyObject *index = PyNumber_Index(value);
    if (index == NULL) {
        return -1;
    }
    unsigned spare = 64 - 8u * item->size;
    if (item->is_signed) {
        long long number = PyLong_AsLongLong(index);
        *bits = (uint64_t)number;
        Py_DECREF(index);
        if (number == -1 && PyErr_Occurred()) {
            return out_of_range();
        }
        return (int64_t)(*bits << spare) >> spare == number ? 0 : out_of_range();
    }
    unsigned long long number = PyLong_AsUnsignedLongLong(index);
    *bits = number;
    Py_DECREF(index);
    if (number == (unsigned long long)-1 && PyErr_Occurred()) {
        return out_of_range();
    }
    return *bits << spare >> spare == number ? 0 : out_of_range();
}

static int to_bits(const Item *item, PyObject *value, uint64_t *bits) {
    if (!item->is_float) {
        return integer_bits(item, value, bits);
    }
    double number = PyFloat_AsDouble(value);
    if (number == -1.0 && PyErr_Occurred()) {
        return -1;
    }
    float single = (float)number;
    *bits = 0;
    memcpy(bits, item->size == 4 ? (void *)&single : (void *)&number, item->size);
    return 0;
}

/* Reads an index that must be an element's. The bound is wasmer's text. */
static int index_of(const Span *view, PyObject *key, uint64_t *index) {
    Py_ssize_t number = PyNumber_AsSsize_t(key, PyExc_IndexError);
    if (number == -1 && PyErr_Occurred()) {
        return -1;
    }
    if (number < 0) {
        PyErr_SetString(PyExc_IndexError, "Out of bound: Index cannot be negative");
        return -1;
    }
    if ((uint64_t)number >= length(view)) {
        PyErr_Format(PyExc_IndexError, "Out of bound: Index %zd is larger than the view size %llu",
                     number, (unsigned long long)length(view));
        return -1;
    }
    *index = (uint64_t)number;
    return 0;
}

/* ---- slices ---- */

static int slice_part(PyObject *slice, const char *name, Py_ssize_t otherwise, Py_ssize_t *out) {
    PyObject *part = PyObject_GetAttrString(slice, name);
    if (part == NULL) {
        return -1;
    }
    *out = part == Py_None ? otherwise : PyNumber_AsSsize_t(part, NULL);
    Py_DECREF(part);
    return *out == -1 && PyErr_Occurred() ? -1 : 0;
}

typedef struct {
    Py_ssize_t start, step, count;
} Range;

static int range_of(const Span *view, PyObject *slice, Range *range) {
    Py_ssize_t size = (Py_ssize_t)length(view), start, stop, step, raw_start, raw_stop;
    if (slice_part(slice, "step", 1, &step) < 0 || slice_part(slice, "start", 0, &raw_start) < 0 ||
        slice_part(slice, "stop", size, &raw_stop) < 0) {
        return -1;
    }
    if (step <= 0) {
        PyErr_Format(PyExc_IndexError, "Slice must have a positive step; given %zd", step);
        return -1;
    }
    start = raw_start < 0 ? raw_start + size : raw_start;
    stop = raw_stop < 0 ? raw_stop + size : raw_stop;
    start = start < 0 ? 0 : start > size ? size : start;
    stop = stop < 0 ? 0 : stop > size ? size : stop;
    if (start > stop) {
        PyErr_Format(PyExc_IndexError, "Slice `%zd:%zd` cannot be empty", raw_start, raw_stop);
        return -1;
    }
    *range = (Range){start, step, stop > start ? (stop - start + step - 1) / step : 0};
    return 0;
}

static PyObject *get_slice(const Span *view, PyObject *slice) {
    Range range;
    if (range_of(view, slice, &range) < 0) {
        return NULL;
    }
    PyObject *list = PyList_New(range.count);
    for (Py_ssize_t i = 0; list != NULL && i < range.count; i++) {
        PyObject *value = load(view, (uint64_t)(range.start + i * range.step));
        if (value == NULL || PyList_SetItem(list, i, value) < 0) {
            Py_CLEAR(list);
        }
    }
    return list;
}

/* All values are converted before the first is written. */
static int set_slice(const Span *view, PyObject *slice, PyObject *sequence) {
    Range range;
    const Item *item = &items[view->item];
    PyObject *values = PySequence_Tuple(sequence);
    if (values == NULL || range_of(view, slice, &range) < 0) {
        Py_XDECREF(values);
        return -1;
    }
    int status = 0;
    uint64_t *bits = NULL;
    if (PyTuple_Size(values) != range.count) {
        PyErr_Format(PyExc_IndexError, "Sequence length %zd doesn't match slice length %zd",
                     PyTuple_Size(values), range.count);
        status = -1;
    } else if ((bits = PyMem_Malloc(sizeof *bits * (size_t)(range.count + 1))) == NULL) {
        PyErr_NoMemory();
        status = -1;
    }
    for (Py_ssize_t i = 0; status == 0 && i < range.count; i++) {
        status = to_bits(item, PyTuple_GetItem(values, i), &bits[i]);
    }
    for (Py_ssize_t i = 0; status == 0 && i < range.count; i++) {
        memcpy(element(view, (uint64_t)(range.start + i * range.step)), &bits[i], item->size);
    }
    PyMem_Free(bits);
    Py_DECREF(values);
    return status;
}

/* ---- the types ---- */

static int not_an_index(void) {
    PyErr_SetString(PyExc_ValueError, "Only integers and slices are valid to represent an index");
    return -1;
}

static PyObject *view_subscript(PyObject *self, PyObject *key) {
    Span *view = (Span *)self;
    uint64_t index;
    if (span_check(view) < 0) {
        return NULL;
    }
    if (PySlice_Check(key)) {
        return get_slice(view, key);
    }
    if (!PyIndex_Check(key)) {
        not_an_index();
        return NULL;
    }
    return index_of(view, key, &index) < 0 ? NULL : load(view, index);
}

static int view_assign(PyObject *self, PyObject *key, PyObject *value) {
    Span *view = (Span *)self;
    uint64_t index, bits;
    if (span_check(view) < 0) {
        return -1;
    }
    if (value == NULL) {
        PyErr_SetString(PyExc_TypeError, "elements of a memory cannot be deleted");
        return -1;
    }
    if (PySlice_Check(key)) {
        return set_slice(view, key, value);
    }
    if (!PyIndex_Check(key)) {
        return not_an_index();
    }
    const Item *item = &items[view->item];
    if (to_bits(item, value, &bits) < 0 || index_of(view, key, &index) < 0) {
        return -1;
    }
    memcpy(element(view, index), &bits, item->size);
    return 0;
}

static Py_ssize_t view_length(PyObject *self) {
    return span_check((Span *)self) < 0 ? -1 : (Py_ssize_t)length((Span *)self);
}

static PyObject *view_item_size(PyObject *self, void *unused) {
    (void)unused;
    return PyLong_FromLong(items[((Span *)self)->item].size);
}

static PyGetSetDef view_getset[] = {
    {"bytes_per_element", view_item_size, NULL, "The size of an element in bytes.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot view_slots[] = {
    {Py_tp_dealloc, span_dealloc},
    {Py_tp_new, not_constructible},
    {Py_tp_getset, view_getset},
    {Py_mp_length, view_length},
    {Py_mp_subscript, view_subscript},
    {Py_mp_ass_subscript, view_assign},
    {Py_tp_doc, "The elements of a Memory, from an offset to its end."},
    {0, NULL},
};

int views_register(PyObject *module) {
    for (int i = 0; i < ITEMS; i++) {
        PyType_Spec spec = {
            .name = items[i].type,
            .basicsize = sizeof(Span),
            .flags = Py_TPFLAGS_DEFAULT,
            .slots = view_slots,
        };
        if ((types[i] = register_type(module, items[i].name, &spec)) == NULL) {
            return -1;
        }
    }
    return 0;
}
