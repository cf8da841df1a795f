/* Where the table of Python's functions is kept; cgo allows no definition beside an //export. */
#include "python.h"

const struct pywasm_python *pywasm_python;
