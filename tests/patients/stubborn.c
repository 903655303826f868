/* SPDX-License-Identifier: MIT
 * Answers initialize, ignores SIGTERM and the end of its input, never exits by itself.
 */
#include "patient.h"

#include <signal.h>

int main(void) {
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	patient_greet();
	for (;;) {
		pause();
	}
}
