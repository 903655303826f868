/* SPDX-License-Identifier: MIT
 * A wrapper that greets on stdout before it becomes the server named by PATIENT_SERVER.
 */
#include "patient.h"

int main(int argc, char **argv) {
	const char *server = getenv("PATIENT_SERVER");

	(void)argc;
	puts("Loading the development environment...");
	fflush(stdout);
	if (server) {
		execv(server, argv);
		return 127;
	}
	patient_greet();
	patient_idle();
	return 0;
}
