/* SPDX-License-Identifier: MIT */
#include "trace/ebpf/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define BPF_LIBRARY "libbpf.so.1"

static bool symbol_get(void *handle, const char *name, void *ret_function) {
	void *symbol = dlsym(handle, name);

	memcpy(ret_function, &symbol, sizeof(symbol));
	return symbol != NULL;
}

/* It writes long reports to standard error when the kernel refuses; the refusal is told by us. */
static int print_nothing(enum libbpf_print_level level, const char *format, va_list words) {
	(void)level;
	(void)format;
	(void)words;
	return 0;
}

static bool bind(struct library *l) {
	void *h = l->handle;

	return symbol_get(h, "libbpf_set_print", &l->set_print) &&
	       symbol_get(h, "bpf_object__open_mem", &l->object_open) &&
	       symbol_get(h, "bpf_object__load", &l->object_load) &&
	       symbol_get(h, "bpf_object__close", &l->object_close) &&
	       symbol_get(h, "bpf_object__find_map_by_name", &l->object_map) &&
	       symbol_get(h, "bpf_object__next_map", &l->object_next_map) &&
	       symbol_get(h, "bpf_object__next_program", &l->object_next_program) &&
	       symbol_get(h, "bpf_map__fd", &l->map_fd) &&
	       symbol_get(h, "bpf_map__name", &l->map_name) &&
	       symbol_get(h, "bpf_map__set_initial_value", &l->map_set_value) &&
	       symbol_get(h, "bpf_map__set_max_entries", &l->map_set_entries) &&
	       symbol_get(h, "bpf_map_update_elem", &l->update) &&
	       symbol_get(h, "bpf_map_lookup_elem", &l->lookup) &&
	       symbol_get(h, "bpf_map_get_next_key", &l->next_key) &&
	       symbol_get(h, "bpf_program__attach", &l->attach) &&
	       symbol_get(h, "bpf_prog_load", &l->program_load) &&
	       symbol_get(h, "bpf_program__fd", &l->program_fd) &&
	       symbol_get(h, "bpf_program__name", &l->program_name) &&
	       symbol_get(h, "bpf_obj_get_info_by_fd", &l->info) &&
	       symbol_get(h, "bpf_link__destroy", &l->link_destroy) &&
	       symbol_get(h, "ring_buffer__new", &l->ring_new) &&
	       symbol_get(h, "ring_buffer__consume", &l->ring_consume) &&
	       symbol_get(h, "ring_buffer__epoll_fd", &l->ring_epoll_fd) &&
	       symbol_get(h, "ring_buffer__free", &l->ring_free) &&
	       symbol_get(h, "libbpf_num_possible_cpus", &l->possible_cpus);
}

int library_open(struct library *l, struct err *err) {
	*l = (struct library){.handle = dlopen(BPF_LIBRARY, RTLD_NOW | RTLD_LOCAL)};
	if (!l->handle) {
		return err_set(err, -ENOSYS,
		               "recording in the kernel needs the library '%s', which is not "
		               "installed: apt install libbpf1",
		               BPF_LIBRARY);
	}
	if (!bind(l)) {
		library_close(l);
		return err_set(err, -ENOSYS, "the library '%s' here lacks functions of libbpf 1.0",
		               BPF_LIBRARY);
	}
	(void)l->set_print(print_nothing);
	return 0;
}

void library_close(struct library *l) {
	if (l->handle) {
		dlclose(l->handle);
	}
	*l = (struct library){0};
}
