/* conformance: what programs rely on WASI to do, as they meet it through libc and through <wasi/api.h>.
 *
 *   conformance          prints the names of the tests
 *   conformance NAME     runs one; the exit code is 0 if it passed
 *
 * It needs an empty directory mounted as "/", which is empty again afterwards.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <wasi/api.h>

#define CHECK(cond)                                                                                  \
    do {                                                                                             \
        if (!(cond)) {                                                                               \
            dprintf(2, "conformance.c:%d: %s (errno %d: %s)\n", __LINE__, #cond, errno, strerror(errno)); \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

#define FAILS(call, number) CHECK((call) == -1 && errno == (number))

#define ROOT 3

static int make(const char *path, const char *text)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);
    CHECK(fd > 2);
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    return fd;
}

static void make_closed(const char *path, const char *text) { CHECK(close(make(path, text)) == 0); }

static int holds(const char *path, const char *text)
{
    char buf[200] = {0};
    int fd = open(path, O_RDONLY);
    if (fd < 0 || read(fd, buf, sizeof buf - 1) < 0 || close(fd) != 0)
        return 0;
    return strcmp(buf, text) == 0;
}

static __wasi_rights_t rights(int fd)
{
    __wasi_fdstat_t st;
    CHECK(__wasi_fd_fdstat_get(fd, &st) == 0);
    return st.fs_rights_base;
}

static void directory_operations(void)
{
    char buf[4];
    __wasi_size_t n;
    __wasi_filesize_t at;
    __wasi_iovec_t in = {(uint8_t *)buf, sizeof buf};
    __wasi_ciovec_t out = {(uint8_t *)buf, sizeof buf};
    int dir = open("/", O_RDONLY | O_DIRECTORY);
    CHECK(dir > ROOT);
    CHECK(__wasi_fd_read(dir, &in, 1, &n) != 0);
    CHECK(__wasi_fd_pread(dir, &in, 1, 0, &n) != 0);
    CHECK(__wasi_fd_write(dir, &out, 1, &n) != 0);
    CHECK(__wasi_fd_pwrite(dir, &out, 1, 0, &n) != 0);
    CHECK(__wasi_fd_seek(dir, 0, __WASI_WHENCE_CUR, &at) != 0);
    CHECK(__wasi_fd_tell(dir, &at) != 0);
    CHECK(__wasi_fd_allocate(dir, 0, 1) != 0);
    CHECK(__wasi_fd_filestat_set_size(dir, 0) != 0);
    CHECK((rights(dir) & (__WASI_RIGHTS_FD_SEEK | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE)) == 0);
    close(dir);
}

static void dropped_rights(void)
{
    char buf[4] = "abc";
    int fd = make("f", "text");
    CHECK(__wasi_fd_fdstat_set_rights(fd, __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_SEEK, 0) == 0);
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    CHECK(read(fd, buf, 4) == 4);
    CHECK(write(fd, buf, 4) == -1);
    CHECK(__wasi_fd_fdstat_set_rights(fd, __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_WRITE, 0) == __WASI_ERRNO_NOTCAPABLE);
    CHECK(__wasi_fd_fdstat_set_rights(fd, 0, 0) == 0);
    CHECK(read(fd, buf, 4) == -1);
    close(fd);
    unlink("f");
}

static void dropped_truncation(void)
{
    __wasi_fdstat_t st;
    __wasi_fd_t fd;
    make_closed("f", "text");
    int dir = open("/", O_RDONLY | O_DIRECTORY);
    CHECK(__wasi_fd_fdstat_get(dir, &st) == 0);
    CHECK(__wasi_path_open(dir, 0, "f", __WASI_OFLAGS_TRUNC, 0, 0, 0, &fd) == 0);
    CHECK(__wasi_fd_close(fd) == 0 && holds("f", ""));
    __wasi_rights_t less = st.fs_rights_base & ~__WASI_RIGHTS_PATH_FILESTAT_SET_SIZE;
    CHECK(__wasi_fd_fdstat_set_rights(dir, less, st.fs_rights_inheriting) == 0);
    CHECK(__wasi_path_open(dir, 0, "f", __WASI_OFLAGS_TRUNC, 0, 0, 0, &fd) == __WASI_ERRNO_NOTCAPABLE);
    close(dir);
    unlink("f");
}

static void read_and_write_modes(void)
{
    char buf[10];
    make_closed("f", "text");
    int r = open("f", O_RDONLY), w = open("f", O_WRONLY), rw = open("f", O_RDWR);
    CHECK(read(r, buf, 10) == 4 && write(r, "x", 1) == -1);
    CHECK(write(w, "TE", 2) == 2 && read(w, buf, 1) == -1);
    CHECK(read(rw, buf, 10) == 4 && memcmp(buf, "TExt", 4) == 0 && write(rw, "!", 1) == 1);
    CHECK(fcntl(r, F_GETFL) == O_RDONLY || (fcntl(r, F_GETFL) & O_WRONLY) == 0);
    close(r), close(w), close(rw);
    CHECK(holds("f", "TExt!"));
    unlink("f");
}

static void appending(void)
{
    int fd = open("f", O_WRONLY | O_CREAT | O_APPEND, 0666);
    CHECK(write(fd, "ab", 2) == 2 && lseek(fd, 0, SEEK_SET) == 0);
    CHECK(write(fd, "cd", 2) == 2 && lseek(fd, 0, SEEK_CUR) == 4);
    CHECK(pwrite(fd, "xyz", 3, 0) == 3 && lseek(fd, 0, SEEK_CUR) == 4);
    CHECK((fcntl(fd, F_GETFL) & O_APPEND) != 0);
    CHECK(fcntl(fd, F_SETFL, 0) == 0 && lseek(fd, 1, SEEK_SET) == 1 && write(fd, "B", 1) == 1);
    struct stat st;
    CHECK(fstat(fd, &st) == 0 && (st.st_size == 4 || st.st_size == 7));
    close(fd);
    fd = open("g", O_WRONLY | O_CREAT | O_APPEND | O_SYNC, 0666);
    CHECK(fd > 0 && (fcntl(fd, F_GETFL) & (O_APPEND | O_SYNC)) == (O_APPEND | O_SYNC));
    close(fd);
    unlink("f"), unlink("g");
}

static void hard_links(void)
{
    struct stat a, b;
    make_closed("f", "text");
    CHECK(link("f", "l") == 0 && stat("f", &a) == 0 && stat("l", &b) == 0);
    CHECK(a.st_ino == b.st_ino && a.st_dev == b.st_dev && b.st_nlink == 2);
    FAILS(link("f", "l"), EEXIST);
    FAILS(link("none", "m"), ENOENT);
    FAILS(link("f", "m/"), ENOENT);
    mkdir("d", 0777);
    CHECK(link("f", "d/l") == 0 && holds("d/l", "text"));
    CHECK(link("d", "e") == -1 && (errno == EPERM || errno == EACCES));
    CHECK(symlink("none", "s") == 0);
    FAILS(link("f", "s"), EEXIST);
    CHECK(__wasi_path_link(ROOT, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, "s", ROOT, "m") != 0);
    CHECK(unlink("f") == 0 && holds("l", "text"));
    unlink("l"), unlink("d/l"), unlink("s"), rmdir("d");
}

static void symbolic_links(void)
{
    char buf[11] = "..........";
    struct stat st;
    make_closed("target", "text");
    CHECK(symlink("target", "s") == 0 && holds("s", "text"));
    CHECK(readlink("s", buf, 10) == 6 && memcmp(buf, "target....", 10) == 0);
    CHECK(readlink("s", buf, 3) == 3 && memcmp(buf, "targ", 4) == 0);
    CHECK(lstat("s", &st) == 0 && S_ISLNK(st.st_mode) && st.st_size == 6);
    CHECK(stat("s", &st) == 0 && S_ISREG(st.st_mode));
    FAILS(open("s", O_RDONLY | O_NOFOLLOW), ELOOP);
    FAILS(symlink("x", "target"), EEXIST);
    FAILS(symlink("x", "new/"), ENOENT);
    CHECK(symlink("loop", "loop") == 0);
    FAILS(open("loop", O_RDONLY), ELOOP);
    CHECK(symlink("/etc/passwd", "abs") == -1);
    CHECK(symlink("../../etc/passwd", "up") == 0 && open("up", O_RDONLY) == -1);
    CHECK(open("up", O_WRONLY | O_CREAT, 0666) == -1);
    FAILS(readlink("target", buf, 10), EINVAL);
    unlink("target"), unlink("s"), unlink("loop"), unlink("up");
}

static void times(void)
{
    struct stat st;
    struct timespec ts[2] = {{1000000000, 1000}, {1234567890, 123456000}};
    int fd = make("f", "text");
    CHECK(symlink("f", "s") == 0);
    CHECK(futimens(fd, ts) == 0 && fstat(fd, &st) == 0 && st.st_mtim.tv_nsec == 123456000 && st.st_atim.tv_sec == 1000000000);
    ts[1].tv_sec = 99;
    ts[0].tv_nsec = UTIME_OMIT;
    CHECK(utimensat(AT_FDCWD, "s", ts, AT_SYMLINK_NOFOLLOW) == 0);
    CHECK(lstat("s", &st) == 0 && st.st_mtim.tv_sec == 99);
    CHECK(stat("s", &st) == 0 && st.st_mtim.tv_sec == 1234567890);
    CHECK(utimensat(AT_FDCWD, "s", ts, 0) == 0 && stat("f", &st) == 0 && st.st_mtim.tv_sec == 99 && st.st_atim.tv_sec == 1000000000);
    CHECK(__wasi_fd_filestat_set_times(fd, 0, 0, __WASI_FSTFLAGS_MTIM | __WASI_FSTFLAGS_MTIM_NOW) == __WASI_ERRNO_INVAL);
    CHECK(__wasi_path_filestat_set_times(ROOT, 0, "f", 0, 0, __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_ATIM_NOW) == __WASI_ERRNO_INVAL);
    close(fd);
    unlink("f"), unlink("s");
}

static void renumbering(void)
{
    char buf[10];
    int a = make("a", "A"), b = make("b", "B");
    CHECK(__wasi_fd_renumber(a, b) == 0);
    FAILS(close(a), EBADF);
    CHECK(lseek(b, 0, SEEK_SET) == 0 && read(b, buf, 10) == 1 && buf[0] == 'A');
    CHECK(__wasi_fd_renumber(b, a) == __WASI_ERRNO_BADF);
    int dir = open("/", O_RDONLY | O_DIRECTORY);
    struct stat before, after;
    CHECK(fstat(dir, &before) == 0 && __wasi_fd_renumber(dir, ROOT) == 0 && fstat(ROOT, &after) == 0);
    CHECK(before.st_ino == after.st_ino && close(dir) == -1);
    CHECK(__wasi_path_unlink_file(ROOT, "a") == 0 && __wasi_path_unlink_file(ROOT, "b") == 0);
    for (int std = 0; std < 3; std++) {
        CHECK(__wasi_fd_renumber(std, b) == 0);
        FAILS(close(std), EBADF);
    }
}

static void polling(void)
{
    struct pollfd fds[2] = {{1, POLLOUT, 0}, {2, POLLOUT, 0}};
    CHECK(poll(fds, 2, 1000) == 2 && fds[0].revents == POLLOUT && fds[1].revents == POLLOUT);
    struct timespec before, after, wait = {0, 20000000};
    CHECK(clock_gettime(CLOCK_MONOTONIC, &before) == 0 && nanosleep(&wait, NULL) == 0);
    CHECK(clock_gettime(CLOCK_MONOTONIC, &after) == 0);
    CHECK((after.tv_sec - before.tv_sec) * 1000000000ll + after.tv_nsec - before.tv_nsec >= 20000000);
    struct pollfd in = {0, POLLIN, 0};
    CHECK(poll(&in, 1, 1000) == 1);
}

static void no_socket(void)
{
    FAILS(shutdown(1, SHUT_RD), ENOTSOCK);
    FAILS(shutdown(99, SHUT_RD), EBADF);
    int fd = make("f", "");
    FAILS(shutdown(fd, SHUT_RDWR), ENOTSOCK);
    close(fd);
    unlink("f");
}

static void directories(void)
{
    char name[20];
    CHECK(mkdir("d", 0777) == 0);
    FAILS(mkdir("d", 0777), EEXIST);
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "d/file-%d", i);
        make_closed(name, name);
    }
    FAILS(rmdir("d"), ENOTEMPTY);
    DIR *dir = opendir("d");
    int n = 0;
    struct dirent *e;
    while ((e = readdir(dir)) != NULL) {
        if (e->d_name[0] == '.')
            continue;
        CHECK(e->d_type == DT_REG && unlinkat(dirfd(dir), e->d_name, 0) == 0);
        n++;
    }
    CHECK(n == 300);
    closedir(dir);
    CHECK(rmdir("d") == 0);
    FAILS(rmdir("d"), ENOENT);
}

static void renaming(void)
{
    make_closed("f", "f");
    make_closed("g", "g");
    mkdir("d", 0777), mkdir("e", 0777);
    FAILS(rename("f", "d"), EISDIR);
    FAILS(rename("d", "f"), ENOTDIR);
    FAILS(rename("none", "x"), ENOENT);
    FAILS(rename("d", "d/x"), EINVAL);
    CHECK(rename("f", "g") == 0 && holds("g", "f"));
    CHECK(rename("g", "d/g") == 0 && holds("d/g", "f"));
    FAILS(rename("e", "d"), ENOTEMPTY);
    CHECK(rename("d", "e") == 0 && holds("e/g", "f"));
    CHECK(rename("e/", "x/") == 0 && unlink("x/g") == 0 && rmdir("x") == 0);
}

static void paths(void)
{
    struct stat st;
    char longer[300];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    mkdir("d", 0777), mkdir("d/n", 0777);
    make_closed("d/n/f", "text");
    CHECK(holds("d/.//n/../../d/n/../n///./f", "text"));
    FAILS(open("d/n/f/", O_RDONLY), ENOTDIR);
    FAILS(open("d/n/f/x", O_RDONLY), ENOTDIR);
    FAILS(open(longer, O_RDONLY), ENAMETOOLONG);
    CHECK(stat("d/n///", &st) == 0 && S_ISDIR(st.st_mode));
    __wasi_fd_t fd;
    CHECK(__wasi_path_open(ROOT, 0, "/d/n/f", 0, 0, 0, 0, &fd) == __WASI_ERRNO_NOTCAPABLE);
    CHECK(__wasi_path_open(ROOT, 0, "d/n/../../../d/n/f", 0, 0, 0, 0, &fd) == __WASI_ERRNO_NOTCAPABLE);
    FAILS(unlink("d"), EISDIR);
    FAILS(unlink("d/n/f/"), ENOTDIR);
    FAILS(rmdir("d/n/f"), ENOTDIR);
    FAILS(open("d", O_WRONLY), EISDIR);
    unlink("d/n/f"), rmdir("d/n"), rmdir("d");
}

static void sizes(void)
{
    struct stat st;
    char buf[10];
    int fd = make("f", "0123456789");
    CHECK(ftruncate(fd, 4) == 0 && lseek(fd, 0, SEEK_END) == 4);
    CHECK(ftruncate(fd, 6) == 0 && pread(fd, buf, 10, 0) == 6 && memcmp(buf, "0123\0\0", 6) == 0);
    CHECK(posix_fallocate(fd, 0, 100) == 0 && fstat(fd, &st) == 0 && st.st_size == 100);
    CHECK(posix_fadvise(fd, 0, 10, POSIX_FADV_SEQUENTIAL) == 0);
    CHECK(lseek(fd, 1000, SEEK_SET) == 1000 && write(fd, "x", 1) == 1 && fstat(fd, &st) == 0 && st.st_size == 1001);
    FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
    CHECK(fsync(fd) == 0 && fdatasync(fd) == 0);
    FAILS(lseek(1, 0, SEEK_CUR), ESPIPE);
    CHECK(!isatty(fd));
    close(fd);
    unlink("f");
}

static const struct {
    const char *name;
    void (*run)(void);
} tests[] = {
    {"directory_operations", directory_operations},
    {"dropped_rights", dropped_rights},
    {"dropped_truncation", dropped_truncation},
    {"read_and_write_modes", read_and_write_modes},
    {"appending", appending},
    {"hard_links", hard_links},
    {"symbolic_links", symbolic_links},
    {"times", times},
    {"renumbering", renumbering},
    {"polling", polling},
    {"no_socket", no_socket},
    {"directories", directories},
    {"renaming", renaming},
    {"paths", paths},
    {"sizes", sizes},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        if (argc < 2) {
            puts(tests[i].name);
        } else if (strcmp(argv[1], tests[i].name) == 0) {
            tests[i].run();
            return 0;
        }
    }
    return argc < 2 ? 0 : 2;
}
