/* SPDX-License-Identifier: MIT
 * Is ended by a signal before it says anything.
 */
#include "patient.h"

#include <signal.h>

int main(void) {
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	return 0;
}
