/* SPDX-License-Identifier: MIT */
#include "arena_fixture.h"

#include "gofile/binary.h"

#include "base/fd.h"
#include "base/str.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static struct binary read_bytes(void **state, const void *data, size_t len) {
	CLEANUP(fd_closep) int fd = memfd_create("binary", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, data, len), 0);
	struct binary bin = binary_read(*state, fd);
	/* What is stored says the same again. */
	const char *text = binary_to_text(*state, &bin);
	struct binary again = binary_from_text(*state, slice_str(text));
	assert_string_equal(binary_to_text(*state, &again), text);
	return bin;
}

static struct binary read_text(void **state, const char *text) {
	return read_bytes(state, text, strlen(text));
}

#define IMAGE_BYTES   1024
#define IMAGE_ADDRESS 0x400000
#define INTERP_OFFSET 256
#define INFO_OFFSET   512
#define MODINFO                                                                                    \
	"path\texample.com/cmd/x\nmod\texample.com/x\tv1.2.3\th1:a=\ndep\tgolang.org/x/"           \
	"mod\tv0.1.0\th1:b=\ndep\ta.b/c\tv1.0.0\n=>\t../c\t\t\n"                                   \
	"build\t-trimpath=true\nbuild\tCGO_ENABLED=0\nbuild\t\"vcs.note\"="                        \
	"\"a\\nb\"\nbuild\tempty=\n"

/* A 64-bit little-endian executable with one data segment, an interpreter and build info. */
static void make_image(unsigned char *image, const char *modinfo) {
	memset(image, 0, IMAGE_BYTES);
	Elf64_Ehdr eh = {.e_type = ET_DYN,
	                 .e_machine = EM_X86_64,
	                 .e_phoff = sizeof(eh),
	                 .e_phentsize = sizeof(Elf64_Phdr),
	                 .e_phnum = 2};
	memcpy(eh.e_ident, ELFMAG, SELFMAG);
	eh.e_ident[EI_CLASS] = ELFCLASS64;
	eh.e_ident[EI_DATA] = ELFDATA2LSB;
	Elf64_Phdr ph[2] = {
		{.p_type = PT_LOAD,
	         .p_flags = PF_R | PF_W,
	         .p_vaddr = IMAGE_ADDRESS,
	         .p_filesz = IMAGE_BYTES,
	         .p_memsz = IMAGE_BYTES},
		{.p_type = PT_INTERP,
	         .p_offset = INTERP_OFFSET,
	         .p_vaddr = IMAGE_ADDRESS + INTERP_OFFSET,
	         .p_filesz = 16,
	         .p_memsz = 16},
	};
	memcpy(image, &eh, sizeof(eh));
	memcpy(image + sizeof(eh), ph, sizeof(ph));
	memcpy(image + INTERP_OFFSET, "/lib/ld-test.so", 16);
	unsigned char *p = image + INFO_OFFSET;
	memcpy(p, "\xff Go buildinf:\x08\x02", 16);
	p += 32;
	*p++ = 8;
	memcpy(p, "go1.26.8", 8);
	p += 8;
	size_t len = 32 + strlen(modinfo);
	*p++ = (unsigned char)(0x80 | (len & 0x7F));
	*p++ = (unsigned char)(len >> 7);
	memcpy(p, "0123456789abcdef", 16);
	memcpy(p + 16, modinfo, strlen(modinfo));
	memcpy(p + 16 + strlen(modinfo), "fedcba9876543210", 16);
}

static void test_files_that_are_no_binaries(void **state) {
	assert_int_equal(read_text(state, "").kind, BINARY_EMPTY);
	assert_int_equal(read_text(state, "x").kind, BINARY_OTHER);
	assert_int_equal(read_text(state, "MZ\x90").kind, BINARY_PE);
	assert_int_equal(read_bytes(state, "\xcf\xfa\xed\xfe", 4).kind, BINARY_MACHO);
	CLEANUP(fd_closep) int dir = open("/", O_RDONLY | O_CLOEXEC);
	struct binary bin = binary_read(*state, dir);
	assert_int_equal(bin.kind, BINARY_UNREADABLE);
	assert_int_equal(bin.read_error, EISDIR);
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	bin = binary_read(*state, fds[0]);
	assert_int_equal(bin.kind, BINARY_UNREADABLE);
	assert_int_equal(bin.read_error, ESPIPE);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(binary_read(*state, -1).read_error, EBADF);
}

static void test_scripts(void **state) {
	struct binary bin = read_text(state, "#! /usr/bin/env  bash -e \nexec gopls\n");
	assert_int_equal(bin.kind, BINARY_SCRIPT);
	assert_string_equal(bin.script_interpreter, "/usr/bin/env");
	assert_string_equal(bin.script_argument, "bash -e");
	assert_string_equal(read_text(state, "#!/bin/sh\r\n").script_interpreter, "/bin/sh\r");
	assert_string_equal(read_text(state, "#!").script_interpreter, "");
	assert_string_equal(read_text(state, "#!/bin/sh").script_interpreter, "/bin/sh");
}

static void test_build_info_and_interpreter(void **state) {
	unsigned char image[IMAGE_BYTES];
	make_image(image, MODINFO);
	struct binary bin = read_bytes(state, image, sizeof(image));
	assert_int_equal(bin.kind, BINARY_ELF);
	assert_int_equal(bin.elf_class, 64);
	assert_string_equal(bin.goarch, "amd64");
	assert_string_equal(bin.interpreter, "/lib/ld-test.so");
	assert_false(bin.truncated);
	assert_string_equal(bin.fault, "");
	assert_true(bin.is_go);
	assert_string_equal(bin.go_version, "go1.26.8");
	assert_string_equal(bin.package, "example.com/cmd/x");
	assert_string_equal(bin.module, "example.com/x");
	assert_string_equal(bin.module_version, "v1.2.3");
	assert_int_equal(bin.dep_count, 2);
	assert_int_equal(bin.module_count, 3);
	assert_string_equal(bin.modules[0].path, "example.com/x");
	assert_string_equal(bin.modules[0].sum, "h1:a=");
	assert_string_equal(bin.modules[1].path, "golang.org/x/mod");
	assert_string_equal(bin.modules[1].version, "v0.1.0");
	assert_string_equal(bin.modules[1].sum, "h1:b=");
	assert_string_equal(bin.modules[2].sum, "");
	assert_true(bin.modules[2].replaced && !bin.modules[1].replaced);
	assert_int_equal(bin.setting_count, 4);
	assert_string_equal(binary_setting_find(&bin, "-trimpath"), "true");
	assert_string_equal(binary_setting_find(&bin, "vcs.note"), "a\nb");
	assert_string_equal(binary_setting_find(&bin, "empty"), "");
	assert_null(binary_setting_find(&bin, "GOARCH"));
}

static void test_pointer_format_of_old_go(void **state) {
	unsigned char image[IMAGE_BYTES];
	make_image(image, "");
	unsigned char *p = image + INFO_OFFSET;
	p[15] = 0;
	uint64_t pointers[] = {IMAGE_ADDRESS + 600, 0};
	memcpy(p + 16, pointers, sizeof(pointers));
	uint64_t string[] = {IMAGE_ADDRESS + 640, 7};
	memcpy(image + 600, string, sizeof(string));
	memcpy(image + 640, "go1.17\0", 7);
	struct binary bin = read_bytes(state, image, sizeof(image));
	assert_true(bin.is_go);
	assert_string_equal(bin.go_version, "go1.17");
	assert_int_equal(bin.dep_count, 0);
}

static void test_every_truncation_is_noticed(void **state) {
	unsigned char image[IMAGE_BYTES];
	make_image(image, MODINFO);
	for (size_t len = 4; len < sizeof(image); len++) {
		struct binary bin = read_bytes(state, image, len);
		assert_int_equal(bin.kind, BINARY_ELF);
		assert_true(bin.truncated || bin.fault[0] != '\0');
		assert_true(bin.truncated == (bin.wants_bytes > len));
	}
}

static void test_damaged_headers(void **state) {
	unsigned char image[IMAGE_BYTES];
	make_image(image, MODINFO);
	image[EI_CLASS] = 7;
	assert_string_equal(read_bytes(state, image, sizeof(image)).fault, "class");
	make_image(image, MODINFO);
	image[EI_DATA] = 0;
	assert_string_equal(read_bytes(state, image, sizeof(image)).fault, "byte-order");
	make_image(image, MODINFO);
	image[54] = 1; /* e_phentsize */
	assert_string_equal(read_bytes(state, image, sizeof(image)).fault, "program-headers");
	make_image(image, MODINFO);
	image[40] = 64; /* e_shoff */
	image[60] = 1;  /* e_shnum */
	assert_string_equal(read_bytes(state, image, sizeof(image)).fault, "section-headers");
	make_image(image, MODINFO);
	memset(image + INTERP_OFFSET, 'x', 16);
	assert_string_equal(read_bytes(state, image, sizeof(image)).fault, "interpreter");
}

/* This test program itself: a dynamic executable of the platform, but no Go program. */
static void test_a_dynamic_program(void **state) {
	CLEANUP(fd_closep) int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct binary bin = binary_read(*state, fd);
	assert_int_equal(bin.kind, BINARY_ELF);
	assert_string_equal(bin.fault, "");
	assert_false(bin.truncated);
	assert_false(bin.is_go);
	assert_int_equal(access(bin.interpreter, F_OK), 0);
	bool libc = false;
	for (size_t i = 0; i < bin.needed_count; i++) {
		libc = libc || str_starts(bin.needed[i], "libc.so");
	}
	assert_true(libc);
	assert_true(str_starts(bin.glibc, "2."));
}

static void test_stored_form_of_other_origin(void **state) {
	struct binary bin = binary_from_text(
		*state, slice_str("kind=elf\nnonsense\nfuture=1\nneeded=a\\nb\nelf_class=x\nkind="
	                          "elf\nbuild=x\nbuild=a=b=c"));
	assert_int_equal(bin.kind, BINARY_ELF);
	assert_int_equal(bin.needed_count, 1);
	assert_string_equal(bin.needed[0], "a\nb");
	assert_int_equal(bin.elf_class, 0);
	assert_int_equal(bin.setting_count, 1);
	assert_string_equal(binary_setting_find(&bin, "a"), "b=c");
	assert_string_equal(bin.go_version, "");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_that_are_no_binaries),
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_build_info_and_interpreter),
		cmocka_unit_test(test_pointer_format_of_old_go),
		cmocka_unit_test(test_every_truncation_is_noticed),
		cmocka_unit_test(test_damaged_headers),
		cmocka_unit_test(test_a_dynamic_program),
		cmocka_unit_test(test_stored_form_of_other_origin),
	};
	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
