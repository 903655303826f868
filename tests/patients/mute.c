/* SPDX-License-Identifier: MIT
 * Reads everything and never says a word.
 */
#include "patient.h"

int main(void) {
	patient_idle();
	return 0;
}
