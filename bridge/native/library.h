/* The dynamic loader of the system: library_posix.c or library_windows.c. */
#ifndef PYWASM_LIBRARY_H
#define PYWASM_LIBRARY_H

/* Opens libpywasm, which lies beside the library that holds this code. With epoch > 0 it is opened
 * from a private copy, so that it becomes a library apart from those that earlier epochs opened.
 * Returns NULL with ImportError set. */
void *library_open(unsigned epoch);

/* The address of a function, or NULL. */
void *library_symbol(void *library, const char *name);

/* Has `child` called in every child that fork makes. Returns 0, or -1 with an exception set. */
int library_at_fork(void (*child)(void));

#endif
