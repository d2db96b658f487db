// A file layer that loses what was not synced. Preloaded into a process, it lets every write through, but keeps beside
// each file under $UNSYNCED_FOLDER a twin, <file>.synced, that is brought up to date only by fsync and fdatasync. After
// the process is killed, the twins are what a disk would hold that lost its power at that instant.
//
// A file that has a twin when the process starts is as its twin says; one that has none is new. A deletion counts as
// done at once.
//
// While the folder holds a file named "full", its files cannot be written (ENOSPC); while it holds one named "failing",
// they cannot be synced (EIO).

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

struct range { off_t from, to; };

struct file {
    dev_t device;
    ino_t number;
    int ours;
    char twin[PATH_MAX];
    struct range *dirty;
    size_t count, room;
    struct file *next;
};

static struct file *files;
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_unlink)(const char *);

__attribute__((constructor)) static void begin(void) {
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
}

static void fail(const char *what) {
    perror(what);
    abort();
}

static int in_folder(const char *path) {
    const char *folder = getenv("UNSYNCED_FOLDER");
    return folder && strncmp(path, folder, strlen(folder)) == 0;
}

// Whether the folder holds a file of this name.
static int told(const char *name) {
    char path[PATH_MAX];
    const char *folder = getenv("UNSYNCED_FOLDER");
    return folder && snprintf(path, sizeof path, "%s/%s", folder, name) < PATH_MAX && access(path, F_OK) == 0;
}

// Copies a stretch of a file into its twin; stops at the file's end.
static void copy(int from, int to, off_t at, off_t end) {
    static char buffer[1 << 16];
    while (at < end) {
        size_t wanted = (size_t)(end - at) < sizeof buffer ? (size_t)(end - at) : sizeof buffer;
        ssize_t got = pread(from, buffer, wanted, at);
        if (got == 0) return;
        if (got < 0 || real_pwrite(to, buffer, (size_t)got, at) != got) fail("unsynced: copy");
        at += got;
    }
}

// A descriptor that may be read, whatever the given one was opened for.
static int readable(int fd) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int copy = open(link, O_RDONLY | O_CLOEXEC);
    if (copy < 0) fail("unsynced: reopen");
    return copy;
}

// With the file's own mode, which a disk keeps as well.
static int open_twin(const struct file *file, mode_t mode) {
    int twin = open(file->twin, O_WRONLY | O_CREAT | O_CLOEXEC, mode & 0777);
    if (twin < 0) fail(file->twin);
    return twin;
}

// Finds the file behind a descriptor, if it is in the folder.
static struct file *look_up(int fd) {
    struct stat now;
    if (fstat(fd, &now) != 0 || !S_ISREG(now.st_mode)) return NULL;
    struct file *file;
    for (file = files; file; file = file->next)
        if (file->device == now.st_dev && file->number == now.st_ino) return file->ours ? file : NULL;
    if (!(file = calloc(1, sizeof *file))) fail("unsynced: memory");
    file->device = now.st_dev;
    file->number = now.st_ino;
    file->next = files;
    files = file;
    char link[64], path[PATH_MAX - 16];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return NULL;
    path[length] = 0;
    if (!in_folder(path)) return NULL;
    file->ours = 1;
    snprintf(file->twin, sizeof file->twin, "%s.synced", path);
    return file;
}

static void mark(struct file *file, off_t from, off_t to) {
    if (file->count > 0 && file->dirty[file->count - 1].to == from) {
        file->dirty[file->count - 1].to = to;
        return;
    }
    if (file->count == file->room) {
        file->room = file->room ? 2 * file->room : 64;
        if (!(file->dirty = realloc(file->dirty, file->room * sizeof *file->dirty))) fail("unsynced: memory");
    }
    file->dirty[file->count++] = (struct range){from, to};
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
    pthread_mutex_lock(&guard);
    struct file *file = look_up(fd);
    int full = file && told("full");
    ssize_t done = full ? -1 : real_pwrite(fd, bytes, size, at);
    int why = full ? ENOSPC : errno;
    if (file && done > 0) mark(file, at, at + done);
    pthread_mutex_unlock(&guard);
    errno = why;
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at) { return pwrite(fd, bytes, size, at); }

ssize_t write(int fd, const void *bytes, size_t size) {
    pthread_mutex_lock(&guard);
    struct file *file = look_up(fd);
    off_t at = file ? lseek(fd, 0, SEEK_CUR) : 0;
    // Only what goes to a file of ours may be held up by the lock: a pipe can block.
    if (!file) pthread_mutex_unlock(&guard);
    ssize_t done = real_write(fd, bytes, size);
    int why = errno;
    if (file) {
        if (done > 0) mark(file, at, at + done);
        pthread_mutex_unlock(&guard);
    }
    errno = why;
    return done;
}

// A truncation takes effect in the twin with the next sync, like every other change.
int ftruncate(int fd, off_t size) {
    pthread_mutex_lock(&guard);
    look_up(fd);
    int done = real_ftruncate(fd, size);
    int why = errno;
    pthread_mutex_unlock(&guard);
    errno = why;
    return done;
}

int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }

static int catch_up(int fd) {
    struct file *file = look_up(fd);
    struct stat now;
    if (!file || fstat(fd, &now) != 0) return 0;
    if (told("failing")) return EIO;
    int from = readable(fd), twin = open_twin(file, now.st_mode);
    for (size_t i = 0; i < file->count; i++) copy(from, twin, file->dirty[i].from, file->dirty[i].to);
    if (real_ftruncate(twin, now.st_size) != 0) fail("unsynced: truncate");
    file->count = 0;
    close(from);
    close(twin);
    return 0;
}

// The disk itself need not be waited for: the twin stands for it, and outlives the process in the system's memory.
int fsync(int fd) {
    pthread_mutex_lock(&guard);
    int why = catch_up(fd);
    pthread_mutex_unlock(&guard);
    errno = why;
    return why ? -1 : 0;
}

int fdatasync(int fd) { return fsync(fd); }

int unlink(const char *path) {
    struct stat now;
    pthread_mutex_lock(&guard);
    if (stat(path, &now) == 0 && now.st_nlink == 1) {
        for (struct file **at = &files; *at; at = &(*at)->next) {
            struct file *file = *at;
            if (file->device != now.st_dev || file->number != now.st_ino) continue;
            *at = file->next;
            free(file->dirty);
            free(file);
            break;
        }
    }
    int done = real_unlink(path);
    int why = errno;
    char twin[PATH_MAX];
    if (done == 0 && in_folder(path) && snprintf(twin, sizeof twin, "%s.synced", path) < PATH_MAX) real_unlink(twin);
    pthread_mutex_unlock(&guard);
    errno = why;
    return done;
}
