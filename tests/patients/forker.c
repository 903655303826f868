/* SPDX-License-Identifier: MIT
 * Starts children that leave its session and outlive it, then answers initialize.
 */
#include "patient.h"

#include <fcntl.h>
#include <signal.h>

/* Holds no descriptor of ours, as a daemon would. */
static void live_on(void) {
	int null = open("/dev/null", O_RDWR);

	setsid();
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	for (int fd = 0; fd < 3 && null >= 0; fd++) {
		dup2(null, fd);
	}
	for (;;) {
		pause();
	}
}

int main(void) {
	for (int i = 0; i < 5; i++) {
		if (fork() == 0) {
			if (fork() == 0) {
				live_on();
			}
			_exit(0);
		}
	}
	patient_greet();
	patient_idle();
	return 0;
}
