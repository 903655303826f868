/* SPDX-License-Identifier: MIT
 * How long all rules take: reads facts (one a line, as in tests/cases) from files, repeats them
 * until there are COUNT of them, and infers ROUNDS times.
 *
 *   bench-rules COUNT ROUNDS FILE...
 *
 * One line per round: milliseconds (processor time; nothing here waits) of the inference, and of
 * the peer, which writes every fact as text once. A last line: "FACTS n FINDINGS n".
 */
#include "base/clock.h"
#include "base/str.h"
#include "core/infer.h"
#include "core/registry.h"

#include <stdio.h>
#include <stdlib.h>

#define LINES_MAX      100000
#define LINE_BYTES_MAX 65536

struct lines {
	char *all[LINES_MAX];
	size_t count;
};

static void read_lines(struct lines *lines, const char *path) {
	char *buffer = malloc(LINE_BYTES_MAX);
	FILE *in = fopen(path, "re");

	while (in && buffer && lines->count < LINES_MAX && fgets(buffer, LINE_BYTES_MAX, in)) {
		buffer[strcspn(buffer, "\n")] = '\0';
		if (buffer[0] != '\0' && buffer[0] != '#' && !str_starts(buffer, "refused")) {
			lines->all[lines->count++] = strdup(buffer);
		}
	}
	if (in) {
		fclose(in);
	}
	free(buffer);
}

/* How many there are afterwards: less than wanted when a line is no fact. */
static size_t add_facts(struct facts *facts, const struct lines *lines, size_t want) {
	size_t have = 0;
	struct err err;

	while (have < want && lines->count > 0) {
		const char *line = lines->all[have % lines->count];

		if (facts_add_text(facts, line, &err) < 0) {
			fprintf(stderr, "%s: %s\n", line, err.msg);
			break;
		}
		have++;
	}
	return have;
}

/* A single pass with a little work for each fact. */
static size_t write_all(struct arena *arena, const struct facts *facts) {
	size_t bytes = 0;

	for (size_t kind = 0; kind < FACT_KIND_COUNT; kind++) {
		for (const struct fact *f = facts->first[kind]; f; f = f->next) {
			bytes += strlen(fact_to_text(arena, f));
		}
	}
	return bytes;
}

static double ms_since(int64_t start_ns) {
	return (double)(clock_cpu_ns() - start_ns) / (double)NS_PER_MS;
}

int main(int argc, char **argv) {
	static struct lines lines;
	struct diagnosis d = {0};
	struct arena *arena;
	struct facts facts;

	if (argc < 4) {
		fputs("usage: bench-rules COUNT ROUNDS FILE...\n", stderr);
		return 2;
	}
	for (int i = 3; i < argc; i++) {
		read_lines(&lines, argv[i]);
	}
	arena = arena_new();
	facts_init(&facts, arena);
	size_t count = add_facts(&facts, &lines, (size_t)atol(argv[1]));

	for (long round = atol(argv[2]); round > 0; round--) {
		struct arena *own = arena_new();
		struct facts copy = facts;
		int64_t start_ns = clock_cpu_ns();

		copy.arena = own;
		d = infer(registry_rules, &copy);
		double infer_ms = ms_since(start_ns);

		start_ns = clock_cpu_ns();
		if (write_all(own, &facts) == 0) {
			return 1;
		}
		printf("%.3f %.3f\n", infer_ms, ms_since(start_ns));
		arena_free(own);
	}
	printf("FACTS %zu FINDINGS %zu\n", count, d.cause_count + d.symptom_count + d.note_count);
	arena_free(arena);
	return 0;
}
