/* Converts between Python objects and the 64-bit slots that WebAssembly values travel in.
 *
 * i32 and f32 take the low half of a slot, v128 takes two slots, references are what
 * core/engine/refs.go says. */
#include "native.h"

#include <string.h>

static const char *const names[] = {"?",    "i32",       "i64",     "f32",   "f64",
                                    "v128", "externref", "funcref", "exnref"};

const char *type_name(uint8_t type) {
    return type <= PYWASM_EXNREF ? names[type] : names[0];
}

/* Replaces the exception that is set, or sets one, of a class with a text that says where. */
static int complain(PyObject *class, const Where *where, uint8_t type, const char *what,
                    PyObject *value) {
    PyErr_Clear();
    PyObject *given =
        strchr(what, '%') != NULL ? PyUnicode_FromFormat(what, value) : PyUnicode_FromString(what);
    if (given == NULL) {
        return -1;
    }
    if (where->function != NULL) {
        PyErr_Format(class, "%U(): %s %u must be %s: %U", where->function, where->role,
                     where->position, type_name(type), given);
    } else {
        PyErr_Format(class, "%s must be %s: %U", where->role, type_name(type), given);
    }
    Py_DECREF(given);
    return -1;
}

static int wrong_type(const Where *where, uint8_t type, PyObject *value) {
    PyErr_Clear(); /* what the conversion said */
    PyObject *name = PyObject_GetAttrString((PyObject *)Py_TYPE(value), "__name__");
    if (name == NULL) {
        return -1;
    }
    int status = complain(PyExc_TypeError, where, type, "got %U", name);
    Py_DECREF(name);
    return status;
}

static int out_of_range(const Where *where, uint8_t type, PyObject *value) {
    return complain(PyExc_OverflowError, where, type, "%R is out of range", value);
}

/* Returns a new reference to an int with the value's __index__, or NULL. */
static PyObject *as_index(PyObject *value, uint8_t type, const Where *where) {
    if (PyLong_Check(value)) {
        return Py_NewRef(value);
    }
    PyObject *index = PyNumber_Index(value);
    if (index == NULL && PyErr_ExceptionMatches(PyExc_TypeError) && !PyIndex_Check(value)) {
        wrong_type(where, type, value);
    }
    return index;
}

/* Reads an int between -2^63 and 2^64-1 as 64 bits. 1 if it is out of that range. */
static int index_bits(PyObject *index, uint64_t *bits) {
    int overflow;
    long long number = PyLong_AsLongLongAndOverflow(index, &overflow);
    *bits = (uint64_t)number;
    if (overflow <= 0) {
        return overflow < 0 ? 1 : number == -1 && PyErr_Occurred() ? -1 : 0;
    }
    *bits = PyLong_AsUnsignedLongLong(index);
    if (*bits == (uint64_t)-1 && PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(PyExc_OverflowError)) {
            return -1;
        }
        PyErr_Clear();
        return 1;
    }
    return 2; /* fits unsigned only */
}

int to_u32(PyObject *object, uint32_t *number) {
    unsigned long long wide = PyLong_AsUnsignedLongLong(object);
    if (wide == (unsigned long long)-1 && PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(PyExc_OverflowError)) {
            return -1;
        }
        PyErr_Clear();
    }
    if (wide > UINT32_MAX) {
        PyErr_SetString(PyExc_OverflowError, "out of range integral type conversion attempted");
        return -1;
    }
    *number = (uint32_t)wide;
    return 0;
}

static int pack_integer(uint8_t type, PyObject *value, uint64_t *slot, const Where *where) {
    PyObject *index = as_index(value, type, where);
    if (index == NULL) {
        return -1;
    }
    uint64_t bits = 0;
    int status = index_bits(index, &bits);
    if (status != -1 && type == PYWASM_I32) {
        int64_t number = (int64_t)bits;
        if (status == 0 && number >= INT32_MIN && number <= (int64_t)UINT32_MAX) {
            bits = (uint32_t)bits;
        } else {
            status = 1;
        }
    }
    if (status == 1) {
        out_of_range(where, type, index);
        status = -1;
    }
    Py_DECREF(index);
    *slot = bits;
    return status < 0 ? -1 : 0;
}

static int pack_float(uint8_t type, PyObject *value, uint64_t *slot, const Where *where) {
    double number = PyFloat_AsDouble(value);
    if (number == -1.0 && PyErr_Occurred()) {
        if (PyErr_ExceptionMatches(PyExc_TypeError)) {
            return wrong_type(where, type, value);
        }
        if (PyErr_ExceptionMatches(PyExc_OverflowError)) {
            return out_of_range(where, type, value);
        }
        return -1;
    }
    if (type == PYWASM_F32) {
        float single = (float)number;
        uint32_t bits;
        memcpy(&bits, &single, sizeof bits);
        *slot = bits;
    } else {
        memcpy(slot, &number, sizeof number);
    }
    return 0;
}

/* A v128 is an int of 128 bits. The limited API has no way to its bits but shifting. */
static int pack_v128(PyObject *value, uint64_t *slot, const Where *where) {
    PyObject *index = as_index(value, PYWASM_V128, where);
    PyObject *shift = PyLong_FromLong(64);
    PyObject *high = NULL, *mask = NULL, *low = NULL;
    int status = -1;
    if (index == NULL || shift == NULL || (high = PyNumber_Rshift(index, shift)) == NULL ||
        (mask = PyLong_FromUnsignedLongLong(UINT64_MAX)) == NULL ||
        (low = PyNumber_And(index, mask)) == NULL) {
        goto done;
    }
    slot[0] = PyLong_AsUnsignedLongLong(low);
    status = index_bits(high, &slot[1]);
    if (status == 1) {
        status = out_of_range(where, PYWASM_V128, index);
    }
done:
    Py_XDECREF(index);
    Py_XDECREF(shift);
    Py_XDECREF(high);
    Py_XDECREF(mask);
    Py_XDECREF(low);
    return status < 0 ? -1 : 0;
}

static int pack_function(Core *core, PyObject *value, uint64_t *slot, const Where *where) {
    if (value == Py_None) {
        *slot = 0;
        return 0;
    }
    if (!PyObject_TypeCheck(value, Function_Type)) {
        return wrong_type(where, PYWASM_FUNCREF, value);
    }
    *slot = function_reference((Function *)value, core);
    return *slot == 0 ? -1 : 0;
}

int value_pack(Store *store, Core *core, uint8_t type, PyObject *value, uint64_t *slot,
               const Where *where) {
    switch (type) {
    case PYWASM_I32:
    case PYWASM_I64:
        return pack_integer(type, value, slot, where);
    case PYWASM_F32:
    case PYWASM_F64:
        return pack_float(type, value, slot, where);
    case PYWASM_V128:
        return pack_v128(value, slot, where);
    case PYWASM_FUNCREF:
        return pack_function(core, value, slot, where);
    case PYWASM_EXNREF: /* Python has none */
        *slot = 0;
        return value == Py_None ? 0 : wrong_type(where, type, value);
    default:
        if (value == Py_None) {
            *slot = 0;
            return 0;
        }
        *slot = reference_of(store, value);
        return *slot == 0 ? -1 : 0;
    }
}

static PyObject *unpack_v128(const uint64_t *slot) {
    PyObject *low = PyLong_FromUnsignedLongLong(slot[0]);
    PyObject *high = PyLong_FromUnsignedLongLong(slot[1]);
    PyObject *shift = PyLong_FromLong(64);
    PyObject *shifted = NULL, *whole = NULL;
    if (low != NULL && high != NULL && shift != NULL &&
        (shifted = PyNumber_Lshift(high, shift)) != NULL) {
        whole = PyNumber_Or(shifted, low);
    }
    Py_XDECREF(low);
    Py_XDECREF(high);
    Py_XDECREF(shift);
    Py_XDECREF(shifted);
    return whole;
}

PyObject *value_unpack(Store *store, Core *core, uint8_t type, const uint64_t *slot) {
    float single;
    double number;
    switch (type) {
    case PYWASM_I32:
        return PyLong_FromLong((int32_t)(uint32_t)*slot);
    case PYWASM_I64:
        return PyLong_FromLongLong((int64_t)*slot);
    case PYWASM_F32: {
        uint32_t bits = (uint32_t)*slot;
        memcpy(&single, &bits, sizeof single);
        return PyFloat_FromDouble(single);
    }
    case PYWASM_F64:
        memcpy(&number, slot, sizeof number);
        return PyFloat_FromDouble(number);
    case PYWASM_V128:
        return unpack_v128(slot);
    case PYWASM_FUNCREF:
        return *slot == 0 ? Py_NewRef(Py_None) : function_from_reference(core, *slot);
    case PYWASM_EXNREF:
        return *slot == 0 ? Py_NewRef(Py_None)
                          : raise_error("runtime", "an exnref cannot leave WebAssembly");
    default:
        return *slot == 0 ? Py_NewRef(Py_None) : reference_get(store, *slot);
    }
}
