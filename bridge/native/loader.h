/* Opens libpywasm at its first use and holds what was found in it. */
#ifndef PYWASM_LOADER_H
#define PYWASM_LOADER_H

#include <Python.h>

#include "go_table.h"

/* The data plane's functions of libpywasm; all NULL until pywasm_open succeeds. */
struct pywasm_go {
#define X(result, name, parameters) result(*name) parameters;
    PYWASM_GO_FUNCTIONS(X)
#undef X
};
extern struct pywasm_go pywasm_go;

/* Counts the forks that lie between the process that imported the module and this one. What Go
 * made in another epoch is gone: whoever keeps a handle or an address of Go's keeps its epoch. */
extern unsigned pywasm_epoch;

/* Opens libpywasm if that was not yet done in this process. Needs the GIL.
 * Returns 0, or -1 with an ImportError that names the file and the loader's reason. */
int pywasm_open(void);

/* Adds gopy's functions to the module as its attribute `_gopy`; opens nothing. */
int pywasm_add_gopy(PyObject *module);

#endif
