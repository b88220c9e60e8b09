// Swift reads its clocks through `clock_gettime` and its random numbers through `syscall(SYS_getrandom, ...)`, both by
// way of the dynamic linker, which finds a program's own definition before the C library's. That is how preloaded
// libraries such as libfaketime work, without the preloading.

#define _GNU_SOURCE

#include "CSimulation.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>

static bool simulated;
static int64_t now;
static uint64_t entropy;

typedef long (*syscall_function)(long number, ...);

static syscall_function real_syscall(void) {
    static syscall_function function;
    if (!function) function = (syscall_function)dlsym(RTLD_NEXT, "syscall");
    return function;
}

// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
static uint64_t next_random(void) {
    uint64_t z = (entropy += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

void simulation_begin(int64_t nanoseconds, uint64_t seed) {
    now = nanoseconds;
    entropy = seed;
    simulated = true;
}

void simulation_end(void) { simulated = false; }

void simulation_set_time(int64_t nanoseconds) { now = nanoseconds; }

int64_t simulation_real_time(void) {
    struct timespec time;
    real_syscall()(SYS_clock_gettime, CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    if (!simulated) return (int)real_syscall()(SYS_clock_gettime, clock, time);
    time->tv_sec = now / 1000000000;
    time->tv_nsec = now % 1000000000;
    return 0;
}

long syscall(long number, ...) {
    va_list list;
    long a[6];
    va_start(list, number);
    for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
    va_end(list);
    if (simulated && number == SYS_getrandom) {
        unsigned char *bytes = (unsigned char *)a[0];
        for (size_t i = 0; i < (size_t)a[1]; i++) bytes[i] = (unsigned char)next_random();
        return a[1];
    }
    return real_syscall()(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
