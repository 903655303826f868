/* SPDX-License-Identifier: MIT
 * Between the recorder of `check --trace` and the examination it records. The examination asks once, with a write that the
 * recorder sees go by among the recorded calls: so all that came before it has been seen. The answer is too long for a
 * socket, of which the asker could be stopped while it reads, and lies in memory that both have: the text of a case file
 * (world/casefile.h) whose argv is the folder and the file that were opened.
 */
#ifndef CMD_TRACED_H
#define CMD_TRACED_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define TRACED_QUESTION  "dialtone: what was called?"
#define TRACED_OPTION    "--traced"
#define TRACED_AGAIN_MS  1000
#define TRACED_ANSWER_NS (20 * (int64_t)1000000000)

struct traced_answer {
	int32_t code; /* 0, or -errno with words */
	char words[sizeof(((struct err *)0)->msg)];
	char backend[16];
	uint64_t bytes; /* of the memory */
	uint64_t events, lost;
	uint32_t unasked; /* core/target.h */
};

/* "SOCKET,MEMORY": the two descriptors. False when that is not what stands there. */
bool traced_fds(const char *text, int *ret_socket, int *ret_memory);

#endif
