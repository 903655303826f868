/* SPDX-License-Identifier: MIT */
#include "gostack/arch.h"

#include <elf.h>
#include <stddef.h>

const struct go_arch *go_arch_of(uint16_t machine) {
	static const struct go_arch all[] = {
		{.name = "amd64", .machine = EM_X86_64, .return_bytes = 8, .top_gap = 32},
		{.name = "arm64",
	         .machine = EM_AARCH64,
	         .link_register = true,
	         .injected_bytes = 16,
	         .top_gap = 48},
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].machine == machine) {
			return &all[i];
		}
	}
	return NULL;
}
