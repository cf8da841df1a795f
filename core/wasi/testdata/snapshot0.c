/* snapshot0: a program of wasi_unstable, written against its own layouts, without a libc. It finds a file "f" of ten bytes in
 * descriptor 3, and exits with the line of the first check that fails, or with 0. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define IMPORT(name) __attribute__((import_module("wasi_unstable"), import_name(#name))) extern
#define CHECK(cond) do { if (!(cond)) proc_exit(__LINE__); } while (0)

/* https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview0/docs.md */
typedef struct { u64 dev, ino; u8 filetype; u32 nlink; u64 size, atim, mtim, ctim; } filestat;
typedef struct { u64 identifier; u32 id; u64 timeout, precision; u16 flags; } subscription_clock;
typedef struct { u64 userdata; u8 type; union { subscription_clock clock; u32 fd; } u; } subscription;
typedef struct { u64 userdata; u16 error; u8 type; u64 nbytes; u16 flags; } event;
typedef struct { const void *buf; u32 len; } iovec;
enum { WHENCE_CUR, WHENCE_END, WHENCE_SET };

IMPORT(path_open) int path_open(u32, u32, const char *, u32, u32, u64, u64, u32, u32 *);
IMPORT(path_filestat_get) int path_filestat_get(u32, u32, const char *, u32, filestat *);
IMPORT(fd_filestat_get) int fd_filestat_get(u32, filestat *);
IMPORT(fd_seek) int fd_seek(u32, u64, u32, u64 *);
IMPORT(fd_write) int fd_write(u32, const iovec *, u32, u32 *);
IMPORT(poll_oneoff) int poll_oneoff(const subscription *, event *, u32, u32 *);
IMPORT(clock_time_get) int clock_time_get(u32, u64, u64 *);
IMPORT(proc_exit) _Noreturn void proc_exit(u32);

_Static_assert(sizeof(filestat) == 56 && sizeof(subscription) == 56 && sizeof(event) == 32, "layouts");

void _start(void)
{
    filestat st[2] = {{.nlink = 7}, {.dev = 42}};
    u64 at, before, after;
    u32 fd, n;
    CHECK(path_filestat_get(3, 0, "f", 1, st) == 0);
    CHECK(st[0].size == 10 && st[0].nlink == 1 && st[0].filetype == 4 && st[0].mtim != 0 && st[1].dev == 42);
    CHECK(path_open(3, 0, "f", 1, 0, 1 << 1 | 1 << 2 | 1 << 21, 0, 0, &fd) == 0);
    CHECK(fd_filestat_get(fd, st) == 0 && st[0].size == 10 && st[1].dev == 42);
    CHECK(fd_seek(fd, 4, WHENCE_SET, &at) == 0 && at == 4);
    CHECK(fd_seek(fd, 1, WHENCE_CUR, &at) == 0 && at == 5);
    CHECK(fd_seek(fd, -1, WHENCE_END, &at) == 0 && at == 9);
    subscription subs[2] = {
        {1, 0, {.clock = {99, 1, 20000000, 0, 0}}},
        {2, 0, {.clock = {98, 1, 3600000000000, 0, 0}}},
    };
    event events[2];
    CHECK(clock_time_get(1, 0, &before) == 0);
    CHECK(poll_oneoff(subs, events, 2, &n) == 0 && n == 1);
    CHECK(events[0].userdata == 1 && events[0].error == 0 && events[0].type == 0);
    CHECK(clock_time_get(1, 0, &after) == 0 && after - before >= 20000000);
    iovec text = {"snapshot 0\n", 11};
    CHECK(fd_write(1, &text, 1, &n) == 0 && n == 11);
    proc_exit(0);
}
