/* A library for LD_PRELOAD that kills its process at the CRASH_AT-th change of the disk below CRASH_FOLDER.

   Changes are: a file opened for writing, bytes written, a file flushed, renamed or removed, a folder made. The
   name of each changed file is appended to CRASH_LOG, one a line. The process dies before the change if CRASH_AT
   is odd, and after it if CRASH_AT is even. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long count = 0;
static ssize_t (*real_write)(int, const void *, size_t);

static int inside(const char *path) {
  const char *folder = getenv("CRASH_FOLDER");
  return folder && path && !strncmp(path, folder, strlen(folder)) && (path[strlen(folder)] == '/' || !path[strlen(folder)]);
}

static void full(int folder, const char *name, char *path) {
  char link[64], base[PATH_MAX] = "";
  path[0] = 0;
  if (name[0] == '/') { snprintf(path, PATH_MAX, "%s", name); return; }
  snprintf(link, sizeof link, folder == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", folder);
  ssize_t size = readlink(link, base, PATH_MAX - 1);
  if (size > 0) { base[size] = 0; if (strlen(base) + strlen(name) + 2 < PATH_MAX) { strcpy(path, base); strcat(path, "/"); strcat(path, name); } }
}

static void of_descriptor(int descriptor, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t size = readlink(link, path, PATH_MAX - 1);
  path[size > 0 ? size : 0] = 0;
}

/* Count a change of the file; return 1 if the process must die after it. */
static int changes(const char *path) {
  if (!inside(path)) return 0;
  const char *at = getenv("CRASH_AT"), *log = getenv("CRASH_LOG");
  long wanted = at ? atol(at) : 0;
  pthread_mutex_lock(&lock);
  long number = ++count;
  int (*real_open)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
  if (!real_write) real_write = dlsym(RTLD_NEXT, "write");
  int file = log ? real_open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
  if (file >= 0) {
    char text[PATH_MAX + 1];
    int size = snprintf(text, sizeof text, "%s\n", path);
    if (real_write(file, text, size) < 0) _exit(99);
    close(file);
  }
  pthread_mutex_unlock(&lock);
  if (number == wanted && wanted % 2) kill(getpid(), SIGKILL);
  return number == wanted;
}

static void die(int now) { if (now) kill(getpid(), SIGKILL); }

ssize_t write(int descriptor, const void *bytes, size_t size) {
  char path[PATH_MAX];
  if (!real_write) real_write = dlsym(RTLD_NEXT, "write");
  of_descriptor(descriptor, path);
  int now = changes(path);
  if (now) size = size > 1 ? size / 2 : size;  /* torn: half of the bytes */
  ssize_t done = real_write(descriptor, bytes, size);
  die(now);
  return done;
}

int fsync(int descriptor) {
  char path[PATH_MAX];
  of_descriptor(descriptor, path);
  int now = changes(path), done = ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(descriptor);
  die(now);
  return done;
}

int renameat(int from, const char *old, int to, const char *name) {
  char path[PATH_MAX];
  full(to, name, path);
  int now = changes(path);
  int done = ((int (*)(int, const char *, int, const char *))dlsym(RTLD_NEXT, "renameat"))(from, old, to, name);
  die(now);
  return done;
}

int rename(const char *old, const char *name) { return renameat(AT_FDCWD, old, AT_FDCWD, name); }

int unlinkat(int folder, const char *name, int flags) {
  char path[PATH_MAX];
  full(folder, name, path);
  int now = changes(path), done = ((int (*)(int, const char *, int))dlsym(RTLD_NEXT, "unlinkat"))(folder, name, flags);
  die(now);
  return done;
}

int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }

int mkdirat(int folder, const char *name, mode_t mode) {
  char path[PATH_MAX];
  full(folder, name, path);
  int now = changes(path), done = ((int (*)(int, const char *, mode_t))dlsym(RTLD_NEXT, "mkdirat"))(folder, name, mode);
  die(now);
  return done;
}

int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }

static int opened(int folder, const char *name, int flags, mode_t mode) {
  char path[PATH_MAX];
  int now = 0;
  if (flags & (O_WRONLY | O_RDWR | O_CREAT)) { full(folder, name, path); now = changes(path); }
  int done = ((int (*)(int, const char *, int, ...))dlsym(RTLD_NEXT, "openat"))(folder, name, flags, mode);
  die(now);
  return done;
}

#define MODE_OF(flags) \
  mode_t mode = 0; \
  if ((flags) & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }

int open(const char *name, int flags, ...) { MODE_OF(flags) return opened(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE_OF(flags) return opened(AT_FDCWD, name, flags | O_LARGEFILE, mode); }
int openat(int folder, const char *name, int flags, ...) { MODE_OF(flags) return opened(folder, name, flags, mode); }
int openat64(int folder, const char *name, int flags, ...) { MODE_OF(flags) return opened(folder, name, flags | O_LARGEFILE, mode); }
