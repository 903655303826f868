/* SPDX-License-Identifier: MIT
 * Closes its output after initialize and stays alive.
 */
#include "patient.h"

#include <unistd.h>

int main(void) {
	patient_greet();
	fclose(stdout);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	patient_idle();
	return 0;
}
