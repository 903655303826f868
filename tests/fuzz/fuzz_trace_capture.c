/* SPDX-License-Identifier: MIT
 * What a hostile program's memory and arguments make of a copy: first byte the call, second the architecture, then the
 * arguments, the rest is the memory.
 */
#include "trace/capture.h"

#include <assert.h>
#include <errno.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define BASE 0x1000ULL

static ssize_t read_memory(void *data, uint64_t address, void *to, size_t bytes) {
	const struct slice *memory = data;

	if (address < BASE || address - BASE >= memory->len) {
		return -EFAULT;
	}
	size_t left = memory->len - (size_t)(address - BASE);
	size_t n = bytes < left ? bytes : left;

	memcpy(to, memory->data + (address - BASE), n);
	return (ssize_t)n;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size) {
	static const enum event_arch arches[] = {ARCH_X86_64, ARCH_I386, ARCH_AARCH64};
	const struct capture_limits limits = {.string_bytes = 300, .data_bytes = 100};
	struct payload payloads[EVENT_PAYLOADS];
	struct capture capture = {0};
	uint64_t args[6];
	int64_t result;

	if (size < 2 + sizeof(args) + sizeof(result)) {
		return 0;
	}
	enum event_arch arch = arches[data[1] % 3];
	const struct call *call = call_by_number(arch, data[0] | (data[1] & 0x80) << 1);

	memcpy(args, data + 2, sizeof(args));
	memcpy(&result, data + 2 + sizeof(args), sizeof(result));
	size_t head = 2 + sizeof(args) + sizeof(result);
	struct slice memory = slice_of((const char *)data + head, size - head);
	const struct capture_source source = {read_memory, &memory};

	capture_enter(&capture, &source, &limits, arch, call, args);
	capture_exit(&capture, &source, &limits, arch, call, args, result);
	size_t count = capture_payloads(&capture, payloads);
	size_t all = 0;

	for (size_t i = 0; i < count; i++) {
		all += payloads[i].bytes.len;
		assert(payloads[i].which >= 0 && payloads[i].which < 6);
	}
	assert(all <= 6 * CAPTURE_STRINGS_MAX);
	capture_free(&capture);
	return 0;
}
