/* SPDX-License-Identifier: MIT
 * main() for a fuzz harness without libFuzzer: feeds it every file named on the command line, once.
 * Prints one "ok" line per file, so that the test run counts inputs; a finding ends the program.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX_BYTES ((size_t)16 << 20)

static int replay_file(const char *path) {
	FILE *f = fopen(path, "rbe");
	if (!f) {
		printf("not ok %s: %s\n", path, strerror(errno));
		return -1;
	}
	uint8_t *all = malloc(INPUT_MAX_BYTES);
	if (!all) {
		fclose(f);
		return -1;
	}
	size_t len = fread(all, 1, INPUT_MAX_BYTES, f);
	fclose(f);
	/* An exact copy: AddressSanitizer then sees a read one byte past the end. */
	uint8_t *exact = malloc(len ? len : 1);
	if (!exact) {
		free(all);
		return -1;
	}
	memcpy(exact, all, len);
	free(all);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	printf("ok %s\n", path);
	return 0;
}

int main(int argc, char **argv) {
	int status = 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++) {
		if (replay_file(argv[i]) < 0) {
			status = 1;
		}
	}
	return status;
}
