/* SPDX-License-Identifier: MIT
 * The stored form: one "key=value" per line, so that a case file shows what was read and a test can
 * write it.
 */
#include "base/ascii.h"
#include "base/str.h"
#include "gofile/binary_private.h"

static void put_value(struct strbuf *out, const char *value) {
	for (const char *p = value; *p; p++) {
		if (*p == '\\' || *p == '\n' || *p == '\r') {
			strbuf_add_char(out, '\\');
			strbuf_add_char(out, *p == '\n' ? 'n' : *p == '\r' ? 'r' : '\\');
		} else {
			strbuf_add_char(out, *p);
		}
	}
}

static void put(struct strbuf *out, const char *key, const char *value) {
	if (value[0] == '\0') {
		return;
	}
	strbuf_add(out, key);
	strbuf_add_char(out, '=');
	put_value(out, value);
	strbuf_add_char(out, '\n');
}

static void put_number(struct strbuf *out, const char *key, uint64_t value) {
	if (value != 0) {
		strbuf_printf(out, "%s=%llu\n", key, (unsigned long long)value);
	}
}

char *binary_to_text(struct arena *arena, const struct binary *bin) {
	struct strbuf out;
	strbuf_init(&out, arena);
	put(&out, "kind", binary_kind_name(bin->kind));
	put_number(&out, "read_error", (uint64_t)bin->read_error);
	put_number(&out, "size_bytes", bin->size_bytes);
	put(&out, "script_interpreter", bin->script_interpreter);
	put(&out, "script_argument", bin->script_argument);
	put_number(&out, "elf_class", (uint64_t)bin->elf_class);
	put_number(&out, "big_endian", bin->big_endian);
	put_number(&out, "machine", bin->machine);
	put_number(&out, "type", bin->type);
	put(&out, "goarch", bin->goarch);
	put(&out, "interpreter", bin->interpreter);
	put_number(&out, "truncated", bin->truncated);
	put_number(&out, "wants_bytes", bin->wants_bytes);
	put(&out, "fault", bin->fault);
	for (size_t i = 0; i < bin->needed_count; i++) {
		put(&out, "needed", bin->needed[i]);
	}
	put(&out, "glibc", bin->glibc);
	put_number(&out, "is_go", bin->is_go);
	put(&out, "build_id", bin->build_id);
	put(&out, "go_version", bin->go_version);
	put(&out, "package", bin->package);
	put(&out, "module", bin->module);
	put(&out, "module_version", bin->module_version);
	for (size_t i = 0; i < bin->setting_count; i++) {
		strbuf_add(&out, "build=");
		put_value(&out, bin->settings[i].key);
		strbuf_add_char(&out, '=');
		put_value(&out, bin->settings[i].value);
		strbuf_add_char(&out, '\n');
	}
	put_number(&out, "dep_count", bin->dep_count);
	return out.data;
}

static const char *take_value(struct arena *arena, struct slice s) {
	char *out = arena_alloc(arena, s.len + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];
		if (c == '\\' && i + 1 < s.len) {
			c = s.data[++i];
			c = c == 'n' ? '\n' : c == 'r' ? '\r' : c;
		}
		out[n++] = c;
	}
	return out;
}

static enum binary_kind kind_of(const char *name) {
	for (int i = 0; i < BINARY_KIND_COUNT; i++) {
		if (streq(binary_kind_name((enum binary_kind)i), name)) {
			return (enum binary_kind)i;
		}
	}
	return BINARY_OTHER;
}

static uint64_t number_of(const char *value) {
	uint64_t n = 0;
	for (const char *p = value; ascii_is_digit(*p); p++) {
		n = n * 10 + (uint64_t)(*p - '0');
	}
	return n;
}

static bool take_string(struct binary *bin, struct slice key, const char *value) {
	const struct {
		const char *key;
		const char **field;
	} fields[] = {
		{"script_interpreter", &bin->script_interpreter},
		{"script_argument", &bin->script_argument},
		{"goarch", &bin->goarch},
		{"interpreter", &bin->interpreter},
		{"fault", &bin->fault},
		{"glibc", &bin->glibc},
		{"build_id", &bin->build_id},
		{"go_version", &bin->go_version},
		{"package", &bin->package},
		{"module", &bin->module},
		{"module_version", &bin->module_version},
	};
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (slice_eq(key, fields[i].key)) {
			*fields[i].field = value;
			return true;
		}
	}
	return false;
}

static void take_number(struct binary *bin, struct slice key, uint64_t n) {
	if (slice_eq(key, "read_error")) {
		bin->read_error = (int)(n & 0xFFFF);
	} else if (slice_eq(key, "size_bytes")) {
		bin->size_bytes = n;
	} else if (slice_eq(key, "elf_class")) {
		bin->elf_class = (int)(n & 0xFF);
	} else if (slice_eq(key, "big_endian")) {
		bin->big_endian = n != 0;
	} else if (slice_eq(key, "machine")) {
		bin->machine = (uint16_t)n;
	} else if (slice_eq(key, "type")) {
		bin->type = (uint16_t)n;
	} else if (slice_eq(key, "truncated")) {
		bin->truncated = n != 0;
	} else if (slice_eq(key, "wants_bytes")) {
		bin->wants_bytes = n;
	} else if (slice_eq(key, "is_go")) {
		bin->is_go = n != 0;
	} else if (slice_eq(key, "dep_count")) {
		bin->dep_count = n;
	}
}

/* "key=value" of a setting: keys have no '='. */
static void take_setting(struct arena *arena, struct binary *bin, struct slice text) {
	const char *equals = text.len > 0 ? memchr(text.data, '=', text.len) : NULL;
	if (!equals || bin->setting_count == BINARY_SETTINGS_MAX) {
		return;
	}
	size_t n = (size_t)(equals - text.data);
	bin->settings[bin->setting_count++] = (struct binary_setting){
		take_value(arena, slice_of(text.data, n)),
		take_value(arena, slice_of(equals + 1, text.len - n - 1)),
	};
}

struct binary binary_from_text(struct arena *arena, struct slice text) {
	struct binary bin = binary_blank();
	struct slice line;
	struct slice key;
	bin.needed = arena_array_of(arena, const char *, BINARY_NEEDED_MAX);
	bin.settings = arena_array_of(arena, struct binary_setting, BINARY_SETTINGS_MAX);
	while (slice_cut(&text, '\n', &line)) {
		if (line.len == 0 || !memchr(line.data, '=', line.len)) {
			continue;
		}
		slice_cut(&line, '=', &key);
		if (slice_eq(key, "build")) {
			take_setting(arena, &bin, line);
			continue;
		}
		const char *value = take_value(arena, line);
		if (slice_eq(key, "kind")) {
			bin.kind = kind_of(value);
		} else if (slice_eq(key, "needed") && bin.needed_count < BINARY_NEEDED_MAX) {
			bin.needed[bin.needed_count++] = value;
		} else if (!take_string(&bin, key, value)) {
			take_number(&bin, key, number_of(value));
		}
	}
	return bin;
}
