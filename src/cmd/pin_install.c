/* SPDX-License-Identifier: MIT
 * How a version gets into the store: from a folder with the ready program, or by the user's go from a proxy. All of it
 * happens in a directory below tmp/; the version appears at the end by one rename.
 */
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "cmd/pin.h"
#include "cmd/pin_source.h"
#include "gofile/goversion.h"
#include "pin/tree.h"
#include "wire/jsonc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define OUTPUT_CAP_BYTES ((size_t)256 * 1024)
#define WORDS_MAX_BYTES  ((size_t)300)

struct install {
	struct pin_run *run;
	struct pin_item *item;
	struct pin_source source;
	const char *scratch; /* below tmp/ */
	const char *staging; /* what becomes the version */
	const char *go_sum;  /* lines to be kept beside it, or "" */
};

/* ---- go, with nothing of the user's but the way to modules ---- */

static bool is_of_go(const char *name, size_t len) {
	return (len > 2 && strncmp(name, "GO", 2) == 0) ||
	       (len > 4 && strncmp(name, "CGO_", 4) == 0);
}

/* The user's proxies and toolchain policy count; leftovers (GOOS, GOFLAGS, a file of go env -w, caches) do not. */
static void install_env(const struct install *in, struct envset *env) {
	static const char *const kept[] = {"GONOPROXY", "GOINSECURE", "GOAUTH", "GOVCS", NULL};
	const struct pin_run *run = in->run;
	const char *cache = envset_get(&run->env, "XDG_CACHE_HOME");
	const char *home = envset_get(&run->env, "HOME");
	envset_init(env, run->arena);
	for (size_t i = 0; i < run->env.count; i++) {
		const char *value = NULL;
		struct slice name = envset_name(&run->env, i, &value);
		if (!is_of_go(name.data, name.len)) {
			envset_set(env, arena_slicedup(run->arena, name), value);
		}
	}
	for (size_t i = 0; kept[i]; i++) {
		if (*pin_go_env(run, kept[i])) {
			envset_set(env, kept[i], pin_go_env(run, kept[i]));
		}
	}
	envset_set(env, "GOENV", "off");
	envset_set(env, "GOWORK", "off");
	envset_set(env, "GO111MODULE", "on");
	envset_set(env, "GOFLAGS", "-modcacherw");
	envset_set(env, "CGO_ENABLED", "0");
	envset_set(env, "GOTOOLCHAIN", in->item->builder ? in->item->builder : run->go.toolchain);
	envset_set(env, "GOPROXY", in->source.proxy);
	envset_set(env, "GOSUMDB", in->source.sums ? "off" : run->go.sumdb);
	envset_set(env, "GONOSUMDB", "none"); /* all that is pinned is public: it is checked */
	envset_set(env, "GOPATH", path_join(run->arena, in->scratch, "path"));
	envset_set(env, "GOBIN", in->staging);
	envset_set(env, "GOTMPDIR", path_join(run->arena, in->scratch, "t"));
	/* Of our own, so that a second version does not compile the library again. */
	const char *base = !str_empty(cache)  ? arena_printf(run->arena, "%s/dialtone", cache)
	                   : !str_empty(home) ? arena_printf(run->arena, "%s/.cache/dialtone", home)
	                                      : in->scratch;
	envset_set(env, "GOCACHE", path_join(run->arena, base, "go-build"));
}

/* The end of what was said, on one line. */
static const char *last_words(struct arena *arena, struct slice text) {
	struct slice words = slice_trim(text);
	if (words.len > WORDS_MAX_BYTES) {
		words = slice_of(words.data + words.len - WORDS_MAX_BYTES, WORDS_MAX_BYTES);
		const char *newline = memchr(words.data, '\n', words.len);
		if (newline && newline + 1 < words.data + words.len) {
			words.len -= (size_t)(newline + 1 - words.data);
			words.data = newline + 1;
		}
	}
	char *line = arena_slicedup(arena, words);
	for (char *p = line; *p; p++) {
		*p = *p == '\n' || *p == '\t' ? ' ' : *p;
	}
	return *line ? line : "it said nothing";
}

static int run_go(const struct install *in, const char *const *argv, struct slice *ret_out,
                  struct err *err) {
	struct pin_run *run = in->run;
	struct envset env;
	install_env(in, &env);
	const struct run_spec spec = {
		.label = arena_printf(run->arena, "go %s %s", argv[1], in->scratch),
		.argv = argv,
		.env = &env,
		.cwd = in->scratch,
		.deadline_ns = run->timeout_ns,
		.cap_bytes = OUTPUT_CAP_BYTES,
	};
	struct run_result r = world_run(run->world, &spec);
	if (run->world->interrupted) {
		return err_set(err, -EINTR, "stopped; nothing was changed");
	}
	if (r.timed_out) {
		return err_set(
			err, -ETIMEDOUT,
			"`go %s` was not ready after %lld s (--timeout); nothing was changed",
			argv[1], (long long)(run->timeout_ns / NS_PER_S));
	}
	*ret_out = r.out;
	if (!r.started || r.exit_code != 0) {
		/* `go mod download -json` says it in its output. */
		const struct jsonc_node *root = jsonc_parse(run->arena, r.out)->root;
		const char *error = jsonc_string(jsonc_get(root, "Error"));
		return err_set(err, -EIO, "`go %s` failed: %s", argv[1],
		               error ? error : last_words(run->arena, r.err));
	}
	return 0;
}

/* ---- from a proxy ---- */

static int check_sums(const struct install *in, const struct binary *bin, struct err *err) {
	const char *file = in->source.sums;
	struct pin_run *run = in->run;
	if (!file) {
		in->item->verified =
			arena_printf(run->arena, "the checksum database (%s)", run->go.sumdb);
		return 0;
	}
	const struct evidence *ev = world_look(run->world, LOOK_FILE, file, GOSUM_MAX_BYTES);
	struct gosum sum = gosum_parse(run->arena, ev->bytes);
	int r = sums_check_modules(bin, &sum, file, err);
	in->item->verified = arena_printf(run->arena, "%s (%zu modules)", file, bin->module_count);
	return r;
}

static int build(struct install *in, struct err *err) {
	struct pin_run *run = in->run;
	const struct pin_spec *spec = &in->item->spec;
	struct slice out = {0};
	struct binary bin;
	const char *module = "";
	const char *const argv[] = {
		run->go.path, "install",
		arena_printf(run->arena, "%s@%s", spec->tool->package, spec->version), NULL};
	int r = run_go(in, argv, &out, err);
	r = r < 0 ? r : pin_check_program(run, spec, in->staging, in->item->source, &bin, err);
	r = r < 0 ? r : check_sums(in, &bin, err);
	if (r < 0) {
		return r;
	}
	in->go_sum = sums_of_modules(run->arena, &bin, &module);
	return in->go_sum ? 0
	                  : err_set(err, -EBADMSG, "the program was built without a checksum of %s",
	                            module);
}

/* Files of modules have no execute bits. */
static int make_executable(struct arena *arena, const char *dir, struct err *err) {
	static const char *const find[] = {"bin", "pkg/tool"};
	for (size_t i = 0; i < 2; i++) {
		const char *below = path_join(arena, dir, find[i]);
		int r = tree_make_executable(arena, below);
		if (r < 0) {
			return err_set(err, r, "cannot change modes in '%s': %s", below,
			               strerror(-r));
		}
	}
	return 0;
}

static int check_toolchain_sum(struct install *in, const char *version, const char *hash,
                               struct err *err) {
	struct pin_run *run = in->run;
	struct binary_module module = {
		.path = in->item->spec.tool->module, .version = version, .sum = hash};
	struct binary as_if = {.modules = &module, .module_count = 1};
	int r = check_sums(in, &as_if, err);
	in->go_sum = arena_printf(run->arena, "%s %s %s\n", module.path, version, hash);
	return r;
}

static int fetch_toolchain(struct install *in, struct err *err) {
	struct pin_run *run = in->run;
	const struct pin_spec *spec = &in->item->spec;
	const char *module = pin_module_version(run->arena, spec, run->go.arch);
	const char *const argv[] = {run->go.path, "mod", "download", "-json", module, NULL};
	struct slice out = {0};
	struct binary bin;
	int r = run_go(in, argv, &out, err);
	if (r < 0) {
		return r;
	}
	const struct jsonc_node *root = jsonc_parse(run->arena, out)->root;
	const char *dir = jsonc_string(jsonc_get(root, "Dir"));
	const char *hash = jsonc_string(jsonc_get(root, "Sum"));
	if (str_empty(dir) || str_empty(hash) || !path_below(dir, in->scratch)) {
		return err_set(err, -EIO, "`go mod download` does not say where '%s' is", module);
	}
	r = check_toolchain_sum(in, strchr(module, '@') + 1, hash, err);
	if (r == 0 && (rmdir(in->staging) < 0 || rename(dir, in->staging) < 0)) {
		r = err_set(err, -errno, "cannot move '%s': %s", dir, strerror(errno));
	}
	r = r < 0 ? r : make_executable(run->arena, in->staging, err);
	return r < 0 ? r : pin_check_program(run, spec, in->staging, in->item->source, &bin, err);
}

/* ---- a ready program ---- */

static const char *kept_sums(struct install *in, const struct binary *bin) {
	const char *module = "";
	const char *lines = sums_of_modules(in->run->arena, bin, &module);
	return lines ? lines : "";
}

static int check_ready(struct install *in, struct binary *bin, struct err *err) {
	struct pin_run *run = in->run;
	const char *from = in->source.dir;
	const char *go_sum = path_join(run->arena, from, STORE_GOSUM);
	size_t bytes = 0;
	int r = pin_check_program(run, &in->item->spec, in->staging, in->source.program, bin, err);
	int by_bytes = r < 0 ? r : pin_check_copies(run, from, in->staging, &bytes, err);
	if (r < 0 || (by_bytes < 0 && by_bytes != -ENOENT)) {
		return err->code;
	}
	bool by_modules = false;
	const struct evidence *ev = world_look(run->world, LOOK_FILE, go_sum, GOSUM_MAX_BYTES);
	if (ev->state == EV_READ && !in->item->spec.tool->is_go) {
		struct gosum sum = gosum_parse(run->arena, ev->bytes);
		r = sums_check_modules(bin, &sum, go_sum, err);
		by_modules = true;
	}
	in->item->verified =
		by_bytes == 0 && by_modules
			? arena_printf(run->arena, "its build info, %s and SHA256SUMS of %s",
	                               STORE_GOSUM, from)
		: by_bytes == 0
			? arena_printf(run->arena, "its build info and SHA256SUMS of %s", from)
		: by_modules ? arena_printf(run->arena, "its build info and %s", go_sum)
			     : "its build info only: no checksums lie beside it";
	return r;
}

static int copy_ready(struct install *in, struct err *err) {
	struct pin_run *run = in->run;
	const struct pin_tool *tool = in->item->spec.tool;
	struct binary bin;
	int r;
	if (tool->is_go) {
		r = rmdir(in->staging) < 0 ? -errno : 0;
		r = r < 0 ? r : tree_copy(run->arena, in->source.dir, in->staging, err);
	} else {
		r = tree_copy_file(in->source.program,
		                   path_join(run->arena, in->staging, tool->programs[0]), err);
	}
	r = r < 0 ? r : check_ready(in, &bin, err);
	in->go_sum = r < 0 ? "" : kept_sums(in, &bin);
	return r;
}

/* ---- all of it ---- */

static int write_records(struct install *in, struct err *err) {
	struct pin_run *run = in->run;
	const struct pin_item *item = in->item;
	struct strbuf record;
	strbuf_init(&record, run->arena);
	keyline_put(&record, "tool", item->spec.tool->name);
	keyline_put(&record, "version", item->spec.version);
	keyline_put(&record, "source", item->source);
	keyline_put(&record, "verified", item->verified);
	int r = pin_write_sums(run, &item->spec, in->staging, err);
	if (r == 0 && *in->go_sum) {
		r = file_replace(path_join(run->arena, in->staging, STORE_GOSUM),
		                 slice_str(in->go_sum), err);
	}
	return r < 0 ? r
	             : file_replace(path_join(run->arena, in->staging, STORE_RECORD),
	                            slice_of(record.data, record.len), err);
}

static int fill(struct install *in, struct err *err) {
	int r = in->source.kind == SOURCE_READY ? copy_ready(in, err)
	        : in->item->spec.tool->is_go    ? fetch_toolchain(in, err)
	                                        : build(in, err);
	r = r < 0 ? r : write_records(in, err);
	if (r == 0 && chmod(in->staging, 0755) < 0) {
		r = err_set(err, -errno, "cannot change '%s': %s", in->staging, strerror(errno));
	}
	return r < 0 ? r
	             : store_publish(in->run->arena, in->run->root, &in->item->spec, in->staging,
	                             err);
}

int pin_install_plan(struct pin_run *run, struct pin_item *item, struct err *err) {
	struct pin_source source;
	int r = pin_source_find(run, item, &source, err);
	item->source = r < 0 ? "" : source.words;
	return r;
}

int pin_install(struct pin_run *run, struct pin_item *item, struct err *err) {
	struct install in = {.run = run, .item = item, .go_sum = ""};
	CLEANUP(fd_closep) int lock = -1;
	int64_t begin = clock_now_ns();
	int r = pin_source_find(run, item, &in.source, err);
	if (r < 0) {
		return r;
	}
	item->source = in.source.words;
	in.scratch = store_scratch(run->arena, run->root, &lock, err);
	if (!in.scratch) {
		return err->code;
	}
	in.staging = path_join(run->arena, in.scratch, "new");
	if (mkdir(in.staging, 0755) < 0 ||
	    mkdir(path_join(run->arena, in.scratch, "t"), 0755) < 0) {
		r = err_set(err, -errno, "cannot write to '%s': %s", in.scratch, strerror(errno));
	}
	if (run->terminal.progress) {
		progress_begin(&run->progress,
		               arena_printf(run->arena, "installs %s %s", item->spec.tool->name,
		                            item->spec.version));
	}
	r = r < 0 ? r : fill(&in, err);
	if (run->terminal.progress) {
		progress_end(&run->progress);
	}
	tree_remove(run->arena, in.scratch);
	item->install_ns = clock_now_ns() - begin;
	item->state = r < 0 ? item->state : PIN_INSTALLED;
	return r;
}
