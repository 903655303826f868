/* SPDX-License-Identifier: MIT */
#include "cmd/conflict.h"

#include "cmd/output.h"
#include "report/diff.h"
#include "report/harmless.h"

struct view {
	struct strbuf out;
	const char *name;
	struct report_style style;
};

/* "a file of 12 bytes, mode 0644, uid 1000" */
static const char *in_words(struct arena *arena, const struct image *image) {
	if (!image_exists(image)) {
		return "nothing";
	}
	const char *size = image->kind == IMAGE_FILE
	                           ? arena_printf(arena, " of %lld bytes", (long long)image->size)
	                           : "";
	return arena_printf(arena, "%s%s, mode %04o, uid %u, gid %u", image_kind_name(image->kind),
	                    size, (unsigned)image->mode, image->uid, image->gid);
}

static struct slice text_of(const struct image *image) {
	struct slice bytes = image->bytes;
	bytes.data = image_exists(image) && !bytes.data ? "" : bytes.data;
	return image_exists(image) ? bytes : slice_of(NULL, 0);
}

static bool has_text(const struct image *image) {
	return !image_exists(image) || (image->kind == IMAGE_FILE && !image->kept);
}

static void show(struct view *v, const char *heading, const struct image *from,
                 const struct image *to) {
	struct arena *arena = v->out.arena;
	strbuf_printf(&v->out, "%s\n", heading);
	if (has_text(from) && has_text(to) && !image_same_bytes(from, to)) {
		diff_write(&v->out, v->name, text_of(from), text_of(to), &v->style);
	} else {
		strbuf_printf(&v->out, "  %s\n  became %s\n", in_words(arena, from),
		              in_words(arena, to));
	}
}

void conflict_show(struct steps *steps) {
	if (!steps->conflict) {
		return;
	}
	struct terminal t = terminal_find(NULL);
	struct view v = {.style = {.colour = t.colour, .utf8 = t.utf8, .columns = t.columns}};
	strbuf_init(&v.out, steps->arena);
	v.name = harmless(steps->arena, steps->change.path, t.utf8);
	show(&v, "What was done:", &steps->change.before, &steps->change.after);
	show(&v, "What became of it since:", &steps->change.after, &steps->theirs);
	(void)output_write(&v.out, STATUS_HEALTHY);
}
