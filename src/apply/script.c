/* SPDX-License-Identifier: MIT */
#include "apply/script.h"

#include "apply/program.h"
#include "base/path.h"
#include "base/str.h"

#include <stdio.h>

#define BASE64_LINE 76

static const char head[] =
	"set -eu\n"
	"work=$(mktemp -d)\n"
	"trap 'rm -rf \"$work\"' EXIT\n"
	"kept=${XDG_STATE_HOME:-$HOME/.local/state}/dialtone/script\n"
	"umask 022\n"
	"\n"
	"fail() {\n"
	"\techo \"$*\" >&2\n"
	"\texit 1\n"
	"}\n"
	"\n"
	"# stands FILE IMAGE: does FILE hold what IMAGE holds? IMAGE -: there is no FILE.\n"
	"stands() {\n"
	"\tif [ \"$2\" = - ]; then\n"
	"\t\t[ ! -e \"$1\" ] && [ ! -L \"$1\" ]\n"
	"\telse\n"
	"\t\t[ -f \"$1\" ] && cmp -s \"$1\" \"$2\"\n"
	"\tfi\n"
	"}\n"
	"\n"
	"# turn FILE FROM TO MODE: FILE holds TO afterwards, if it held FROM. Mode and owner "
	"stay.\n"
	"turn() {\n"
	"\tif stands \"$1\" \"$3\"; then\n"
	"\t\techo \"is so already: $1\"\n"
	"\telif ! stands \"$1\" \"$2\"; then\n"
	"\t\tfail \"$1 is not what it was when this script was made; it is left as it is\"\n"
	"\telif [ \"$3\" = - ]; then\n"
	"\t\trm -f \"$1\"\n"
	"\telif [ \"$2\" = - ]; then\n"
	"\t\tmkdir -p \"$(dirname \"$1\")\"\n"
	"\t\tcp \"$3\" \"$1\"\n"
	"\t\tchmod \"$4\" \"$1\"\n"
	"\telse\n"
	"\t\tcat \"$3\" >\"$1\"\n"
	"\tfi\n"
	"}\n"
	"\n"
	"# made DIR MODE\n"
	"made() {\n"
	"\tif [ -d \"$1\" ]; then return; fi\n"
	"\tmkdir -p \"$1\"\n"
	"\tchmod \"$2\" \"$1\"\n"
	"}\n"
	"\n"
	"# mode FILE FROM TO (octal)\n"
	"mode() {\n"
	"\tif [ \"$(stat -c %a \"$1\")\" = \"$2\" ]; then chmod \"$3\" \"$1\"; fi\n"
	"}\n"
	"\n"
	"# move FROM TO: nothing when FROM is gone and TO is there\n"
	"move() {\n"
	"\tif [ -e \"$1\" ] || [ -L \"$1\" ]; then\n"
	"\t\tif [ -e \"$2\" ]; then fail \"$2 is there already\"; fi\n"
	"\t\tmv \"$1\" \"$2\"\n"
	"\telif [ ! -e \"$2\" ]; then\n"
	"\t\tfail \"there is no $1\"\n"
	"\tfi\n"
	"}\n"
	"\n"
	"# relink FILE FROM TO: targets of links, - for no link\n"
	"relink() {\n"
	"\tnow=$(readlink \"$1\" || true)\n"
	"\tif [ \"$now\" = \"$3\" ] || { [ \"$3\" = - ] && [ ! -L \"$1\" ]; }; then return; fi\n"
	"\tif [ \"$2\" != - ] && [ \"$now\" != \"$2\" ]; then fail \"$1 is no link to $2\"; fi\n"
	"\tif [ \"$2\" = - ] && [ -e \"$1\" ]; then fail \"$1 is there already\"; fi\n"
	"\tif [ \"$3\" = - ]; then rm -f \"$1\"; else ln -sfn \"$3\" \"$1\"; fi\n"
	"}\n"
	"\n"
	"# keep NAME FILE...: a copy of each aside, once. give NAME FILE...: as they were, if they "
	"were kept.\n"
	"keep() {\n"
	"\tname=$1\n"
	"\tshift\n"
	"\tif [ -e \"$kept/$name\" ]; then return; fi\n"
	"\tmkdir -p \"$kept/$name.new\"\n"
	"\tfor file in \"$@\"; do\n"
	"\t\tmkdir -p \"$kept/$name.new$(dirname \"$file\")\"\n"
	"\t\tif [ -e \"$file\" ]; then cp -a \"$file\" \"$kept/$name.new$file\"; fi\n"
	"\tdone\n"
	"\tmv \"$kept/$name.new\" \"$kept/$name\"\n"
	"}\n"
	"give() {\n"
	"\tname=$1\n"
	"\tshift\n"
	"\tif [ ! -e \"$kept/$name\" ]; then return; fi\n"
	"\tfor file in \"$@\"; do\n"
	"\t\trm -rf \"${file:?}\"\n"
	"\t\tif [ -e \"$kept/$name$file\" ]; then cp -a \"$kept/$name$file\" \"$file\"; fi\n"
	"\tdone\n"
	"\trm -rf \"${kept:?}/$name\"\n"
	"}\n"
	"\n"
	"# ask_to_end PID START SIGNAL: only the process that started then (proc_pid_stat(5), "
	"field 22)\n"
	"ask_to_end() {\n"
	"\tnow=$(sed 's/.*) //' \"/proc/$1/stat\" 2>/dev/null | cut -d ' ' -f 20)\n"
	"\tif [ \"$now\" = \"$2\" ]; then kill -s \"$3\" \"$1\"; fi\n"
	"}\n";

static void comment(struct strbuf *out, const char *text) {
	struct slice rest = slice_str(text);
	struct slice line;
	while (slice_line(&rest, &line)) {
		strbuf_add(out, "# ");
		for (size_t i = 0; i < line.len; i++) {
			/* Nothing that a terminal or an editor would act upon. */
			char c = line.data[i];
			strbuf_add_char(out, (unsigned char)c < ' ' || c == 0x7f ? '?' : c);
		}
		strbuf_add_char(out, '\n');
	}
}

static void base64(struct strbuf *out, struct slice bytes) {
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t column = 0;
	for (size_t i = 0; i < bytes.len; i += 3) {
		unsigned v = (unsigned)(unsigned char)bytes.data[i] << 16;
		v |= i + 1 < bytes.len ? (unsigned)(unsigned char)bytes.data[i + 1] << 8 : 0;
		v |= i + 2 < bytes.len ? (unsigned)(unsigned char)bytes.data[i + 2] : 0;
		strbuf_add_char(out, digits[v >> 18 & 63]);
		strbuf_add_char(out, digits[v >> 12 & 63]);
		strbuf_add_char(out, i + 1 < bytes.len ? digits[v >> 6 & 63] : '=');
		strbuf_add_char(out, i + 2 < bytes.len ? digits[v & 63] : '=');
		column += 4;
		if (column == BASE64_LINE && i + 3 < bytes.len) {
			strbuf_add_char(out, '\n');
			column = 0;
		}
	}
	strbuf_add(out, bytes.len > 0 ? "\n" : "");
}

/* The word for an image in the script: its name in $work, or "-". */
static const char *file_word(struct script *s, const struct image *image, const char *side) {
	struct arena *arena = s->out->arena;
	if (!image_exists(image)) {
		return "-";
	}
	strbuf_printf(&s->files, "base64 -d >\"$work/%zu.%s\" <<'END'\n", s->count, side);
	base64(&s->files, image->bytes);
	strbuf_add(&s->files, "END\n");
	return arena_printf(arena, "\"$work/%zu.%s\"", s->count, side);
}

static const char *quote(struct script *s, const char *text) {
	return str_shell_quote(s->out->arena, text);
}

/* A line for each way; those back are wanted in the opposite order. */
static void add_call(struct script *s, const char *what, const char *forth, const char *back) {
	struct strbuf before = s->back;
	comment(&s->forth, what);
	strbuf_printf(&s->forth, "%s\n", forth);
	strbuf_init(&s->back, s->out->arena);
	strbuf_printf(&s->back, "%s\n%s", back, before.data);
}

static const char *target(struct script *s, const struct image *image) {
	return image_exists(image) ? quote(s, arena_slicedup(s->out->arena, image->bytes)) : "-";
}

static void add_file(struct script *s, const struct journal_change *c) {
	struct arena *arena = s->out->arena;
	const struct image *b = &c->before;
	const struct image *a = &c->after;
	const char *path = quote(s, c->path);
	if (b->kind == IMAGE_LINK || a->kind == IMAGE_LINK) {
		const char *from = target(s, b);
		const char *to = target(s, a);
		add_call(s, c->what, arena_printf(arena, "relink %s %s %s", path, from, to),
		         arena_printf(arena, "relink %s %s %s", path, to, from));
	} else if (image_exists(b) && image_exists(a) && image_same_bytes(b, a)) {
		add_call(s, c->what,
		         arena_printf(arena, "mode %s %o %o", path, (unsigned)b->mode,
		                      (unsigned)a->mode),
		         arena_printf(arena, "mode %s %o %o", path, (unsigned)a->mode,
		                      (unsigned)b->mode));
	} else if (a->kind == IMAGE_DIRECTORY) {
		add_call(s, c->what, arena_printf(arena, "made %s %o", path, (unsigned)a->mode),
		         arena_printf(arena, "rmdir --ignore-fail-on-non-empty %s", path));
	} else if (b->kind == IMAGE_FILE && (b->kept || b->bytes.len > SCRIPT_FILE_MAX)) {
		const char *aside = quote(s, arena_printf(arena, "%s.aside", c->path));
		add_call(s, c->what, arena_printf(arena, "move %s %s", path, aside),
		         arena_printf(arena, "move %s %s", aside, path));
	} else if (b->kind == IMAGE_FILE || a->kind == IMAGE_FILE) {
		const char *from = file_word(s, b, "before");
		const char *to = file_word(s, a, "after");
		mode_t mode = image_exists(b) ? b->mode : a->mode;
		add_call(s, c->what,
		         arena_printf(arena, "turn %s %s %s %o", path, from, to, (unsigned)mode),
		         arena_printf(arena, "turn %s %s %s %o", path, to, from, (unsigned)mode));
	} else {
		add_call(s, c->what, arena_printf(arena, "rm -df %s", path),
		         arena_printf(arena, ": %s is not made again", path));
	}
}

static void add_modes(struct script *s, const struct journal_change *c) {
	struct arena *arena = s->out->arena;
	struct slice rest = c->detail;
	struct slice item;
	struct strbuf forth;
	struct strbuf back;
	strbuf_init(&forth, arena);
	strbuf_init(&back, arena);
	while (slice_cut(&rest, '\0', &item)) {
		unsigned before = 0;
		unsigned after = 0;
		int used = 0;
		if (sscanf(item.data, "%o %o %n", &before, &after, &used) == 2 && used > 0) {
			const char *path = quote(s, item.data + used);
			strbuf_printf(&forth, "mode %s %o %o\n", path, before, after);
			strbuf_printf(&back, "mode %s %o %o\n", path, after, before);
		}
	}
	add_call(s, c->what, forth.data, back.data);
}

static void add_run(struct script *s, const struct journal_change *c, const char *nonce) {
	struct arena *arena = s->out->arena;
	struct program p;
	struct strbuf call;
	struct strbuf files;
	if (program_decode(arena, c->detail, &p) < 0) {
		return;
	}
	strbuf_init(&files, arena);
	for (size_t i = 0; p.announces[i]; i++) {
		strbuf_printf(&files, " %s", quote(s, p.announces[i]));
	}
	strbuf_init(&call, arena);
	if (files.len > 0) {
		strbuf_printf(&call, "keep %s-%zu%s\n", nonce, s->count, files.data);
	}
	strbuf_printf(&call, "(cd %s && env", quote(s, p.cwd));
	for (size_t i = 0; p.env[i]; i++) {
		strbuf_printf(&call, strchr(p.env[i], '=') ? " %s" : " -u %s", quote(s, p.env[i]));
	}
	for (size_t i = 0; p.argv[i]; i++) {
		strbuf_printf(&call, " %s", quote(s, p.argv[i]));
	}
	strbuf_add(&call, ")");
	add_call(s, c->what, call.data,
	         files.len > 0 ? arena_printf(arena, "give %s-%zu%s", nonce, s->count, files.data)
	                       : ": what the program did is not known and not taken back");
}

static void add_signal(struct script *s, const struct journal_change *c) {
	struct arena *arena = s->out->arena;
	long pid = 0;
	unsigned long long start = 0;
	int number = 0;
	if (sscanf(arena_slicedup(arena, c->detail), "%ld %llu %d", &pid, &start, &number) == 3) {
		add_call(s, c->what,
		         arena_printf(arena, "ask_to_end %ld %llu %s", pid, start,
		                      step_signal_name(arena, number)),
		         ": # a signal is not taken back");
	}
}

static void add_change(struct script *s, const struct journal_change *c, const char *nonce) {
	struct arena *arena = s->out->arena;
	s->count++;
	switch (c->kind) {
	case CHANGE_FILE:
		add_file(s, c);
		break;
	case CHANGE_MOVE:
		add_call(s, c->what,
		         arena_printf(arena, "move %s %s", quote(s, c->path), quote(s, c->to)),
		         arena_printf(arena, "move %s %s", quote(s, c->to), quote(s, c->path)));
		break;
	case CHANGE_MODES:
		add_modes(s, c);
		break;
	case CHANGE_RUN:
		add_run(s, c, nonce);
		break;
	case CHANGE_SIGNAL:
		add_signal(s, c);
		break;
	}
}

/* Several changes of one file are one, or the script could not tell on which of them it stands. False for all but the
 * first. */
static bool merge_file(const struct repair *repair, size_t index, struct journal_change *ret) {
	*ret = repair->changes[index];
	for (size_t i = 0; ret->kind == CHANGE_FILE && i < repair->change_count; i++) {
		const struct journal_change *other = &repair->changes[i];
		bool same = other->kind == CHANGE_FILE && streq(other->path, ret->path);
		if (same && i < index) {
			return false;
		}
		if (same) {
			ret->after = other->after;
		}
	}
	return true;
}

void script_begin(struct script *s, struct strbuf *out, const char *workspace) {
	*s = (struct script){.out = out};
	strbuf_init(&s->files, out->arena);
	strbuf_init(&s->forth, out->arena);
	strbuf_init(&s->back, out->arena);
	strbuf_add(out, "#!/bin/sh\n");
	comment(out,
	        arena_printf(out->arena,
	                     "Made by `dialtone fix --script` for %s.\n"
	                     "Read it first. `sh FILE` does what follows, `sh FILE undo` takes "
	                     "it back; what is so already is left alone.",
	                     workspace));
}

void script_add(struct script *s, const struct plan *plan, const struct repair *repair) {
	struct arena *arena = s->out->arena;
	const char *nonce = journal_nonce(arena);
	comment(&s->forth,
	        arena_printf(arena, "\n%s: %s\n%s", plan->cause, plan->subject, plan->why));
	if (*plan->keeps) {
		comment(&s->forth, arena_printf(arena, "Not touched: %s", plan->keeps));
	}
	s->needs_root = s->needs_root || plan->needs_root;
	for (size_t i = 0; i < repair->change_count; i++) {
		struct journal_change whole;
		if (merge_file(repair, i, &whole)) {
			add_change(s, &whole, nonce);
		}
	}
	if (*plan->then) {
		comment(&s->forth, arena_printf(arena, "Left to you: %s", plan->then));
	}
}

void script_end(struct script *s) {
	if (s->count == 0) {
		comment(s->out, "There is nothing that would need root or the network; "
		                "`dialtone fix --yes` does the rest.");
		return;
	}
	strbuf_add(s->out, head);
	if (s->needs_root) {
		strbuf_add(s->out, "\nif [ \"$(id -u)\" != 0 ]; then fail 'it needs root'; fi\n");
	}
	strbuf_printf(s->out, "\n%s", s->files.data);
	strbuf_printf(s->out, "\nif [ \"${1:-}\" = undo ]; then\n\n%s\nexit 0\nfi\n\n%s",
	              s->back.data, s->forth.data);
}
