/* SPDX-License-Identifier: MIT */
#include "cmd/exited_signals.h"

#include "base/str.h"

#include <signal.h>

static const struct {
	const char *name;
	int number;
	const char *meaning;
} signals[] = {
	{"SIGKILL", SIGKILL, "it was ended by force"},
	{"SIGTERM", SIGTERM, "somebody asked it to end"},
	{"SIGINT", SIGINT, "Ctrl-C reached it"},
	{"SIGHUP", SIGHUP, "its terminal or session was closed"},
	{"SIGPIPE", SIGPIPE, "it wrote to an editor that no longer reads"},
	{"SIGSEGV", SIGSEGV, "it touched memory that is not its own: a damaged file, or a bug"},
	{"SIGBUS", SIGBUS, "a file it had mapped was cut short or could not be read"},
	{"SIGILL", SIGILL, "it met an instruction this processor does not have"},
	{"SIGABRT", SIGABRT, "it, or a C library in it, gave up"},
	{"SIGQUIT", SIGQUIT, "somebody asked it for a traceback"},
	{"SIGXCPU", SIGXCPU, "it used up its processor time (RLIMIT_CPU)"},
	{"SIGXFSZ", SIGXFSZ, "it wrote a file larger than it may (RLIMIT_FSIZE)"},
	{"SIGSYS", SIGSYS, "a seccomp filter forbids a system call it made"},
	{"SIGTRAP", SIGTRAP, "it met a breakpoint"},
};

#define SIGNAL_COUNT (sizeof signals / sizeof *signals)

const char *exited_signal_name(struct arena *arena, int64_t number) {
	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		if (signals[i].number == number) {
			return signals[i].name;
		}
	}
	return arena_printf(arena, "signal %lld", (long long)number);
}

const char *exited_signal_meaning(int64_t number) {
	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		if (signals[i].number == number) {
			return signals[i].meaning;
		}
	}
	return "";
}

int64_t exited_signal_number(const char *text) {
	int64_t number = 0;

	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		if (str_starts(text, signals[i].name)) {
			number = signals[i].number;
		}
	}
	return number;
}
