/* SPDX-License-Identifier: MIT
 * So many cheap system calls as the first argument says, by as many threads as the second says at
 * once; prints how many there were, how many a second, and the nanoseconds of a processor that each
 * took. getppid changes nothing and nobody else makes it here.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 64

static void *call(void *count) {
	for (long i = 0; i < *(long *)count; i++) {
		(void)syscall(SYS_getppid);
	}
	return NULL;
}

static double now(clockid_t clock) {
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
	long count = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	long threads = argc > 2 ? strtol(argv[2], NULL, 10) : 1;
	pthread_t ids[THREADS_MAX];

	if (count <= 0 || threads <= 0 || threads > THREADS_MAX) {
		return 2;
	}
	long each = count / threads;
	double begin = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	for (long i = 0; i < threads; i++) {
		if (pthread_create(&ids[i], NULL, call, &each) != 0) {
			return 1;
		}
	}
	for (long i = 0; i < threads; i++) {
		pthread_join(ids[i], NULL);
	}
	double made = (double)(each * threads);
	double seconds = now(CLOCK_MONOTONIC) - begin;
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("%.0f %.0f %.0f\n", made, made / seconds, cpu / made * 1e9);
	return 0;
}
