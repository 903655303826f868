/* SPDX-License-Identifier: MIT
 */
#include "probes/modules/modules_packages.h"

#include "base/path.h"
#include "base/str.h"
#include "gofile/gosource.h"
#include "gofile/goversion.h"
#include "probes/modules/cgo_env.h"
#include "probes/modules/modules_flags.h"

#define NAMES_MAX_BYTES ((size_t)2000)
#define NEWEST_GO_MINOR 999 /* when the version is not known no file counts as too new */

/* The toolchain facts come later than the choice of the open file; the binary's do not. */
static int go_minor(const struct exam *exam) {
	int minor = -1;
	facts_each (binary, b, exam->facts) {
		if (minor < 0 && b->chosen && streq(b->tool, "go")) {
			minor = goversion_minor(b->go_version);
		}
	}
	facts_each (go_version, v, exam->facts) {
		int known = goversion_minor(v->version);
		if (known >= 0 &&
		    (streq(v->source, "switched") || (minor < 0 && streq(v->source, "local")))) {
			minor = known;
		}
	}
	return minor < 0 ? NEWEST_GO_MINOR : minor;
}

void modules_reader_init(struct modules_reader *reader, struct exam *exam) {
	const char *goos = facts_govar_value(exam->facts, "GOOS");
	const char *goarch = facts_govar_value(exam->facts, "GOARCH");
	struct modules_tags tags = modules_tags(exam);
	*reader = (struct modules_reader){
		.exam = exam,
		.ctx = {.goos = str_empty(goos) ? "linux" : goos,
	                .goarch = str_empty(goarch) ? "amd64" : goarch,
	                .tags = tags.items,
	                .tag_count = tags.count,
	                .cgo = cgo_env(exam).enabled,
	                .go_minor = go_minor(exam)},
	};
}

const char *modules_exclusion_reason(const struct constraint_result *why) {
	switch (why->verdict) {
	case CONSTRAINT_IGNORED_NAME:
		return "name";
	case CONSTRAINT_OTHER_PLATFORM:
		return "goos";
	case CONSTRAINT_EXCLUDED:
		return streq(why->tag, "ignore") ? "ignore"
		       : streq(why->tag, "cgo")  ? "cgo"
		                                 : "tag";
	case CONSTRAINT_INCLUDED:
	case CONSTRAINT_NOT_GO:
	case CONSTRAINT_BROKEN:
		break;
	}
	return "none";
}

/* The names of the Go files in a directory listing, one at a time. */
static bool next_go_file(struct slice *rest, struct slice *ret_name) {
	struct slice line;
	while (slice_line(rest, &line)) {
		if (line.len > 5 && line.data[0] != 'd' &&
		    slice_eq(slice_of(line.data + line.len - 3, 3), ".go")) {
			*ret_name = slice_of(line.data + 2, line.len - 2);
			return true;
		}
	}
	return false;
}

static void add_imports(struct modules_reader *reader, struct modules_package *package,
                        const struct gosource *source, const struct evidence *ev,
                        const char *file) {
	struct arena *arena = reader->exam->arena;
	for (size_t i = 0; i < source->import_count; i++) {
		struct modules_import *import = arena_new_of(arena, struct modules_import);
		*import = (struct modules_import){.path = source->imports[i].path,
		                                  .file = file,
		                                  .line = source->imports[i].line,
		                                  .ev = ev,
		                                  .next = package->imports};
		package->imports = import;
	}
}

/* Names declared at the beginning of a line, as gofmt writes them; methods are left out. */
static const char *declared_names(struct arena *arena, struct slice text) {
	static const char *const words[] = {"func ", "type ", "var ", "const "};
	struct strbuf out;
	struct slice line;
	strbuf_init(&out, arena);
	while (slice_line(&text, &line) && out.len < NAMES_MAX_BYTES) {
		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
			if (!slice_starts(line, words[i])) {
				continue;
			}
			struct slice rest =
				slice_of(line.data + strlen(words[i]), line.len - strlen(words[i]));
			size_t n = 0;
			while (n < rest.len && !memchr(" \t([=,", rest.data[n], 6)) {
				n++;
			}
			if (n > 0) {
				strbuf_add(&out, out.len > 0 ? " " : "");
				strbuf_add_n(&out, rest.data, n);
			}
		}
	}
	return out.data;
}

/* go leaves such a file out when cgo is off, without a word about it. */
static bool needs_cgo(struct modules_reader *reader, struct modules_package *package,
                      const struct gosource *source, const struct evidence *ev, const char *file,
                      struct constraint_result *why) {
	if (!source->imports_c || why->verdict != CONSTRAINT_INCLUDED) {
		return false;
	}
	for (size_t i = 0; i < source->import_count && !package->c_file; i++) {
		if (streq(source->imports[i].path, "C")) {
			package->c_file = file;
			package->c_line = source->imports[i].line;
			package->c_ev = ev;
		}
	}
	if (!reader->ctx.cgo) {
		*why = (struct constraint_result){.verdict = CONSTRAINT_EXCLUDED,
		                                  .expression = "",
		                                  .tag = "cgo",
		                                  .wanted = true,
		                                  .line = package->c_line,
		                                  .message = ""};
	}
	return !reader->ctx.cgo;
}

static void read_file(struct modules_reader *reader, struct modules_package *package,
                      const char *file, bool is_test) {
	struct exam *exam = reader->exam;
	const struct evidence *ev =
		world_look(exam->world, LOOK_FILE, file, MODULES_FILE_CAP_BYTES);
	if (!evidence_has_bytes(ev)) {
		bool refused = ev->state == EV_DENIED || ev->state == EV_ABSENT;
		if (refused && !package->refused_file && path_base(file)[0] != '.' &&
		    path_base(file)[0] != '_') {
			package->refused_file = file;
			package->refused_ev = ev;
		}
		return;
	}
	reader->files++;
	reader->bytes += ev->bytes.len;
	struct constraint_result why =
		constraint_match_file(exam->arena, &reader->ctx, path_base(file), ev->bytes);
	struct gosource source = {0};
	if (why.verdict == CONSTRAINT_INCLUDED) {
		source = gosource_imports(exam->arena, ev->bytes);
	}
	bool off = needs_cgo(reader, package, &source, ev, file, &why);
	if (why.verdict == CONSTRAINT_INCLUDED && !off) {
		package->included += is_test ? 0 : 1;
		add_imports(reader, package, &source, ev, file);
	} else if (!is_test && !package->excluded_file) {
		package->excluded_file = file;
		package->why = why;
		package->excluded_ev = ev;
		package->excluded_names = declared_names(exam->arena, ev->bytes);
	}
}

struct modules_package modules_package_read(struct modules_reader *reader, const char *dir,
                                            bool with_tests) {
	struct exam *exam = reader->exam;
	struct modules_package package = {0};
	package.ev = world_look(exam->world, LOOK_DIR, dir, LOOK_CAP_DIR);
	package.known = package.ev->state == EV_READ || package.ev->state == EV_ABSENT;
	struct slice rest = evidence_has_bytes(package.ev) ? package.ev->bytes : slice_of(NULL, 0);
	struct slice name;
	while (next_go_file(&rest, &name)) {
		package.exists = true;
		bool is_test =
			name.len > 8 && slice_eq(slice_of(name.data + name.len - 8, 8), "_test.go");
		if (is_test && !with_tests) {
			continue;
		}
		if (reader->files >= MODULES_FILES_MAX || reader->bytes >= MODULES_FILES_BYTES) {
			reader->cut = true;
			package.known = false;
			break;
		}
		read_file(reader, &package,
		          path_join(exam->arena, dir, arena_slicedup(exam->arena, name)), is_test);
	}
	return package;
}
