/* SPDX-License-Identifier: MIT
 * Answers initialize and dies in the next message, as a Go program panics.
 */
#include "patient.h"

int main(void) {
	static char body[65536];

	patient_greet();
	patient_read(body, sizeof(body));
	fputs("panic: runtime error: invalid memory address or nil pointer dereference\n"
	      "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x0]\n\n"
	      "goroutine 1 [running]:\nmain.main()\n",
	      stderr);
	return 2;
}
