/* The dynamic loader of POSIX systems, and the private copies that forked children need. */
#include <Python.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

#include "library.h"

#ifdef __APPLE__
#define LIBRARY "libpywasm.dylib"
#else
#define LIBRARY "libpywasm.so"
#endif

static int find(char path[PATH_MAX]) {
    Dl_info self;
    if (dladdr((void *)find, &self) == 0 || self.dli_fname == NULL) {
        PyErr_SetString(PyExc_ImportError, "cannot tell where pywasm is installed");
        return -1;
    }
    const char *slash = strrchr(self.dli_fname, '/');
    int folder = slash == NULL ? 0 : (int)(slash - self.dli_fname + 1);
    int length = snprintf(path, PATH_MAX, "%.*s%s", folder, self.dli_fname, LIBRARY);
    if (length >= PATH_MAX) {
        PyErr_SetString(PyExc_ImportError, "the path of " LIBRARY " is too long");
        return -1;
    }
    return 0;
}

static void *open_at(const char *path, const char *shown) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        PyErr_Format(PyExc_ImportError, "cannot open %s: %s", shown, dlerror());
    }
    return library;
}

static int copy(int from, int to) {
    char buffer[1 << 16];
    for (;;) {
        ssize_t got = read(from, buffer, sizeof buffer);
        if (got <= 0) {
            return (int)got;
        }
        for (ssize_t done = 0; done < got;) {
            ssize_t put = write(to, buffer + done, (size_t)(got - done));
            if (put < 0) {
                return -1;
            }
            done += put;
        }
    }
}

#ifdef __linux__
/* A file in memory. The loader takes equal paths for the same library, and the numbers of
 * descriptors come back, so each epoch spells the path in its own way. glibc 2.17, which wheels are
 * built for, knows the system call but no function and no flags. */
static int create_in_memory(unsigned epoch, char path[PATH_MAX]) {
    const unsigned close_on_exec = 1;
    int file = (int)syscall(SYS_memfd_create, LIBRARY, close_on_exec);
    int length = snprintf(path, PATH_MAX, "/proc/self/fd");
    for (; epoch > 0 && length < PATH_MAX - 32; epoch--) {
        length += snprintf(path + length, 3, "/.");
    }
    snprintf(path + length, 32, "/%d", file);
    if (file >= 0 && (epoch > 0 || access(path, R_OK) < 0)) {
        close(file);
        return -1;
    }
    return file;
}
#endif

static int create_in_folder(char path[PATH_MAX]) {
    const char *folder = getenv("TMPDIR");
    snprintf(path, PATH_MAX, "%s/pywasm-XXXXXX", folder == NULL ? "/tmp" : folder);
    return mkstemp(path);
}

static void *open_copy(const char *original, unsigned epoch) {
    char path[PATH_MAX];
    int temporary = 0;
    int file = -1;
#ifdef __linux__
    file = create_in_memory(epoch, path);
#else
    (void)epoch;
#endif
    if (file < 0) {
        file = create_in_folder(path);
        temporary = file >= 0;
    }
    int from = open(original, O_RDONLY | O_CLOEXEC);
    void *library = NULL;
    if (file < 0 || from < 0 || copy(from, file) < 0) {
        PyErr_Format(PyExc_ImportError, "cannot copy %s for this forked process: %s", original,
                     strerror(errno));
    } else {
        library = open_at(path, original);
    }
    if (temporary) {
        unlink(path);
    }
    if (from >= 0) {
        close(from);
    }
    if (file >= 0) {
        close(file);
    }
    return library;
}

/* Go opens files for itself, such as one that tells what a cgroup may use. In a process whose stdin
 * is closed such a file would take its number, and be what guests read. In programs of its own Go
 * sees to that; for libraries it leaves it to the program. */
static void occupy_standard_descriptors(void) {
    int null;
    do {
        null = open("/dev/null", O_RDWR);
    } while (null >= 0 && null <= STDERR_FILENO);
    if (null >= 0) {
        close(null);
    }
}

void *library_open(unsigned epoch) {
    char path[PATH_MAX];
    if (find(path) < 0) {
        return NULL;
    }
    occupy_standard_descriptors();
    return epoch == 0 ? open_at(path, path) : open_copy(path, epoch);
}

void *library_symbol(void *library, const char *name) {
    return dlsym(library, name);
}

int library_at_fork(void (*child)(void)) {
    if (pthread_atfork(NULL, NULL, child) != 0) {
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}
