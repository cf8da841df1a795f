/* The yardstick: what the guest does, written by hand as METH_FASTCALL functions over a buffer. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

static Py_buffer memory;

static int count_is(const char *name, Py_ssize_t given, Py_ssize_t wanted)
{
    if (given == wanted)
        return 1;
    PyErr_Format(PyExc_TypeError, "%s() takes %zd arguments, %zd given", name, wanted, given);
    return 0;
}

static int in_range(Py_ssize_t offset, Py_ssize_t size)
{
    if (offset >= 0 && size >= 0 && size <= memory.len && offset <= memory.len - size)
        return 1;
    if (!PyErr_Occurred())
        PyErr_SetString(PyExc_IndexError, "out of range");
    return 0;
}

static PyObject *nop(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    if (!count_is("nop", count, 0))
        return NULL;
    Py_RETURN_NONE;
}

static int to_i32(PyObject *object, int32_t *value)
{
    long number = PyLong_AsLong(object);
    if (number == -1 && PyErr_Occurred())
        return 0;
    if (number < INT32_MIN || number > (long)UINT32_MAX) {
        PyErr_SetString(PyExc_OverflowError, "not an i32");
        return 0;
    }
    *value = (int32_t)number;
    return 1;
}

static PyObject *add(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    int32_t left, right;
    if (!count_is("add", count, 2) || !to_i32(args[0], &left) || !to_i32(args[1], &right))
        return NULL;
    return PyLong_FromLong((int32_t)((uint32_t)left + (uint32_t)right));
}

/* loop(n, host): the sum of host(i) for i from n down to 1, as the guest's loop has it. */
static PyObject *loop(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    int32_t number, result;
    uint32_t sum = 0;
    if (!count_is("loop", count, 2) || !to_i32(args[0], &number))
        return NULL;
    for (; number > 0; number--) {
        PyObject *argument = PyLong_FromLong(number);
        if (argument == NULL)
            return NULL;
        PyObject *returned = PyObject_Vectorcall(args[1], &argument, 1, NULL);
        Py_DECREF(argument);
        if (returned == NULL)
            return NULL;
        int converted = to_i32(returned, &result);
        Py_DECREF(returned);
        if (!converted)
            return NULL;
        sum += (uint32_t)result;
    }
    return PyLong_FromLong((int32_t)sum);
}

static PyObject *use(PyObject *self, PyObject *buffer)
{
    if (memory.obj != NULL)
        PyBuffer_Release(&memory);
    if (PyObject_GetBuffer(buffer, &memory, PyBUF_WRITABLE) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *get(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    if (!count_is("get", count, 1))
        return NULL;
    Py_ssize_t offset = PyLong_AsSsize_t(args[0]);
    if (!in_range(offset, 1))
        return NULL;
    return PyLong_FromLong(((unsigned char *)memory.buf)[offset]);
}

static PyObject *read_bytes(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    if (!count_is("read", count, 2))
        return NULL;
    Py_ssize_t offset = PyLong_AsSsize_t(args[0]), size = PyLong_AsSsize_t(args[1]);
    if (!in_range(offset, size))
        return NULL;
    return PyBytes_FromStringAndSize((char *)memory.buf + offset, size);
}

static PyObject *write_bytes(PyObject *self, PyObject *const *args, Py_ssize_t count)
{
    Py_buffer data;
    if (!count_is("write", count, 2))
        return NULL;
    Py_ssize_t offset = PyLong_AsSsize_t(args[0]);
    if (PyObject_GetBuffer(args[1], &data, PyBUF_SIMPLE) < 0)
        return NULL;
    int fits = in_range(offset, data.len);
    if (fits)
        memmove((char *)memory.buf + offset, data.buf, data.len);
    PyBuffer_Release(&data);
    if (!fits)
        return NULL;
    Py_RETURN_NONE;
}

#define FAST(function) (PyCFunction)(void (*)(void))function, METH_FASTCALL, NULL

static PyMethodDef methods[] = {
    {"nop", FAST(nop)},         {"add", FAST(add)},
    {"loop", FAST(loop)},       {"get", FAST(get)},
    {"read", FAST(read_bytes)}, {"write", FAST(write_bytes)},
    {"use", use, METH_O, NULL}, {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "peer", NULL, -1, methods,
                                    NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_peer(void)
{
    return PyModule_Create(&module);
}
