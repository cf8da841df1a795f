/* The dynamic loader of Windows, which has no fork: there is one epoch. */
#include <Python.h>

#include <windows.h>

#include "library.h"

#define LIBRARY L"libpywasm.dll"

static int find(wchar_t path[MAX_PATH]) {
    HMODULE self;
    DWORD flags =
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    DWORD length = 0;
    if (GetModuleHandleExW(flags, (LPCWSTR)(void *)find, &self)) {
        length = GetModuleFileNameW(self, path, MAX_PATH);
    }
    wchar_t *slash = length > 0 && length < MAX_PATH ? wcsrchr(path, L'\\') : NULL;
    if (slash == NULL || slash + 1 - path + wcslen(LIBRARY) >= MAX_PATH) {
        PyErr_SetString(PyExc_ImportError, "cannot tell where pywasm is installed");
        return -1;
    }
    wcscpy(slash + 1, LIBRARY);
    return 0;
}

void *library_open(unsigned epoch) {
    (void)epoch;
    wchar_t path[MAX_PATH];
    if (find(path) < 0) {
        return NULL;
    }
    void *library = LoadLibraryExW(path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
    if (library == NULL) {
        PyObject *shown = PyUnicode_FromWideChar(path, -1);
        if (shown != NULL) {
            PyErr_Format(PyExc_ImportError, "cannot open %U: error %lu", shown, GetLastError());
            Py_DECREF(shown);
        }
    }
    return library;
}

void *library_symbol(void *library, const char *name) {
    return (void *)GetProcAddress(library, name);
}

int library_at_fork(void (*child)(void)) {
    (void)child;
    return 0;
}
