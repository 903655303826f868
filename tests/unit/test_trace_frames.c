/* SPDX-License-Identifier: MIT
 * Stacks by frame pointers, and the files their addresses lie in.
 */
#include "trace/frames.h"
#include "trace/mapped.h"

#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define BASE  0x7000ULL
#define WORDS 256

static ssize_t read_words(void *data, uint64_t address, void *to, size_t bytes) {
	const uint64_t *words = data;

	if (address < BASE || address >= BASE + WORDS * 8) {
		return -EFAULT;
	}
	size_t left = (size_t)(BASE + WORDS * 8 - address), n = bytes < left ? bytes : left;

	memcpy(to, (const char *)words + (address - BASE), n);
	return (ssize_t)n;
}

static uint64_t words[WORDS], stack[EVENT_STACK_MAX];
static const struct capture_source memory = {.read = read_words, .data = words};

/* A frame at word `at`, whose caller's is at word `above`. */
static void put_frame(size_t at, uint64_t above, uint64_t returns_to) {
	words[at] = above;
	words[at + 1] = returns_to;
}

static void test_walk(void **state) {
	(void)state;
	memset(words, 0, sizeof(words));
	put_frame(2, BASE + 8 * 10, 0x401);
	put_frame(10, BASE + 8 * 20, 0x402);
	put_frame(20, 0, 0x403); /* the outermost */
	assert_int_equal(frames_walk(&memory, 0x400, BASE + 16, stack), 4);
	for (uint64_t i = 0; i < 4; i++) {
		assert_int_equal(stack[i], 0x400 + i);
	}
}

/* Whatever stands there: it ends, and where it stands is always told. */
static void test_walk_of_nonsense(void **state) {
	(void)state;
	memset(words, 0, sizeof(words));
	assert_int_equal(frames_walk(&memory, 0x400, 0, stack), 1);
	assert_int_equal(frames_walk(&memory, 0x400, BASE + 3, stack), 1);
	assert_int_equal(frames_walk(&memory, 0x400, BASE + WORDS * 8 - 8, stack), 1);
	put_frame(2, BASE + 16, 0x401); /* a circle */
	assert_int_equal(frames_walk(&memory, 0x400, BASE + 16, stack), 2);
	put_frame(10, BASE + 16, 0x402); /* downwards */
	assert_int_equal(frames_walk(&memory, 0x400, BASE + 80, stack), 2);
	for (size_t i = 0; i + 2 < WORDS; i += 2) {
		put_frame(i, BASE + 8 * (i + 2), 0x500 + i);
	}
	assert_int_equal(frames_walk(&memory, 0x400, BASE, stack), EVENT_STACK_MAX);
	assert_int_equal(stack[0], 0x400);
}

static void take_maps(struct mapped *m, pid_t pid, const char *lines) {
	struct payload maps = {
		.kind = PAYLOAD_FILE, .which = STATE_MAPS, .bytes = slice_str(lines)};
	struct event e = {.kind = EVENT_MAPPED,
	                  .pid = pid,
	                  .tid = pid,
	                  .payloads = &maps,
	                  .payload_count = 1};

	mapped_take(m, &e);
}

static void test_places(void **state) {
	struct mapped m = {0};
	struct event end = {.kind = EVENT_EXIT, .pid = 7, .tid = 8};

	(void)state;
	take_maps(&m, 7,
	          "00400000-00452000 r-xp 00001000 08:02 173521      /usr/bin/two words\n"
	          "00651000-00652000 r--p 00051000 08:02 173521      /usr/bin/two words\n"
	          "7ffc1000-7ffc2000 r-xp 00000000 00:00 0           [vdso]\n"
	          "nonsense\nzz-00 r-xp 0 0 0 /x\n"
	          "00000000000700000-00000000000800000 r-xp 00000000 08:02 9 /too/long\n");
	const struct mapped_range *range = mapped_find(&m, 7, 0x400010);

	assert_non_null(range);
	assert_string_equal(range->path, "/usr/bin/two words");
	assert_int_equal(range->offset, 0x1000);
	assert_null(mapped_find(&m, 7, 0x452000));
	assert_null(mapped_find(&m, 7, 0x651000)); /* not executable */
	assert_null(mapped_find(&m, 7, 0x7ffc1000));
	assert_null(mapped_find(&m, 7, 0x700000));
	assert_null(mapped_find(&m, 8, 0x400010));
	mapped_take(&m, &end);
	assert_non_null(mapped_find(&m, 7, 0x400010)); /* one thread of it */
	end.tid = 7;
	mapped_take(&m, &end);
	assert_null(mapped_find(&m, 7, 0x400010));
	take_maps(&m, 7, "1000-2000 r-xp 0 0:0 1 /a\n");
	end.kind = EVENT_EXEC;
	mapped_take(&m, &end);
	assert_null(mapped_find(&m, 7, 0x1000));
	mapped_free(&m);
}

struct counts {
	size_t mapped, calls;
};

static int count(void *data, const struct event *e) {
	struct counts *c = data;

	c->mapped += e->kind == EVENT_MAPPED;
	c->calls += e->kind == EVENT_CALL;
	return 0;
}

/* Of ourselves: told once, however many calls; code that lies nowhere does not make it look for ever. */
static void test_teller(void **state) {
	struct counts counts = {0};
	struct mapped_teller teller = {.next = {.data = &counts, .take = count}};
	uint64_t here[2] = {(uint64_t)(uintptr_t)test_teller, (uint64_t)(uintptr_t)test_places};
	struct event e = {.kind = EVENT_CALL,
	                  .pid = getpid(),
	                  .tid = getpid(),
	                  .stack = here,
	                  .stack_depth = 2};

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(mapped_teller_take(&teller, &e), 0);
	}
	assert_int_equal(counts.mapped, 1);
	assert_int_equal(counts.calls, 3);
	assert_non_null(mapped_find(&teller.known, getpid(), here[0]));
	here[1] = 1;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(mapped_teller_take(&teller, &e), 0);
	}
	assert_in_range(counts.mapped, 2, 100);
	mapped_free(&teller.known);
}

/* What ended before anybody looked: this program of Go lies where its file says. */
static void test_gone(void **state) {
	struct counts counts = {0};
	struct mapped_teller teller = {.next = {.data = &counts, .take = count}};
	struct payload path = {.kind = PAYLOAD_STRING, .bytes = slice_str("/dev/null")};
	struct event e = {
		.kind = EVENT_EXEC, .pid = -1, .tid = -1, .payloads = &path, .payload_count = 1};
	char file[] = "/tmp/test_frames.XXXXXX";
	Elf64_Ehdr head = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64},
	                   .e_type = ET_EXEC,
	                   .e_phoff = sizeof(head),
	                   .e_phentsize = sizeof(Elf64_Phdr),
	                   .e_phnum = 1};
	Elf64_Phdr text = {.p_type = PT_LOAD,
	                   .p_flags = PF_R | PF_X,
	                   .p_offset = 0x1010,
	                   .p_vaddr = 0x401010,
	                   .p_filesz = 0x20};
	int fd = mkstemp(file);

	(void)state;
	assert_int_equal(mapped_teller_take(&teller, &e), 0);
	assert_int_equal(counts.mapped, 0); /* no program */
	assert_int_equal(write(fd, &head, sizeof(head)), sizeof(head));
	assert_int_equal(write(fd, &text, sizeof(text)), sizeof(text));
	path.bytes = slice_str(file);
	assert_int_equal(mapped_teller_take(&teller, &e), 0);
	const struct mapped_range *range = mapped_find(&teller.known, -1, 0x401020);

	assert_int_equal(counts.mapped, 1);
	assert_non_null(range);
	assert_string_equal(range->path, file);
	assert_int_equal(range->offset, 0x1000);
	assert_int_equal(ftruncate(fd, sizeof(head) + 10), 0); /* cut off */
	assert_int_equal(mapped_teller_take(&teller, &e), 0);
	assert_int_equal(counts.mapped, 1);
	mapped_free(&teller.known);
	close(fd);
	unlink(file);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk),   cmocka_unit_test(test_walk_of_nonsense),
		cmocka_unit_test(test_places), cmocka_unit_test(test_teller),
		cmocka_unit_test(test_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
