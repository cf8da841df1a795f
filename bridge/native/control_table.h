/* The functions that gopy generated, as a table of pointers into libpywasm. The list
 * GOPY_FUNCTIONS(X), of X(result, name, parameters, arguments), is generated from cgo's header. */
#ifndef PYWASM_CONTROL_TABLE_H
#define PYWASM_CONTROL_TABLE_H

#include <Python.h>

typedef long long GoInt;

#include "gopy_functions.h"

struct gopy_table {
#define X(result, name, parameters, arguments) result(*name) parameters;
    GOPY_FUNCTIONS(X)
#undef X
};
extern struct gopy_table gopy_table;

#endif
