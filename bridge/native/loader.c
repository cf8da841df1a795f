/* Opens libpywasm at its first use and fills the tables through which it is called.
 *
 * Until then each function of gopy's table is a stub that opens the library and calls on, so that
 * importing the package starts no Go. Go does not survive fork: in a child the tables are emptied
 * again, and the next use opens a second copy of the library; the first stays mapped, unused. */
#include "loader.h"

#include <string.h>

#include "control_table.h"
#include "library.h"
#include "python_table.h"

struct pywasm_go pywasm_go;
unsigned pywasm_epoch;

static int opened;       /* in this epoch */
static int watches_fork; /* the handler is inherited by children */

#define X(result, name, parameters, arguments)                                                     \
    static result stub_##name parameters {                                                         \
        if (pywasm_open() < 0) {                                                                   \
            return (result)0;                                                                      \
        }                                                                                          \
        return gopy_table.name arguments;                                                          \
    }
GOPY_FUNCTIONS(X)
#undef X

/* A child that only collects the objects of its parent opens no library for that. */
static void release_nothing(long long handle) {
    (void)handle;
}

#define X(result, name, parameters, arguments) .name = stub_##name,
static const struct gopy_table stubs = {GOPY_FUNCTIONS(X)};
struct gopy_table gopy_table = {GOPY_FUNCTIONS(X)};
#undef X

static void after_fork(void) {
    pywasm_epoch++;
    opened = 0;
    memset(&pywasm_go, 0, sizeof pywasm_go);
    gopy_table = stubs;
    gopy_table.DecRef = release_nothing;
}

static int resolve(void *library, const char *name, void *slot) {
    void *address = library_symbol(library, name);
    if (address == NULL) {
        PyErr_Format(PyExc_ImportError, "libpywasm has no function %s: it is of another version",
                     name);
        return -1;
    }
    memcpy(slot, &address, sizeof address);
    return 0;
}

static int fill_tables(void *library) {
    struct pywasm_go go;
    struct gopy_table gopy;
#define X(result, name, ...)                                                                       \
    if (resolve(library, #name, &TABLE.name) < 0) {                                                \
        return -1;                                                                                 \
    }
#define TABLE go
    PYWASM_GO_FUNCTIONS(X)
#undef TABLE
#define TABLE gopy
    GOPY_FUNCTIONS(X)
#undef TABLE
#undef X
    pywasm_go = go;
    gopy_table = gopy;
    return 0;
}

static struct pywasm_python python = {
#define X(result, name, parameters) .name = name,
    PYWASM_PYTHON_FUNCTIONS(X)
#undef X
};

int pywasm_open(void) {
    if (opened) {
        return 0;
    }
    if (!watches_fork) {
        if (library_at_fork(after_fork) < 0) {
            return -1;
        }
        watches_fork = 1;
    }
    void *library = library_open(pywasm_epoch);
    void (*setup)(const struct pywasm_python *);
    if (library == NULL || resolve(library, "pywasm_setup", &setup) < 0 ||
        fill_tables(library) < 0) {
        return -1;
    }
    python.epoch = pywasm_epoch;
    setup(&python);
    opened = 1;
    return 0;
}
