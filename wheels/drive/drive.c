/* Loads libpywasm without Python and calls the guest's functions, with both compilers: a test for machines that have no
 * Python to test with, such as Windows in wine.
 *
 *     drive libpywasm.dll kernels.wasm 6765 210 'out of bounds'
 *
 * Function i of the module, of one i64 to one i64, is called with 20 and must give the i-th number, or trap with a text
 * that contains the i-th word. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

#include "go_table.h"
#include "python_table.h"

struct _object {
    char *data;
    ptrdiff_t size;
};

static void fail(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

/* What Python offers, as far as calls without host functions ask for it. */

static PyThreadState *save_thread(void) {
    return (PyThreadState *)1;
}

static void restore_thread(PyThreadState *thread) {
    (void)thread;
}

static char *bytes_data(PyObject *bytes) {
    return bytes->data;
}

static ptrdiff_t bytes_size(PyObject *bytes) {
    return bytes->size;
}

static void raise_error(const char *text) {
    fail("raised", text);
}

static int32_t never_due(void) {
    return PYWASM_OK;
}

static struct pywasm_python python = {
    .PyEval_SaveThread = save_thread,
    .PyEval_RestoreThread = restore_thread,
    .PyBytes_AsString = bytes_data,
    .PyBytes_Size = bytes_size,
    .pywasm_raise = raise_error,
    .signals_check = never_due,
    .guest_pause = never_due,
};

/* What libpywasm offers: a part of go_table.h, and of what gopy generates. */
#define FUNCTIONS(X)                                                                               \
    X(void, pywasm_setup, (const struct pywasm_python *))                                          \
    X(long long, Slice_byte_from_bytes, (PyObject *))                                              \
    X(long long, bridge_NewStoreConfig, (void))                                                    \
    X(void, bridge_StoreConfig_Compiler_Set, (long long, char *))                                  \
    X(long long, bridge_NewStore, (long long))                                                     \
    X(long long, bridge_Store_Compile, (long long, long long))                                     \
    X(long long, bridge_Module_Pointer, (long long))                                               \
    PYWASM_GO_FUNCTIONS(X)

static struct {
#define X(result, name, parameters) result(*name) parameters;
    FUNCTIONS(X)
#undef X
} go;

static void *symbol(void *library, const char *name) {
#ifdef _WIN32
    void *found = (void *)GetProcAddress(library, name);
#else
    void *found = dlsym(library, name);
#endif
    if (found == NULL) {
        fail("libpywasm lacks", name);
    }
    return found;
}

static void open_library(const char *path) {
#ifdef _WIN32
    void *library = LoadLibraryA(path);
#else
    void *library = dlopen(path, RTLD_NOW);
#endif
    if (library == NULL) {
        fail("cannot open", path);
    }
#define X(result, name, parameters) go.name = symbol(library, #name);
    FUNCTIONS(X)
#undef X
    go.pywasm_setup(&python);
}

static PyObject read_file(const char *path) {
    static char content[1 << 16];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail("cannot open", path);
    }
    PyObject bytes = {content, (ptrdiff_t)fread(content, 1, sizeof content, file)};
    fclose(file);
    return bytes;
}

static void check(void *instance, uint32_t index, const char *wanted) {
    struct pywasm_call call = {0};
    struct pywasm_function function;
    uint64_t stack[1] = {20};
    char result[32];
    go.pywasm_function_get(instance, index, &function);
    int32_t status = go.pywasm_call(function.callee, stack, 1, &call);
    snprintf(result, sizeof result, "%llu", (unsigned long long)stack[0]);
    const char *found = status == PYWASM_OK ? result : call.error;
    if (status == PYWASM_OK ? strcmp(found, wanted) != 0 : strstr(found, wanted) == NULL) {
        fail(wanted, found);
    }
    printf("%s\n", wanted);
}

static void run(char *compiler, PyObject *bytes, char **wanted) {
    struct pywasm_call call = {0};
    struct pywasm_limits limits = {1ull << 32, 0, 0, 0};
    struct pywasm_instance made;
    long long config = go.bridge_NewStoreConfig();
    go.bridge_StoreConfig_Compiler_Set(config, compiler);
    long long store = go.bridge_NewStore(config);
    long long module = go.bridge_Store_Compile(store, go.Slice_byte_from_bytes(bytes));
    void *pointer = (void *)(uintptr_t)go.bridge_Module_Pointer(module);
    if (go.pywasm_instantiate(pointer, NULL, NULL, 0, &limits, &call, &made) != PYWASM_OK) {
        fail("cannot instantiate", call.error);
    }
    for (uint32_t index = 0; wanted[index] != NULL; index++) {
        check(made.instance, index, wanted[index]);
    }
}

int main(int count, char **arguments) {
    if (count < 4) {
        fail("usage", "drive LIBRARY MODULE EXPECTED...");
    }
    open_library(arguments[1]);
    PyObject bytes = read_file(arguments[2]);
    run("optimizing", &bytes, arguments + 3);
    run("interpreter", &bytes, arguments + 3);
    return 0;
}
