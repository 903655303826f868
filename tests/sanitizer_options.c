/* SPDX-License-Identifier: MIT
 * Linked into every program of a sanitized build: a finding ends it with status 86, which dialtone
 * never uses itself, so that no test takes a report of AddressSanitizer for a verdict.
 */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

const char *__asan_default_options(void) {
	return "exitcode=86";
}

const char *__ubsan_default_options(void) {
	return "exitcode=86:print_stacktrace=1";
}
