#pragma once

#include <stdint.h>

// The process's clock and entropy, taken over for a simulation. Programs that link this library define the C library's
// functions `clock_gettime` and `syscall` anew; until `simulation_begin` they behave as ever. One thread only.

/// From now on every clock shows `nanoseconds`, and every random byte comes from `seed`.
void simulation_begin(int64_t nanoseconds, uint64_t seed);

/// The real clock and the kernel's entropy again.
void simulation_end(void);

/// What every clock shows, in nanoseconds.
void simulation_set_time(int64_t nanoseconds);

/// The machine's monotonic clock in nanoseconds, simulated or not.
int64_t simulation_real_time(void);
