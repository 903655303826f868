/* SPDX-License-Identifier: MIT
 * libbpf, opened when the backend is asked for: nothing else of dialtone needs it.
 */
#ifndef TRACE_EBPF_LIBRARY_H
#define TRACE_EBPF_LIBRARY_H

#include "base/err.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

/* The functions of libbpf.so.1 (from 1.0 on) by their own names. */
struct library {
	void *handle;
	__typeof__(&libbpf_set_print) set_print;
	__typeof__(&bpf_object__open_mem) object_open;
	__typeof__(&bpf_object__load) object_load;
	__typeof__(&bpf_object__close) object_close;
	__typeof__(&bpf_object__find_map_by_name) object_map;
	__typeof__(&bpf_object__next_map) object_next_map;
	__typeof__(&bpf_object__next_program) object_next_program;
	__typeof__(&bpf_map__fd) map_fd;
	__typeof__(&bpf_map__name) map_name;
	__typeof__(&bpf_map__set_initial_value) map_set_value;
	__typeof__(&bpf_map__set_max_entries) map_set_entries;
	__typeof__(&bpf_map_update_elem) update;
	__typeof__(&bpf_map_lookup_elem) lookup;
	__typeof__(&bpf_map_get_next_key) next_key;
	__typeof__(&bpf_program__attach) attach;
	__typeof__(&bpf_prog_load) program_load;
	__typeof__(&bpf_program__fd) program_fd;
	__typeof__(&bpf_program__name) program_name;
	__typeof__(&bpf_obj_get_info_by_fd) info;
	__typeof__(&bpf_link__destroy) link_destroy;
	__typeof__(&ring_buffer__new) ring_new;
	__typeof__(&ring_buffer__consume) ring_consume;
	__typeof__(&ring_buffer__epoll_fd) ring_epoll_fd;
	__typeof__(&ring_buffer__free) ring_free;
	__typeof__(&libbpf_num_possible_cpus) possible_cpus;
};

/* 0, or -ENOSYS with the sentence that the library is missing, or too old. */
int library_open(struct library *l, struct err *err);
void library_close(struct library *l);

#endif
