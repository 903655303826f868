/* SPDX-License-Identifier: MIT
 * Sends half of its answer to initialize and waits.
 */
#include "patient.h"

int main(void) {
	static char body[65536];

	patient_read(body, sizeof(body));
	printf("Content-Length: 500\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"resu");
	fflush(stdout);
	patient_idle();
	return 0;
}
