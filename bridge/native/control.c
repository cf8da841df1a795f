/* pybindgen's generated module of gopy's functions, compiled into this library. It includes a
 * generated gopy_go.h that sends each call through gopy_table. */
#include <stdbool.h>
#include <stdlib.h>

#ifdef Py_LIMITED_API
/* pybindgen makes an alias of this type, which the limited API hides, and never uses it. */
typedef void PyAsyncMethods;
#endif

#pragma GCC diagnostic ignored "-Wcast-function-type"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#include "gopy.c"

#include "loader.h"

int pywasm_add_gopy(PyObject *module) {
    PyObject *functions = PyInit__gopy();
    if (functions == NULL) {
        return -1;
    }
    if (PyModule_AddObject(module, "_gopy", functions) < 0) {
        Py_DECREF(functions);
        return -1;
    }
    return 0;
}
