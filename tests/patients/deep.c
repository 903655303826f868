/* SPDX-License-Identifier: MIT
 * Answers initialize with ten thousand nested lists, with NUL bytes and invalid UTF-8.
 */
#include "patient.h"

#define LEVELS 10000

int main(void) {
	static char body[LEVELS * 2 + 1];

	memset(body, '[', LEVELS);
	memset(body + LEVELS, ']', LEVELS);
	patient_write(body);
	printf("Content-Length: 9\r\n\r\n{\"a\":\"%c%c", 0, 0xff);
	fflush(stdout);
	patient_idle();
	return 0;
}
