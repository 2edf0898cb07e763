/* Preloaded into a process of ours under test. Three things, each off unless asked for:
 *
 * SHIM_TRACE=FILE  append every change of a file below SHIM_UNDER, in its true order,
 *                        for the model of power cuts (firmware_sim/powercut/trace.py reads it)
 * SHIM_STATE=FILE  two numbers, mapped and read at each call: nanoseconds by which the wall
 *                        clock (and no other) is off, and how many bytes the disk still has for
 *                        files below SHIM_UNDER (negative: no limit)
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define FDS 4096
#define NS 1000000000LL

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static char *paths[FDS];
static int trace_fd = -1;
static const char *under = NULL;
static volatile int64_t *state = NULL; /* [0] clock step, [1] free bytes */

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__) = NULL; \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

__attribute__((constructor)) static void begin(void) {
    const char *trace = getenv("SHIM_TRACE"), *shared = getenv("SHIM_STATE");
    under = getenv("SHIM_UNDER");
    if (trace)
        trace_fd = syscall(SYS_openat, AT_FDCWD, trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (shared) {
        int fd = syscall(SYS_openat, AT_FDCWD, shared, O_RDWR | O_CLOEXEC, 0);
        void *at = fd < 0 ? MAP_FAILED : mmap(NULL, 16, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (at != MAP_FAILED) state = at;
        if (fd >= 0) syscall(SYS_close, fd);
    }
}

/* `under` ends with a slash; the folder itself is ours, too: its flushes make names last. */
static int ours(const char *path) {
    size_t size = under ? strlen(under) : 0;
    if (!size) return 0;
    return strncmp(path, under, size) == 0 || (strlen(path) == size - 1 && !strncmp(path, under, size - 1));
}

static char *whole(const char *path, char *into) {
    if (path[0] == '/') return strncpy(into, path, PATH_MAX - 1);
    if (!getcwd(into, PATH_MAX)) return NULL;
    strncat(into, "/", PATH_MAX - strlen(into) - 1);
    return strncat(into, path, PATH_MAX - strlen(into) - 1);
}

static const char *path_of(int fd) { return fd >= 0 && fd < FDS ? paths[fd] : NULL; }

/* kind, path, other path or data, one number */
static void tell(char kind, const char *path, int64_t number, const void *data, size_t size) {
    if (trace_fd < 0) return;
    struct { char kind; char pad; uint16_t path; uint32_t size; int64_t number; } head =
        {kind, 0, (uint16_t)strlen(path), (uint32_t)size, number};
    struct iovec parts[3] = {{&head, sizeof head}, {(void *)path, head.path}, {(void *)data, size}};
    syscall(SYS_writev, trace_fd, parts, 3);
}

static int64_t size_of(int fd) {
    struct stat found;
    return syscall(SYS_fstat, fd, &found) == 0 ? (int64_t)found.st_size : 0;
}

/* Takes what the file would grow by from what is left; false where there is not so much. */
static int room(int fd, int64_t end) {
    if (!state || state[1] < 0 || !path_of(fd)) return 1;
    int64_t more = end - size_of(fd);
    if (more <= 0) return 1;
    if (more > state[1]) { errno = ENOSPC; return 0; }
    __sync_fetch_and_sub(&state[1], more);
    return 1;
}

static void given_back(int64_t bytes) {
    if (state && state[1] >= 0 && bytes > 0) __sync_fetch_and_add(&state[1], bytes);
}

static int opened(int dir, const char *path, int flags, mode_t mode) {
    char name[PATH_MAX] = "";
    struct stat before;
    int known = (dir == AT_FDCWD || path[0] == '/') && whole(path, name) && ours(name);
    if (!known) return syscall(SYS_openat, dir, path, flags, mode);
    pthread_mutex_lock(&order);
    int there = syscall(SYS_newfstatat, AT_FDCWD, name, &before, 0) == 0;
    int fd = syscall(SYS_openat, dir, path, flags, mode);
    if (fd >= 0 && fd < FDS) {
        free(paths[fd]);
        paths[fd] = strdup(name);
        if (!there && (flags & O_CREAT)) tell('C', name, 0, NULL, 0);
        else if (there && (flags & O_TRUNC) && (flags & O_ACCMODE) != O_RDONLY && before.st_size) {
            tell('T', name, 0, NULL, 0);
            given_back(before.st_size);
        }
    }
    pthread_mutex_unlock(&order);
    return fd;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        va_list rest; va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        return opened(AT_FDCWD, path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
    int name(int dir, const char *path, int flags, ...) { \
        va_list rest; va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        return opened(dir, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

int close(int fd) {
    if (path_of(fd)) {
        pthread_mutex_lock(&order);
        free(paths[fd]);
        paths[fd] = NULL;
        pthread_mutex_unlock(&order);
    }
    return syscall(SYS_close, fd);
}

static ssize_t wrote(int fd, const void *data, size_t size, int64_t at, int here) {
    pthread_mutex_lock(&order);
    if (here) {
        int flags = syscall(SYS_fcntl, fd, F_GETFL);
        at = flags & O_APPEND ? size_of(fd) : (int64_t)syscall(SYS_lseek, fd, 0, SEEK_CUR);
    }
    ssize_t done = -1;
    if (room(fd, at + (int64_t)size)) {
        done = here ? syscall(SYS_write, fd, data, size) : syscall(SYS_pwrite64, fd, data, size, at);
        if (done > 0) tell('W', path_of(fd), at, data, done);
    }
    pthread_mutex_unlock(&order);
    return done;
}

ssize_t write(int fd, const void *data, size_t size) {
    return path_of(fd) ? wrote(fd, data, size, 0, 1) : syscall(SYS_write, fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    return path_of(fd) ? wrote(fd, data, size, at, 0) : syscall(SYS_pwrite64, fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { return pwrite(fd, data, size, at); }

int ftruncate(int fd, off_t size) {
    if (!path_of(fd)) return syscall(SYS_ftruncate, fd, size);
    pthread_mutex_lock(&order);
    int64_t before = size_of(fd);
    int done = room(fd, size) ? syscall(SYS_ftruncate, fd, size) : -1;
    if (done == 0) {
        given_back(before - size);
        tell('T', path_of(fd), size, NULL, 0);
    }
    pthread_mutex_unlock(&order);
    return done;
}
int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }

/* Returns the error, as POSIX has it. */
int posix_fallocate(int fd, off_t at, off_t size) {
    REAL(int, "posix_fallocate", int, off_t, off_t);
    if (!path_of(fd)) return real(fd, at, size);
    pthread_mutex_lock(&order);
    int wrong = room(fd, at + size) ? real(fd, at, size) : ENOSPC;
    if (!wrong) tell('A', path_of(fd), at + size, NULL, 0);
    pthread_mutex_unlock(&order);
    return wrong;
}
int posix_fallocate64(int fd, off64_t at, off64_t size) { return posix_fallocate(fd, at, size); }

static int synced(int fd, long call) {
    if (!path_of(fd)) return syscall(call, fd);
    pthread_mutex_lock(&order);
    int done = syscall(call, fd);
    if (done == 0) tell('S', path_of(fd), 0, NULL, 0);
    pthread_mutex_unlock(&order);
    return done;
}
int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

int unlink(const char *path) {
    char name[PATH_MAX] = "";
    struct stat before;
    if (!whole(path, name) || !ours(name)) return syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    pthread_mutex_lock(&order);
    int there = syscall(SYS_newfstatat, AT_FDCWD, name, &before, 0) == 0;
    int done = syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (done == 0) {
        tell('U', name, 0, NULL, 0);
        if (there) given_back(before.st_size);
    }
    pthread_mutex_unlock(&order);
    return done;
}

int rename(const char *from, const char *to) {
    char old[PATH_MAX] = "", new[PATH_MAX] = "";
    if (!whole(from, old) || !whole(to, new) || !ours(old))
        return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    pthread_mutex_lock(&order);
    int done = syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (done == 0) tell('R', old, 0, new, strlen(new));
    pthread_mutex_unlock(&order);
    return done;
}

static int linked(const char *from, const char *to) {
    char old[PATH_MAX] = "", new[PATH_MAX] = "";
    if (!whole(from, old) || !whole(to, new) || !ours(old))
        return syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
    pthread_mutex_lock(&order);
    int done = syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
    if (done == 0) tell('L', old, 0, new, strlen(new));
    pthread_mutex_unlock(&order);
    return done;
}
int link(const char *from, const char *to) { return linked(from, to); }
int linkat(int at, const char *from, int into, const char *to, int flags) {
    if (at == AT_FDCWD && into == AT_FDCWD && !flags) return linked(from, to);
    return syscall(SYS_linkat, at, from, into, to, flags);
}

/* The wall clock and no other. */
int clock_gettime(clockid_t which, struct timespec *now) {
    REAL(int, "clock_gettime", clockid_t, struct timespec *);
    int done = real(which, now);
    if (done == 0 && state && state[0] && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) {
        int64_t all = (int64_t)now->tv_sec * NS + now->tv_nsec + state[0];
        now->tv_sec = all / NS;
        now->tv_nsec = all % NS;
    }
    return done;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec fine;
    (void)zone;
    int done = clock_gettime(CLOCK_REALTIME, &fine);
    now->tv_sec = fine.tv_sec;
    now->tv_usec = fine.tv_nsec / 1000;
    return done;
}

time_t time(time_t *into) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (into) *into = now.tv_sec;
    return now.tv_sec;
}
