/* SPDX-License-Identifier: MIT
 * Answers with bytes that are no protocol at all, again and again.
 */
#include "patient.h"

int main(void) {
	unsigned seed = 1;

	for (int i = 0; i < 200000; i++) {
		seed = seed * 1103515245U + 12345U;
		putchar((int)(seed >> 16 & 0xff));
	}
	fflush(stdout);
	patient_idle();
	return 0;
}
