/* A library for LD_PRELOAD that moves the clock of a process by JUMP seconds; with SWING, back and forth. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long jump(void) {
  static int calls = 0;
  char *text = getenv("JUMP");
  long seconds = text ? atol(text) : 0;
  return getenv("SWING") && calls++ % 2 ? -seconds : seconds;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  static int (*real)(clockid_t, struct timespec *) = 0;
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int error = real(clock, now);
  if (clock == CLOCK_REALTIME) now->tv_sec += jump();
  return error;
}

int gettimeofday(struct timeval *now, void *zone) {
  struct timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *now) {
  struct timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  if (now) *now = precise.tv_sec;
  return precise.tv_sec;
}
