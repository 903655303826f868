/* SPDX-License-Identifier: MIT
 * What the fake servers share: enough of the base protocol to wait for `initialize` and to answer.
 * They know nothing of dialtone, so that a mistake of its own codec does not hide.
 */
#ifndef PATIENT_H
#define PATIENT_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads one message of at most size - 1 bytes into body; false at the end of the input. */
static inline bool patient_read(char *body, size_t size) {
	char line[512];
	size_t length = 0;

	while (fgets(line, sizeof(line), stdin)) {
		if (strncmp(line, "Content-Length: ", 16) == 0) {
			length = strtoul(line + 16, NULL, 10);
		}
		if (strcmp(line, "\r\n") == 0) {
			size_t take = length < size - 1 ? length : size - 1;

			if (fread(body, 1, take, stdin) != take) {
				return false;
			}
			body[take] = '\0';
			for (; take < length; take++) {
				getchar();
			}
			return true;
		}
	}
	return false;
}

static inline void patient_write(const char *body) {
	printf("Content-Length: %zu\r\n\r\n%s", strlen(body), body);
	fflush(stdout);
}

/* Waits for the first message, which is initialize with the id 1, and answers it. */
static inline void patient_greet(void) {
	static char body[65536];

	if (!patient_read(body, sizeof(body))) {
		exit(0);
	}
	patient_write("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"capabilities\":{"
	              "\"definitionProvider\":true},\"serverInfo\":{\"name\":\"gopls\","
	              "\"version\":\"{\\\"Version\\\":\\\"v0.0.0\\\"}\"}}}");
}

/* Until the client goes away. */
static inline void patient_idle(void) {
	static char body[65536];

	while (patient_read(body, sizeof(body))) {
	}
}

#endif
