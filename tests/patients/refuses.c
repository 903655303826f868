/* SPDX-License-Identifier: MIT
 * Answers initialize with an error.
 */
#include "patient.h"

int main(void) {
	static char body[65536];

	patient_read(body, sizeof(body));
	patient_write("{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32603,\"message\":"
	              "\"cannot initialize: nothing works today\"}}");
	patient_idle();
	return 0;
}
