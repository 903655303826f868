/* SPDX-License-Identifier: MIT
 * Announces a message of 2 GiB and sends its first byte.
 */
#include "patient.h"

int main(void) {
	printf("Content-Length: 2147483648\r\n\r\n{");
	fflush(stdout);
	patient_idle();
	return 0;
}
