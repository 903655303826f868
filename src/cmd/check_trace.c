/* SPDX-License-Identifier: MIT */
#include "cmd/check_trace.h"

#include "base/str.h"
#include "cmd/output.h"
#include "cmd/trace_notes.h"
#include "trace/store_read.h"
#include "trace/testimony.h"

#include <errno.h>

static int read_all(struct arena *arena, struct reader *reader, struct evidence_store *store,
                    struct testimony_about *ret_about, struct err *err) {
	struct testimony *testimony =
		testimony_new(arena, reader_meta_number(reader, "wall_offset_ns"));
	struct event_sink sink = testimony_sink(testimony);
	struct event_filter all = {0};
	int r = reader_each(reader, &all, &sink, err);
	testimony_give(testimony, store, ret_about);
	testimony_free(testimony);
	trace_notes_add(arena, reader, store);
	return r;
}

int check_trace_open(struct arena *arena, struct evidence_store *store,
                     struct check_options *options, const char **ret_dir, unsigned *ret_unasked,
                     struct err *err) {
	struct reader reader = {0};
	struct testimony_about about = {0};
	const char *file = options->from_trace;
	int r = reader_open(&reader, file, err);
	r = r < 0 ? r : read_all(arena, &reader, store, &about, err);
	reader_close(&reader);
	if (r < 0) {
		return r;
	}
	if (str_empty(about.workspace)) {
		return err_set(err, -EBADMSG, "'%s': no gopls was started while it was recorded",
		               file);
	}
	if (about.lost > 0) {
		output_complain("'%s': %llu events are missing in it", file,
		                (unsigned long long)about.lost);
	}
	options->editor = "none";
	/* Nothing is waited for: all that was recorded may count, however slow that machine was. */
	options->timeout = options->timeout ? options->timeout : "86400";
	options->file = str_empty(about.file) ? NULL : about.file;
	*ret_dir = about.workspace;
	*ret_unasked = about.unasked;
	return 0;
}
