/* Preloaded into a program, lets one of its calls on files fail, or records what a power failure could undo.
 *
 *   FAULTS_UNDER=FOLDER   only calls on what lies in this folder count
 *   FAULTS_LOG=FILE       a line is appended to this file for each call that counts
 *   FAULTS_FAIL=N         the N-th of them, counted from 1 over all threads, fails with FAULTS_ERRNO (EIO)
 *   FAULTS_WITHOUT=NAME   every call of a name ("symlink", "flock", "sync-folder", ...) fails so: there is no such call
 *   FAULTS_RECORD=FILE    every change to a file or a folder, with its bytes, and every sync is appended to this file
 *
 * A record is a line "OPERATION\tNUMBER\tLENGTH\tPATH\tSECOND\n" and LENGTH bytes. NUMBER is an offset for "write",
 * a size for "truncate", 1 for a folder in "sync", and else 0.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long count;

#define NEXT(name) \
    static __typeof__(name) *next; \
    if (!next) next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

/* Writes without the functions below. */
static void put(int file, const void *bytes, size_t length) {
    const char *at = bytes;
    while (length > 0) {
        const long written = syscall(SYS_write, file, at, length);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) abort();
        at += written;
        length -= (size_t)written;
    }
}

static void append(const char *variable, const char *line, const void *bytes, size_t length) {
    const char *path = getenv(variable);
    if (!path) return;
    const int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) abort();
    put(file, line, strlen(line));
    if (length > 0) put(file, bytes, length);
    syscall(SYS_close, file);
}

/* The absolute path, in `place`, of what a call names; NULL where it is not in the folder that counts. */
static const char *named(int folder, const char *path, char place[PATH_MAX]) {
    const char *under = getenv("FAULTS_UNDER");
    if (!under || !path) return NULL;
    if (path[0] == '/') {
        snprintf(place, PATH_MAX, "%s", path);
    } else {
        char base[PATH_MAX / 2] = "";
        if (folder == AT_FDCWD) {
            if (!getcwd(base, sizeof base)) return NULL;
        } else {
            char link[64];
            snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
            const ssize_t length = readlink(link, base, sizeof base - 1);
            if (length < 0) return NULL;
            base[length] = 0;
        }
        snprintf(place, PATH_MAX, "%s/%s", base, path);
    }
    return strncmp(place, under, strlen(under)) == 0 ? place : NULL;
}

static const char *opened(int file, char place[PATH_MAX]) {
    char link[64], path[PATH_MAX];
    if (!getenv("FAULTS_UNDER")) return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return NULL;
    path[length] = 0;
    /* A file that was removed while it was open: nothing on the disk depends on it. */
    if (strstr(path, " (deleted)")) return NULL;
    /* Pipes and sockets have names such as "pipe:[7]". */
    if (path[0] != '/') return NULL;
    return named(AT_FDCWD, path, place);
}

/* Counts a call; true where it is the one to fail. */
static int fails(const char *operation, const char *path) {
    const char *wanted = getenv("FAULTS_FAIL");
    const char *without = getenv("FAULTS_WITHOUT");
    char line[PATH_MAX + 32];
    if (!path) return 0;
    pthread_mutex_lock(&mutex);
    const long number = ++count;
    snprintf(line, sizeof line, "%s %s\n", operation, path);
    append("FAULTS_LOG", line, NULL, 0);
    pthread_mutex_unlock(&mutex);
    const int is_missing = without && strcmp(without, operation) == 0;
    if (!is_missing && (!wanted || atol(wanted) != number)) return 0;
    const char *code = getenv("FAULTS_ERRNO");
    errno = code ? atoi(code) : EIO;
    return 1;
}

static void record(const char *operation, long long number, const char *path, const char *second, const void *bytes,
                   size_t length) {
    char line[2 * PATH_MAX + 64];
    if (!path || !getenv("FAULTS_RECORD")) return;
    const int kept = errno;
    pthread_mutex_lock(&mutex);
    snprintf(line, sizeof line, "%s\t%lld\t%zu\t%s\t%s\n", operation, number, length, path, second ? second : "");
    append("FAULTS_RECORD", line, bytes, length);
    pthread_mutex_unlock(&mutex);
    errno = kept;
}

/* Opening. */

static int begin_open(int folder, const char *path, int flags, char place[PATH_MAX], const char **full, int *existed) {
    struct stat status;
    *full = named(folder, path, place);
    *existed = fstatat(folder, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
    return fails(flags & O_CREAT ? "create" : "open", *full);
}

static int end_open(int file, int flags, const char *full, int existed) {
    if (file >= 0 && full) {
        if (flags & O_CREAT && !existed) record("create", 0, full, NULL, NULL, 0);
        else if (flags & O_TRUNC) record("truncate", 0, full, NULL, NULL, 0);
    }
    return file;
}

#define OPEN(name, folder, call) \
    char place[PATH_MAX]; \
    const char *full; \
    int existed; \
    mode_t mode = 0; \
    if (flags & (O_CREAT | __O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    } \
    NEXT(name); \
    if (begin_open(folder, path, flags, place, &full, &existed)) return -1; \
    return end_open(call, flags, full, existed)

int open(const char *path, int flags, ...) { OPEN(open, AT_FDCWD, next(path, flags, mode)); }
int open64(const char *path, int flags, ...) { OPEN(open64, AT_FDCWD, next(path, flags, mode)); }
int openat(int folder, const char *path, int flags, ...) { OPEN(openat, folder, next(folder, path, flags, mode)); }
int openat64(int folder, const char *path, int flags, ...) { OPEN(openat64, folder, next(folder, path, flags, mode)); }

/* Reading and writing. */

ssize_t read(int file, void *bytes, size_t length) {
    char place[PATH_MAX];
    NEXT(read);
    return fails("read", opened(file, place)) ? -1 : next(file, bytes, length);
}

ssize_t pread64(int file, void *bytes, size_t length, off64_t offset) {
    char place[PATH_MAX];
    NEXT(pread64);
    return fails("read", opened(file, place)) ? -1 : next(file, bytes, length, offset);
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
    char place[PATH_MAX];
    NEXT(mmap);
    if (file >= 0 && !(flags & MAP_ANONYMOUS) && fails("mmap", opened(file, place))) return MAP_FAILED;
    return next(address, length, protection, flags, file, offset);
}

void *mmap64(void *address, size_t length, int protection, int flags, int file, off64_t offset) {
    return mmap(address, length, protection, flags, file, offset);
}

ssize_t write(int file, const void *bytes, size_t length) {
    char place[PATH_MAX];
    NEXT(write);
    const char *path = opened(file, place);
    if (fails("write", path)) return -1;
    const ssize_t written = next(file, bytes, length);
    if (written > 0 && path) record("write", lseek(file, 0, SEEK_CUR) - written, path, NULL, bytes, (size_t)written);
    return written;
}

static ssize_t write_at(int file, const void *bytes, size_t length, off64_t offset) {
    static ssize_t (*next)(int, const void *, size_t, off64_t);
    char place[PATH_MAX];
    if (!next) next = (__typeof__(next))dlsym(RTLD_NEXT, "pwrite64");
    const char *path = opened(file, place);
    if (fails("write", path)) return -1;
    const ssize_t written = next(file, bytes, length, offset);
    if (written > 0 && path) record("write", offset, path, NULL, bytes, (size_t)written);
    return written;
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset) {
    return write_at(file, bytes, length, offset);
}
ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t offset) {
    return write_at(file, bytes, length, offset);
}

static int cut(int file, off64_t size) {
    static int (*next)(int, off64_t);
    char place[PATH_MAX];
    if (!next) next = (__typeof__(next))dlsym(RTLD_NEXT, "ftruncate64");
    const char *path = opened(file, place);
    if (fails("truncate", path)) return -1;
    const int result = next(file, size);
    if (result == 0 && path) record("truncate", size, path, NULL, NULL, 0);
    return result;
}

int ftruncate(int file, off_t size) { return cut(file, size); }
int ftruncate64(int file, off64_t size) { return cut(file, size); }

static int settle(int file, int (*next)(int)) {
    char place[PATH_MAX];
    struct stat status;
    const char *path = opened(file, place);
    const int is_folder = path && fstat(file, &status) == 0 && S_ISDIR(status.st_mode);
    if (fails(is_folder ? "sync-folder" : "sync", path)) return -1;
    const int result = next(file);
    if (result == 0) record("sync", is_folder, path, NULL, NULL, 0);
    return result;
}

int fsync(int file) {
    NEXT(fsync);
    return settle(file, next);
}

int fdatasync(int file) {
    NEXT(fdatasync);
    return settle(file, next);
}

int flock(int file, int operation) {
    char place[PATH_MAX];
    NEXT(flock);
    return fails("flock", opened(file, place)) ? -1 : next(file, operation);
}

/* Names. */

#define NAMED(operation, first, second, call) \
    char one[PATH_MAX], two[PATH_MAX]; \
    const char *from = first, *to = second; \
    if (fails(operation, to ? to : from)) return -1; \
    const int result = call; \
    if (result == 0) record(operation, 0, from, to, NULL, 0); \
    (void)one; \
    (void)two; \
    return result

int rename(const char *old, const char *new) {
    NEXT(rename);
    NAMED("rename", named(AT_FDCWD, old, one), named(AT_FDCWD, new, two), next(old, new));
}

int renameat(int from_folder, const char *old, int to_folder, const char *new) {
    NEXT(renameat);
    NAMED("rename", named(from_folder, old, one), named(to_folder, new, two), next(from_folder, old, to_folder, new));
}

int link(const char *old, const char *new) {
    NEXT(link);
    NAMED("link", named(AT_FDCWD, old, one), named(AT_FDCWD, new, two), next(old, new));
}

int symlink(const char *target, const char *path) {
    char place[PATH_MAX];
    NEXT(symlink);
    const char *full = named(AT_FDCWD, path, place);
    if (fails("symlink", full)) return -1;
    const int result = next(target, path);
    if (result == 0) record("symlink", 0, full, target, NULL, 0);
    return result;
}

int mkdir(const char *path, mode_t mode) {
    NEXT(mkdir);
    NAMED("mkdir", named(AT_FDCWD, path, one), NULL, next(path, mode));
}

int unlink(const char *path) {
    NEXT(unlink);
    NAMED("unlink", named(AT_FDCWD, path, one), NULL, next(path));
}

int rmdir(const char *path) {
    NEXT(rmdir);
    NAMED("rmdir", named(AT_FDCWD, path, one), NULL, next(path));
}

int unlinkat(int folder, const char *path, int flags) {
    NEXT(unlinkat);
    NAMED(flags & AT_REMOVEDIR ? "rmdir" : "unlink", named(folder, path, one), NULL, next(folder, path, flags));
}

int remove(const char *path) {
    struct stat status;
    if (lstat(path, &status) == 0 && S_ISDIR(status.st_mode)) return rmdir(path);
    return unlink(path);
}
