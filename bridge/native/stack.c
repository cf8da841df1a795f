/* Says when the C stack runs short. Python's own limit counts calls and knows nothing of the size of a
 * thread's stack; a guest and a host function that call each other take some kilobytes each time. */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "native.h"

#if defined(_WIN32)
#include <windows.h>
#else
#include <pthread.h>
#endif

enum {
    ROOM = 160 * 1024
}; /* for what is called from here: Go, the guest's host functions, their errors */

/* The lowest address that this thread's stack may use; 0 where the system does not say. */
static char *lowest(void) {
#if defined(_WIN32)
    ULONG_PTR low, high;
    GetCurrentThreadStackLimits(&low, &high);
    return (char *)low;
#elif defined(__APPLE__)
    char *top = pthread_get_stackaddr_np(pthread_self());
    return top - pthread_get_stacksize_np(pthread_self());
#elif defined(__linux__)
    pthread_attr_t attributes;
    void *low = NULL;
    size_t size;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstack(&attributes, &low, &size);
        pthread_attr_destroy(&attributes);
    }
    return low;
#else
    return NULL;
#endif
}

int stack_check(void) {
    static _Thread_local char *bound;
    char here;
    if (bound == NULL) {
        char *low = lowest();
        bound = low + ROOM;
    }
    if (&here < bound) {
        PyErr_SetString(PyExc_RecursionError, "the C stack is exhausted in a WebAssembly function");
        return -1;
    }
    return 0;
}
