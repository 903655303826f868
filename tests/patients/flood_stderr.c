/* SPDX-License-Identifier: MIT
 * Writes to stderr as fast as it is read, for ever.
 */
#include "patient.h"

#include <signal.h>

int main(void) {
	static const char line[] = "gopls: something is wrong, and again, and again, and again\n";

	signal(SIGPIPE, SIG_DFL);
	for (;;) {
		if (write(STDERR_FILENO, line, sizeof(line) - 1) < 0) {
			return 1;
		}
	}
}
