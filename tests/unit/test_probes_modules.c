/* SPDX-License-Identifier: MIT
 * The modules probe on a tree of files that exists only here: which facts it states, and above all
 * which it does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "core/probe.h"

extern const struct probe probe_modules;

struct entry {
	const char *path;
	const char *text;
};

struct tree {
	struct world base;
	const struct entry *entries; /* ends with path NULL */
};

static const char main_go[] =
	"package main\n\nimport (\n\t\"fmt\"\n\n\t\"lab.example/greet/v2\"\n)\n\n"
	"func main() { fmt.Println(greet.Hello()) }\n";

static void answer(struct evidence *ev, struct arena *arena, const char *text) {
	ev->state = text ? EV_READ : EV_ABSENT;
	ev->bytes = text ? slice_str(arena_strdup(arena, text)) : slice_of(NULL, 0);
}

static bool holds(const struct tree *t, const char *dir) {
	for (const struct entry *e = t->entries; e->path; e++) {
		size_t n = strlen(dir);
		if (strncmp(e->path, dir, n) == 0 && e->path[n] == '/') {
			return true;
		}
	}
	return false;
}

static const char *text_of(const struct tree *t, const char *path) {
	for (const struct entry *e = t->entries; e->path; e++) {
		if (streq(e->path, path)) {
			return e->text;
		}
	}
	return NULL;
}

static const char *list(const struct tree *t, struct arena *arena, const char *dir) {
	struct strbuf out;
	size_t n = strlen(dir);
	strbuf_init(&out, arena);
	for (const struct entry *e = t->entries; e->path; e++) {
		if (strncmp(e->path, dir, n) == 0 && e->path[n] == '/') {
			const char *name = e->path + n + 1;
			bool below = strchr(name, '/') != NULL;
			const char *line = arena_printf(arena, "%c %.*s\n", below ? 'd' : 'f',
			                                (int)strcspn(name, "/"), name);
			strbuf_add(&out, str_has(out.data, line) ? "" : line);
		}
	}
	return holds(t, dir) ? out.data : NULL;
}

static const char *walk(const struct tree *t, struct arena *arena, const char *dir) {
	struct strbuf out;
	size_t n = strlen(dir);
	strbuf_init(&out, arena);
	for (const struct entry *e = t->entries; e->path; e++) {
		if (strncmp(e->path, dir, n) != 0 || e->path[n] != '/') {
			continue;
		}
		if (str_ends(e->path, "/go.mod")) {
			strbuf_printf(&out, "mod %s\n", e->path);
		} else if (str_ends(e->path, ".go")) {
			strbuf_printf(&out, "go %s\n", e->path);
		}
	}
	return out.data;
}

static void look(struct world *w, enum look what, const char *arg, size_t cap,
                 struct evidence *ev) {
	const struct tree *t = (const struct tree *)w;
	const char *text = text_of(t, arg);
	(void)cap;
	if (what == LOOK_STAT) {
		text = text ? "type=file\n" : holds(t, arg) ? "type=dir\n" : NULL;
	} else if (what == LOOK_DIR) {
		text = list(t, w->arena, arg);
	} else if (what == LOOK_WALK) {
		text = walk(t, w->arena, arg);
	}
	answer(ev, w->arena, text);
}

static const struct world_ops ops = {.look = look};

struct run {
	struct arena *arena;
	struct evidence_store store;
	struct tree tree;
	struct facts facts;
	struct target target;
};

static void run_probe(struct run *r, const struct entry *entries, const char *workspace,
                      const char *file, const char *govars) {
	struct err err;
	*r = (struct run){.arena = arena_new()};
	evidence_store_init(&r->store, r->arena);
	r->tree.base = (struct world){
		.ops = &ops, .store = &r->store, .arena = r->arena, .start_ns = clock_now_ns()};
	r->tree.entries = entries;
	facts_init(&r->facts, r->arena);
	envset_init(&r->target.launch, r->arena);
	envset_init(&r->target.server, r->arena);
	r->target.workspace = workspace;
	r->target.open_file = file;
	FACTS_ADD(&r->facts, govar, NULL, .name = "GOMODCACHE", .value = "/cache",
	          .origin = "default");
	if (govars) {
		assert_int_equal(facts_add_text(&r->facts, govars, &err), 0);
	}
	struct exam exam = {.arena = r->arena,
	                    .world = &r->tree.base,
	                    .facts = &r->facts,
	                    .target = &r->target};
	assert_int_equal(probe_modules.look(&exam, &err), 0);
}

#define H1             "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define GREET_SUM      "lab.example/greet/v2 v2.1.0 " H1 "\nlab.example/greet/v2 v2.1.0/go.mod " H1 "\n"
#define COLOUR_MOD_SUM "lab.example/colour v1.2.0/go.mod " H1 "\n"
#define COLOUR_SUM     "lab.example/colour v1.2.0 " H1 "\n"
#define CACHE                                                                                      \
	{"/cache/lab.example/greet/v2@v2.1.0/greet.go",                                            \
	 "package greet\n\nimport \"lab.example/colour\"\n\nvar X = colour.Name\n"},               \
		{"/cache/lab.example/colour@v1.2.0/colour.go", "package colour\n"},                \
		{"/cache/cache/download/lab.example/greet/v2/@v/v2.1.0.mod",                       \
	         "module lab.example/greet/v2\n\ngo 1.22\n\nrequire lab.example/colour v1.2.0\n"}, \
	{                                                                                          \
		"/cache/cache/download/lab.example/colour/@v/v1.2.0.mod",                          \
			"module lab.example/colour\n\ngo 1.22\n"                                   \
	}
#define GOMOD                                                                                      \
	"module example.com/p\n\ngo 1.22\n\nrequire (\n\tlab.example/greet/v2 v2.1.0\n"            \
	"\tlab.example/colour v1.2.0 // indirect\n\tlab.example/idle v1.0.0 // indirect\n)\n"

static void test_complete(void **state) {
	const struct entry tree[] = {
		{"/p/go.mod", GOMOD},
		{"/p/go.sum", GREET_SUM COLOUR_SUM COLOUR_MOD_SUM},
		{"/p/main.go", main_go},
		{"/p/main_test.go", "package main\n\nimport _ \"lab.example/check\"\n"},
		CACHE,
		{0}};
	struct run r;
	(void)state;
	run_probe(&r, tree, "/p", "/p/main.go", NULL);
	/* Only a test beside the open file needs lab.example/check. */
	assert_null(facts_first(gosum_gap, &r.facts)); /* nothing imports lab.example/idle */
	assert_null(facts_first(gomod_gap, &r.facts));
	assert_null(facts_first(mod_absent, &r.facts));
	assert_string_equal(facts_first(gomod, &r.facts)->role, "root");
	assert_string_equal(facts_first(file_import, &r.facts)->class, "required");
	arena_free(r.arena);
}

static void test_sum_behind_dependency(void **state) {
	const struct entry tree[] = {{"/p/go.mod", GOMOD},
	                             {"/p/go.sum", GREET_SUM COLOUR_MOD_SUM},
	                             {"/p/.gitignore", "*.out\ngo.sum\n"},
	                             {"/p/main.go", main_go},
	                             CACHE,
	                             {0}};
	struct run r;
	(void)state;
	run_probe(&r, tree, "/p", "/p/main.go", NULL);
	const struct fact_gosum_gap *gap = facts_first(gosum_gap, &r.facts);
	assert_non_null(gap);
	assert_string_equal(gap->module, "lab.example/colour");
	assert_string_equal(gap->kind, "zip");
	assert_true(gap->in_cache);
	assert_null(gap->base.next);
	assert_true(facts_first(gosum, &r.facts)->ignored_by_git);
	arena_free(r.arena);

	/* -mod=mod adds the sum, if it can: the rule judges that. */
	run_probe(&r, tree, "/p", "/p/main.go", "govar name=GOFLAGS value=-mod=mod origin=env");
	assert_non_null(facts_first(gosum_gap, &r.facts));
	arena_free(r.arena);
}

static void test_absent_module(void **state) {
	const struct entry tree[] = {
		{"/p/go.mod",
	         "module example.com/p\n\ngo 1.22\n\nrequire lab.example/greet/v2 v2.1.0\n"},
		{"/p/go.sum", GREET_SUM},
		{"/p/main.go", main_go},
		{0}};
	struct run r;
	(void)state;
	run_probe(&r, tree, "/p", "/p/main.go", NULL);
	assert_null(facts_first(gosum_gap, &r.facts));
	assert_string_equal(facts_first(mod_absent, &r.facts)->dir,
	                    "/cache/lab.example/greet/v2@v2.1.0");
	arena_free(r.arena);
}

/* No module could provide what has no dot in its first element; one with a dot is missing in go.mod. */
static void test_import_nobody_provides(void **state) {
	static const char *const paths[] = {"bufioo", "lab.example/none"};
	struct run r;
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		char text[100];
		snprintf(text, sizeof(text), "package main\n\nimport _ \"%s\"\n", paths[i]);
		const struct entry tree[] = {{"/p/go.mod", "module example.com/p\n\ngo 1.22\n"},
		                             {"/p/main.go", text},
		                             {0}};
		run_probe(&r, tree, "/p", "/p/main.go", NULL);
		const struct fact_gomod_gap *gap = facts_first(gomod_gap, &r.facts);
		assert_string_equal(gap ? gap->kind : "none", i == 0 ? "none" : "missing");
		arena_free(r.arena);
	}
}

static void test_dropped_indirect(void **state) {
	const struct entry tree[] = {
		{"/p/go.mod",
	         "module example.com/p\n\ngo 1.22\n\nrequire lab.example/greet/v2 v2.1.0\n"},
		{"/p/go.sum", GREET_SUM COLOUR_SUM COLOUR_MOD_SUM},
		{"/p/main.go", main_go},
		CACHE,
		{0}};
	struct run r;
	(void)state;
	run_probe(&r, tree, "/p", "/p/main.go", NULL);
	assert_string_equal(facts_first(gomod_gap, &r.facts)->kind, "indirect");
	assert_string_equal(facts_first(gomod_gap, &r.facts)->wanted, "lab.example/colour v1.2.0");
	arena_free(r.arena);
}

static void test_neighbour_module(void **state) {
	const struct entry tree[] = {
		{"/w/p/go.mod", "module example.com/p\n\ngo 1.22\n\nrequire lab.example/greet/v2 "
	                        "v2.0.0-00010101000000-000000000000\n"},
		{"/w/p/main.go", main_go},
		{"/w/greet/go.mod", "module lab.example/greet/v2\n\ngo 1.22\n"},
		{"/w/greet/greet.go", "package greet\n"},
		{0}};
	const struct entry work[] = {tree[0],
	                             tree[1],
	                             tree[2],
	                             tree[3],
	                             {"/w/go.work", "go 1.22\n\nuse (\n\t./p\n\t./greet\n)\n"},
	                             {0}};
	struct run r;
	(void)state;
	run_probe(&r, tree, "/w", "/w/p/main.go", NULL);
	assert_string_equal(facts_first(gomod_gap, &r.facts)->kind, "local");
	assert_string_equal(facts_first(gomod_gap, &r.facts)->local, "/w/greet");
	assert_null(facts_first(gosum_gap, &r.facts));
	arena_free(r.arena);

	run_probe(&r, work, "/w", "/w/p/main.go", NULL);
	assert_null(facts_first(gomod_gap, &r.facts));
	assert_null(facts_first(gosum_gap, &r.facts));
	assert_true(facts_first(work_member, &r.facts)->member);
	arena_free(r.arena);

	run_probe(&r, work, "/w", "/w/p/main.go", "govar name=GOWORK value=off origin=env");
	assert_string_equal(facts_first(gowork, &r.facts)->role, "off");
	assert_string_equal(facts_first(gomod_gap, &r.facts)->kind, "local");
	arena_free(r.arena);
}

static void test_parent_work(void **state) {
	const struct entry tree[] = {{"/w/go.work", "go 1.22\n\nuse ./gone\n"},
	                             {"/w/p/go.mod", "module example.com/p\n\ngo 1.22\n"},
	                             {"/w/p/main.go", "package main\n\nimport \"fmt\"\n"},
	                             {0}};
	struct run r;
	(void)state;
	run_probe(&r, tree, "/w/p", "/w/p/main.go", NULL);
	assert_true(facts_first(gowork, &r.facts)->above_workspace);
	assert_false(facts_first(work_member, &r.facts)->member);
	assert_false(facts_first(work_use, &r.facts)->has_gomod);
	assert_string_equal(facts_first(work_use, &r.facts)->dir, "/w/gone");
	arena_free(r.arena);
}

static void test_vendor(void **state) {
	const struct entry tree[] = {
		{"/p/go.mod",
	         "module example.com/p\n\ngo 1.22\n\nrequire lab.example/greet/v2 v2.1.0\n"},
		{"/p/main.go", main_go},
		{"/p/vendor/modules.txt",
	         "# lab.example/greet/v2 v2.0.0\n## explicit; go 1.22\nlab.example/greet/v2\n"},
		{"/p/vendor/lab.example/greet/v2/greet.go", "package greet\n"},
		{0}};
	struct run r;
	(void)state;
	run_probe(&r, tree, "/p", "/p/main.go", NULL);
	assert_string_equal(facts_first(vendor, &r.facts)->mode, "auto");
	assert_string_equal(facts_first(vendor_gap, &r.facts)->kind, "not_explicit");
	assert_null(facts_first(gosum_gap, &r.facts));
	arena_free(r.arena);

	run_probe(&r, tree, "/p", "/p/main.go", "govar name=GOFLAGS value=-mod=mod origin=env");
	assert_string_equal(facts_first(vendor, &r.facts)->mode, "off");
	assert_null(facts_first(vendor_gap, &r.facts));
	arena_free(r.arena);
}

static void test_replace(void **state) {
	const struct entry tree[] = {{"/p/go.mod",
	                              GOMOD "\nreplace lab.example/colour => ../colour\n\nreplace "
	                                    "lab.example/idle => ../idle\n"},
	                             {"/p/go.sum", GREET_SUM},
	                             {"/p/main.go", main_go},
	                             CACHE,
	                             {0}};
	struct run r;
	(void)state;
	run_probe(&r, tree, "/p", "/p/main.go", NULL);
	facts_each (replace_target, t, &r.facts) {
		assert_false(t->exists);
		assert_int_equal(t->needed, streq(t->target, "/colour"));
	}
	assert_non_null(facts_first(replace_target, &r.facts));
	assert_null(facts_first(gosum_gap, &r.facts));
	arena_free(r.arena);
}

static void test_excluded_requirement(void **state) {
	const struct entry tree[] = {{"/p/go.mod",
	                              GOMOD "\nexclude lab.example/greet/v2 v2.1.0\nexclude "
	                                    "lab.example/colour v1.1.0\n"},
	                             {"/p/go.sum", GREET_SUM COLOUR_SUM COLOUR_MOD_SUM},
	                             {"/p/main.go", main_go},
	                             CACHE,
	                             {0}};
	struct run r;
	(void)state;
	run_probe(&r, tree, "/p", "/p/main.go", NULL);
	const struct fact_gomod_gap *gap = facts_first(gomod_gap, &r.facts);
	assert_non_null(gap);
	assert_string_equal(gap->kind, "excluded");
	assert_string_equal(gap->module, "lab.example/greet/v2");
	assert_int_equal(gap->line, 6);
	assert_null(gap->base.next);
	arena_free(r.arena);
}

static void test_work_uses_one_module_twice(void **state) {
	const struct entry tree[] = {{"/w/go.work", "go 1.22\n\nuse (\n\t./p\n\t./fix\n)\n"},
	                             {"/w/p/go.mod", "module example.com/p\n\ngo 1.22\n"},
	                             {"/w/p/main.go", "package main\n"},
	                             {"/w/fix/go.mod", "module example.com/p\n\ngo 1.22\n"},
	                             {0}};
	const struct entry again[] = {{"/w/go.work", "go 1.22\n\nuse ./p\nuse ./p/\n"},
	                              {"/w/p/go.mod", "module example.com/p\n\ngo 1.22\n"},
	                              {"/w/p/main.go", "package main\n"},
	                              {0}};
	struct run r;
	(void)state;
	run_probe(&r, tree, "/w/p", "/w/p/main.go", NULL);
	assert_int_equal(facts_first(gowork, &r.facts)->error_line, 5);
	assert_true(facts_first(work_member, &r.facts)->member);
	arena_free(r.arena);
	run_probe(&r, again, "/w/p", "/w/p/main.go", NULL);
	assert_int_equal(facts_first(gowork, &r.facts)->error_line, 4);
	arena_free(r.arena);
}

static void test_work_replaces_differently(void **state) {
	static const char replaced[] =
		"module example.com/%s\n\ngo 1.22\n\nreplace lab.example/colour => %s\n";
	struct arena *arena = arena_new();
	const struct entry tree[] = {
		{"/w/go.work", "go 1.22\n\nuse (\n\t./p\n\t./q\n)\n"},
		{"/w/p/go.mod", arena_printf(arena, replaced, "p", "./colour")},
		{"/w/p/main.go", "package main\n"},
		{"/w/q/go.mod", arena_printf(arena, replaced, "q", "./colour")},
		{0}};
	const struct entry alike[] = {
		{"/w/go.work", "go 1.22\n\nuse (\n\t./p\n\t./q\n)\n"},
		{"/w/p/go.mod", arena_printf(arena, replaced, "p", "../colour")},
		{"/w/p/main.go", "package main\n"},
		{"/w/q/go.mod", arena_printf(arena, replaced, "q", "../p/../colour")},
		{0}};
	const struct entry decided[] = {
		{"/w/go.work",
	         "go 1.22\n\nuse (\n\t./p\n\t./q\n)\n\nreplace lab.example/colour => ./c\n"},
		{"/w/p/go.mod", arena_printf(arena, replaced, "p", "./colour")},
		{"/w/p/main.go", "package main\n"},
		{"/w/q/go.mod", arena_printf(arena, replaced, "q", "./colour")},
		{0}};
	struct run r;
	(void)state;
	run_probe(&r, tree, "/w/p", "/w/p/main.go", NULL);
	assert_int_equal(facts_first(gowork, &r.facts)->error_line, 5);
	arena_free(r.arena);
	run_probe(&r, alike, "/w/p", "/w/p/main.go", NULL);
	assert_int_equal(facts_first(gowork, &r.facts)->error_line, 0);
	arena_free(r.arena);
	run_probe(&r, decided, "/w/p", "/w/p/main.go", NULL);
	assert_int_equal(facts_first(gowork, &r.facts)->error_line, 0);
	arena_free(r.arena);
	arena_free(arena);
}

/* The module of the open file is a member wherever it stands in a long list. */
static void test_long_work(void **state) {
	struct arena *arena = arena_new();
	struct strbuf work;
	strbuf_init(&work, arena);
	strbuf_add(&work, "go 1.22\n\nuse (\n");
	for (int i = 0; i < 600; i++) {
		strbuf_printf(&work, "\t./m%d\n", i);
	}
	strbuf_add(&work, "\t./p\n)\n");
	const struct entry tree[] = {
		{"/w/go.work", work.data},
		{"/w/p/go.mod", "module example.com/p\n\ngo 1.22\n"},
		{"/w/p/main.go", "package main\n\nimport _ \"example.com/p/a\"\n"},
		{"/w/p/a/a.go", "package a\n"},
		{0}};
	struct run r;
	(void)state;
	run_probe(&r, tree, "/w/p", "/w/p/main.go", NULL);
	assert_true(facts_first(work_member, &r.facts)->member);
	assert_string_equal(facts_first(file_import, &r.facts)->class, "own");
	assert_int_equal(facts_first(gowork, &r.facts)->error_line, 0);
	arena_free(r.arena);
	arena_free(arena);
}

static void test_gopath_project(void **state) {
	const struct entry tree[] = {
		{"/g/src/corp/shop/main.go",
	         "package main\n\nimport (\n\t_ \"corp/shop/cart\"\n\t_ \"corp/gone\"\n)\n"},
		{"/g/src/corp/shop/cart/cart.go", "package cart\n"},
		{0}};
	struct run r;
	(void)state;
	run_probe(&r, tree, "/g/src/corp/shop", "/g/src/corp/shop/main.go",
	          "govar name=GOPATH value=/other:/g origin=default");
	facts_each (file_import, i, &r.facts) {
		assert_string_equal(i->class,
		                    streq(i->path, "corp/gone") ? "nonstd_missing" : "own");
	}
	assert_non_null(facts_first(file_import, &r.facts));
	arena_free(r.arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_complete),
		cmocka_unit_test(test_sum_behind_dependency),
		cmocka_unit_test(test_absent_module),
		cmocka_unit_test(test_import_nobody_provides),
		cmocka_unit_test(test_dropped_indirect),
		cmocka_unit_test(test_neighbour_module),
		cmocka_unit_test(test_parent_work),
		cmocka_unit_test(test_vendor),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_excluded_requirement),
		cmocka_unit_test(test_work_uses_one_module_twice),
		cmocka_unit_test(test_work_replaces_differently),
		cmocka_unit_test(test_long_work),
		cmocka_unit_test(test_gopath_project),
	};
	return cmocka_run_group_tests_name("probes_modules", tests, NULL, NULL);
}
