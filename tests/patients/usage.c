/* SPDX-License-Identifier: MIT
 * Does not know its flags: usage on stderr, exit status 2.
 */
#include "patient.h"

int main(void) {
	fputs("gopls: unknown flag\nUsage:\n  gopls [flags]\n", stderr);
	return 2;
}
