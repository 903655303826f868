/* SPDX-License-Identifier: MIT
 * Frame bodies from hostile bytes; a request that could be read can be answered and the answer
 * read.
 */
#include "wire/rpc.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct rpc_message message;
	enum rpc_kind kind = rpc_parse(slice_of((const char *)data, size), &message);
	if ((kind == RPC_INVALID) != (message.invalid != NULL)) {
		abort();
	}
	if (kind == RPC_REQUEST) {
		struct arena *arena = arena_new();
		struct rpc_message answer;
		char *body = rpc_error(arena, message.id, RPC_METHOD_NOT_FOUND, message.method);
		if (rpc_parse(slice_str(body), &answer) != RPC_RESPONSE) {
			abort();
		}
		rpc_message_release(&answer);
		arena_free(arena);
	}
	rpc_message_release(&message);
	return 0;
}
