/* wordcount: counts the lines, words and bytes of files.
 *
 *   wordcount [DIR|FILE]...
 *
 * Walks each directory given, in the guest's own view of the file system, and
 * prints one row for each regular file and a total. With no argument it counts
 * standard input. WC_SORT names the column to sort by: path (the default),
 * lines, words or bytes; numbers sort from large to small.
 *
 * The exit code is 0, or 1 if something could not be read, or 2 for a bad WC_SORT.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char *path;
    uint64_t lines, words, bytes;
} row;

static struct {
    row *rows;
    size_t len, cap;
    int failed;
} table;

static void complain(const char *path)
{
    fflush(stdout);
    fprintf(stderr, "wordcount: %s: %s\n", path, strerror(errno));
    table.failed = 1;
}

static void *must(void *p)
{
    if (p == NULL) {
        fputs("wordcount: out of memory\n", stderr);
        exit(1);
    }
    return p;
}

static char *join(const char *dir, const char *name)
{
    size_t n = strlen(dir), m = strlen(name);
    while (n > 1 && dir[n - 1] == '/')
        n--;
    char *path = must(malloc(n + m + 2));
    memcpy(path, dir, n);
    if (dir[n - 1] != '/')
        path[n++] = '/';
    memcpy(path + n, name, m + 1);
    return path;
}

static int is_space(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Counts what can be read from fd, and adds a row for it. Takes path over. */
static void count(int fd, char *path)
{
    static unsigned char buf[64 * 1024];
    row r = {.path = path};
    int in_word = 0;
    ssize_t n;
    while ((n = read(fd, buf, sizeof buf)) > 0) {
        r.bytes += (uint64_t)n;
        for (ssize_t i = 0; i < n; i++) {
            int space = is_space(buf[i]);
            r.lines += buf[i] == '\n';
            r.words += !space && !in_word;
            in_word = !space;
        }
    }
    if (n < 0) {
        complain(path);
        free(path);
        return;
    }
    if (table.len == table.cap) {
        table.cap = table.cap ? 2 * table.cap : 64;
        table.rows = must(realloc(table.rows, table.cap * sizeof *table.rows));
    }
    table.rows[table.len++] = r;
}

static void walk(char *path);

static void walk_directory(char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL) {
        complain(path);
        return;
    }
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            walk(join(path, entry->d_name));
    closedir(dir);
}

/* Takes path over. Symbolic links inside a directory are not followed, so that
 * a loop of them cannot make the walk endless. */
static void walk(char *path)
{
    struct stat st;
    if (lstat(path, &st) != 0) {
        complain(path);
        free(path);
    } else if (S_ISDIR(st.st_mode)) {
        walk_directory(path);
        free(path);
    } else if (S_ISREG(st.st_mode)) {
        int fd = open(path, O_RDONLY);
        if (fd < 0) {
            complain(path);
            free(path);
            return;
        }
        count(fd, path);
        close(fd);
    } else {
        free(path);
    }
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const row *)a)->path, ((const row *)b)->path);
}

static int descending(uint64_t x, uint64_t y, const void *a, const void *b)
{
    return x == y ? by_path(a, b) : x < y ? 1 : -1;
}

static int by_lines(const void *a, const void *b)
{
    return descending(((const row *)a)->lines, ((const row *)b)->lines, a, b);
}

static int by_words(const void *a, const void *b)
{
    return descending(((const row *)a)->words, ((const row *)b)->words, a, b);
}

static int by_bytes(const void *a, const void *b)
{
    return descending(((const row *)a)->bytes, ((const row *)b)->bytes, a, b);
}

typedef int (*order)(const void *, const void *);

static order chosen_order(void)
{
    static const struct {
        const char *name;
        order compare;
    } orders[] = {
        {"path", by_path}, {"lines", by_lines}, {"words", by_words}, {"bytes", by_bytes}};
    const char *want = getenv("WC_SORT");
    if (want == NULL || *want == '\0')
        return by_path;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        if (strcmp(want, orders[i].name) == 0)
            return orders[i].compare;
    fprintf(stderr, "wordcount: WC_SORT=%s: not one of path, lines, words, bytes\n", want);
    exit(2);
}

static void print_row(const row *r)
{
    printf("%10llu %10llu %12llu  %s\n", (unsigned long long)r->lines,
           (unsigned long long)r->words, (unsigned long long)r->bytes, r->path);
}

static void print_table(void)
{
    row total = {.path = "total"};
    printf("%10s %10s %12s  %s\n", "lines", "words", "bytes", "file");
    for (size_t i = 0; i < table.len; i++) {
        print_row(&table.rows[i]);
        total.lines += table.rows[i].lines;
        total.words += table.rows[i].words;
        total.bytes += table.rows[i].bytes;
    }
    if (table.len != 1)
        print_row(&total);
}

int main(int argc, char **argv)
{
    order compare = chosen_order();
    if (argc < 2)
        count(STDIN_FILENO, must(strdup("(standard input)")));
    for (int i = 1; i < argc; i++)
        walk(must(strdup(argv[i])));
    if (table.len > 1)
        qsort(table.rows, table.len, sizeof *table.rows, compare);
    print_table();
    return table.failed;
}
