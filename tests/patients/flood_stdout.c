/* SPDX-License-Identifier: MIT
 * Answers initialize and then sends log messages as fast as they are read, for ever.
 */
#include "patient.h"

int main(void) {
	patient_greet();
	for (unsigned long i = 0; !ferror(stdout); i++) {
		char body[128];

		snprintf(body, sizeof(body),
		         "{\"jsonrpc\":\"2.0\",\"method\":\"window/"
		         "logMessage\",\"params\":{\"type\":3,"
		         "\"message\":\"%lu\"}}",
		         i);
		patient_write(body);
	}
	return 1;
}
