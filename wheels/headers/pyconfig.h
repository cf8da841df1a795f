/* What Python's headers must know of the machine that an extension module is for, in place of the
 * pyconfig.h that each Python generates for its own: all targets are 64-bit, little-endian. */
#ifndef Py_PYCONFIG_H
#define Py_PYCONFIG_H

#define SIZEOF_INT 4
#define SIZEOF_LONG_LONG 8
#define SIZEOF_SIZE_T 8
#define SIZEOF_TIME_T 8
#define SIZEOF_UINTPTR_T 8
#define SIZEOF_VOID_P 8
#define ALIGNOF_MAX_ALIGN_T 16

#define HAVE_LONG_LONG 1
#define HAVE_STDDEF_H 1
#define HAVE_WCHAR_H 1
#define STDC_HEADERS 1
#define WITH_DOC_STRINGS 1
#define WITH_PYMALLOC 1
#define WITH_THREAD 1

#ifdef _WIN32
#define HAVE_DECLSPEC_DLL 1
#define MS_WIN32
#define MS_WIN64
#define MS_WINDOWS
#define NT_THREADS
#define Py_ENABLE_SHARED 1
#define SIZEOF_LONG 4
#define SIZEOF_PID_T 4
#define SIZEOF_WCHAR_T 2
#else
#define HAVE_CLOCK_GETTIME 1
#define HAVE_FORK 1
#define HAVE_PTHREAD_H 1
#define HAVE_SSIZE_T 1
#define HAVE_SYS_SELECT_H 1
#define HAVE_SYS_STAT_H 1
#define HAVE_SYS_TIME_H 1
#define HAVE_UNISTD_H 1
#define SIZEOF_LONG 8
#define SIZEOF_PID_T 4
#define SIZEOF_PTHREAD_T 8
#define SIZEOF_WCHAR_T 4
#endif

/* As CPython's has it: glibc declares dladdr for that alone. */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1
#endif

#endif
