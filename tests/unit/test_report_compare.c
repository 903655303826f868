/* SPDX-License-Identifier: MIT
 * What counts as a difference, what of it matters, in which order, and what stays hidden.
 */
#include "cmd/env_mask.h"
#include "report/compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

struct fixture {
	struct arena *arena;
	struct facts facts;
	struct sides sides;
};

static int setup(void **state) {
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	f->arena = arena_new();
	facts_init(&f->facts, f->arena);
	*state = f;
	return 0;
}

static int teardown(void **state) {
	struct fixture *f = *state;

	arena_free(f->arena);
	free(f);
	return 0;
}

static struct side_tool tool(const char *name, const char *path, const char *version, int64_t ino) {
	return (struct side_tool){.name = name,
	                          .known = true,
	                          .path = path,
	                          .via = "path",
	                          .real = path ? path : "",
	                          .format = "",
	                          .version = version,
	                          .built_with = "",
	                          .dev = 1,
	                          .ino = ino};
}

/* The same everything: go 1.26.8 in /usr/local/go/bin, no gopls. */
static struct side *add(struct fixture *f, enum side_kind kind, const char *label) {
	struct side *s = &f->sides.items[f->sides.count++];

	*s = (struct side){.kind = kind,
	                   .id = label,
	                   .label = label,
	                   .what = "",
	                   .source = "",
	                   .why = "",
	                   .root = "",
	                   .unit = "",
	                   .known = true,
	                   .tmp_usable = true};
	envset_init(&s->env, f->arena);
	envset_set(&s->env, "PATH", "/usr/local/go/bin:/usr/bin");
	envset_set(&s->env, "HOME", "/home/u");
	s->tools[TOOL_GO] = tool("go", "/usr/local/go/bin/go", "go1.26.8", 10);
	s->tools[TOOL_GOPLS] = tool("gopls", NULL, "", 0);
	s->tools[TOOL_DLV] = tool("dlv", NULL, "", 0);
	s->tools[TOOL_GIT] = tool("git", "/usr/bin/git", "", 20);
	s->tools[TOOL_GCC] = tool("gcc", "/usr/bin/gcc", "", 30);
	return s;
}

static void set_govars(struct fixture *f, struct side *s, const struct side_govar *vars,
                       size_t count) {
	struct side_govar *copy = arena_array_of(f->arena, struct side_govar, count);

	memcpy(copy, vars, count * sizeof *vars);
	s->govars = copy;
	s->govar_count = count;
}

static struct comparison compare(struct fixture *f, bool everything) {
	for (size_t i = 0; i < f->sides.count; i++) {
		envset_copy(&f->sides.items[i].tools_env, &f->sides.items[i].env);
	}
	return compare_sides(f->arena, &f->sides, &f->facts, "/home/u/w", everything);
}

static const struct difference *find(const struct comparison *c, const char *name) {
	for (size_t i = 0; i < c->count; i++) {
		if (streq(c->items[i].name, name)) {
			return &c->items[i];
		}
	}
	return NULL;
}

static void test_equal(void **state) {
	struct fixture *f = *state;
	struct comparison c;

	add(f, SIDE_SELF, "here");
	add(f, SIDE_SHELL, "shell");
	c = compare(f, false);
	assert_int_equal(c.count, 0);
	assert_int_equal(c.matter_count, 0);
	c = compare(f, true);
	assert_true(c.count > 5);
	assert_true(find(&c, "go")->equal);
}

static void test_another_go(void **state) {
	struct fixture *f = *state;
	struct side *s;
	struct comparison c;
	const struct difference *d;

	FACTS_ADD(&f->facts, startup, NULL, .file = "/home/u/.bashrc", .line = 4,
	          .kind = "interactive", .name = "PATH", .value = "/usr/local/go/bin");
	add(f, SIDE_SELF, "here");
	s = add(f, SIDE_EDITOR, "nvim 7");
	envset_set(&s->env, "PATH", "/usr/bin");
	envset_set(&s->env, "LESS", "-R");
	s->tools[TOOL_GO] = tool("go", "/usr/bin/go", "go1.19.8", 11);
	c = compare(f, false);
	assert_int_equal(c.matter_count, 1);
	d = &c.items[0];
	assert_string_equal(d->name, "go");
	assert_true(str_has(d->because, "/usr/local/go/bin"));
	assert_true(str_has(d->because, "/home/u/.bashrc line 4"));
	assert_false(find(&c, "LESS")->matters);
	assert_false(find(&c, "PATH")->matters);
}

/* The same version in another place, and the same file by another name, behave the same. */
static void test_same_program(void **state) {
	struct fixture *f = *state;
	struct side *s;
	struct comparison c;

	add(f, SIDE_SELF, "here");
	s = add(f, SIDE_DESKTOP, "desktop");
	s->tools[TOOL_GO] = tool("go", "/opt/go/bin/go", "go1.26.8", 12);
	s->tools[TOOL_GIT] = tool("git", "/bin/git", "", 20);
	c = compare(f, false);
	assert_int_equal(c.matter_count, 0);
	assert_non_null(find(&c, "go"));
	s->tools[TOOL_GIT] = tool("git", "/bin/git", "", 21);
	c = compare(f, false);
	assert_int_equal(c.matter_count, 1);
}

/* Only editors need a gopls of their own. */
static void test_gopls_missing(void **state) {
	struct fixture *f = *state;
	struct side *self, *editor;
	struct comparison c;

	self = add(f, SIDE_SELF, "here");
	editor = add(f, SIDE_EDITOR, "nvim 7");
	editor->tools[TOOL_GOPLS] = tool("gopls", "/m/gopls", "v0.23.0", 40);
	c = compare(f, false);
	assert_int_equal(c.matter_count, 0);
	self->tools[TOOL_GOPLS] = tool("gopls", "/x/gopls", "v0.16.2", 41);
	c = compare(f, false);
	assert_int_equal(c.matter_count, 1);
	editor->tools[TOOL_GOPLS] = tool("gopls", NULL, "", 0);
	c = compare(f, false);
	assert_int_equal(c.matter_count, 1);
	assert_int_equal(c.items[0].rank, compare_weight_tool("gopls", true));
}

static void test_order(void **state) {
	struct fixture *f = *state;
	struct side *self, *s;
	struct comparison c;
	const struct side_govar ours[] = {{"GOFLAGS", "", "env", ""},
	                                  {"GOCACHE", "/home/u/.cache/go-build", "default", ""}};
	const struct side_govar theirs[] = {{"GOFLAGS", "-mod=vendor", "goenv", "/e/env:3"},
	                                    {"GOCACHE", "/tmp/c", "env", ""}};

	self = add(f, SIDE_SELF, "here");
	s = add(f, SIDE_EDITOR, "nvim 7");
	set_govars(f, self, ours, 2);
	set_govars(f, s, theirs, 2);
	envset_set(&s->env, "HTTPS_PROXY", "http://p");
	envset_set(&s->env, "GOGC", "50");
	s->tools[TOOL_GO] = tool("go", NULL, "", 0);
	c = compare(f, false);
	assert_int_equal(c.matter_count, 5);
	assert_string_equal(c.items[0].name, "go");
	assert_string_equal(c.items[1].name, "GOFLAGS");
	assert_string_equal(c.items[2].name, "GOCACHE");
	assert_string_equal(c.items[3].name, "HTTPS_PROXY");
	assert_string_equal(c.items[4].name, "GOGC");
	assert_string_equal(c.items[1].cells[1].file, "/e/env");
	assert_int_equal(c.items[1].cells[1].line, 3);
}

/* A path counts by where it leads. */
static void test_same_place(void **state) {
	struct fixture *f = *state;
	struct side *s;
	struct comparison c;

	add(f, SIDE_SELF, "here");
	s = add(f, SIDE_SHELL, "shell");
	envset_set(&s->env, "HOME", "/home/x/../u/");
	c = compare(f, false);
	assert_int_equal(c.matter_count, 0);
}

/* A variable of go counts by its effective value. */
static void test_effective(void **state) {
	struct fixture *f = *state;
	struct side *self, *s;
	struct comparison c;
	const struct side_govar ours[] = {{"GOFLAGS", "-mod=mod  -v", "goenv", "/e/env:1"}};
	const struct side_govar theirs[] = {{"GOFLAGS", "-mod=mod -v", "env", ""}};

	self = add(f, SIDE_SELF, "here");
	s = add(f, SIDE_SHELL, "shell");
	set_govars(f, self, ours, 1);
	set_govars(f, s, theirs, 1);
	envset_set(&s->env, "GOFLAGS", "-mod=mod -v");
	c = compare(f, false);
	assert_int_equal(c.matter_count, 0);
	assert_true(!find(&c, "GOFLAGS") || !find(&c, "GOFLAGS")->matters);
}

/* Defaults that move with HOME are told with HOME; one that moves by itself stands for itself. */
static void test_follows(void **state) {
	struct fixture *f = *state;
	struct side *self, *s;
	struct comparison c;
	const struct side_govar ours[] = {{"GOPATH", "/home/u/go", "default", ""},
	                                  {"GOMODCACHE", "/home/u/go/pkg/mod", "default", ""},
	                                  {"GOCACHE", "/home/u/.cache/go-build", "default", ""}};
	const struct side_govar theirs[] = {{"GOPATH", "/other/go", "default", ""},
	                                    {"GOMODCACHE", "/other/go/pkg/mod", "default", ""},
	                                    {"GOCACHE", "/other/.cache/go-build", "default", ""}};

	self = add(f, SIDE_SELF, "here");
	s = add(f, SIDE_EDITOR, "nvim 7");
	set_govars(f, self, ours, 3);
	set_govars(f, s, theirs, 3);
	envset_set(&s->env, "HOME", "/other");
	c = compare(f, false);
	assert_int_equal(c.matter_count, 1);
	assert_string_equal(c.items[0].name, "HOME");
	assert_string_equal(find(&c, "GOPATH")->follows, "HOME");
	assert_string_equal(find(&c, "GOMODCACHE")->follows, "GOPATH");
	envset_set(&s->env, "HOME", "/home/u");
	c = compare(f, false);
	assert_true(find(&c, "GOCACHE")->matters);
	assert_true(find(&c, "GOPATH")->matters);
	assert_string_equal(find(&c, "GOPATH")->follows, "");
}

/* Another machine: its flags count, its paths do not. */
static void test_foreign(void **state) {
	struct fixture *f = *state;
	struct side *self, *ci;
	struct comparison c;
	const struct side_govar ours[] = {
		{"GOFLAGS", "-mod=mod", "goenv", "/e/env:1"},
		{"GOROOT", "/usr/local/go", "default", ""},
		{"GOPROXY", "p,direct", "goroot", "/usr/local/go/go.env:2"},
		{"GOOS", "linux", "default", ""},
	};
	const struct side_govar theirs[] = {{"GOROOT", "/opt/hostedtoolcache/go", "env", ""}};

	self = add(f, SIDE_SELF, "here");
	ci = add(f, SIDE_FILE, "ci.env");
	ci->foreign = true;
	set_govars(f, self, ours, 4);
	set_govars(f, ci, theirs, 1);
	for (size_t i = 0; i < TOOL_COUNT; i++) {
		ci->tools[i].known = false;
	}
	ci->tools[TOOL_GO] = (struct side_tool){.name = "go",
	                                        .known = true,
	                                        .via = "hint",
	                                        .real = "",
	                                        .format = "",
	                                        .version = "go1.22.5",
	                                        .built_with = ""};
	c = compare(f, false);
	assert_int_equal(c.matter_count, 2);
	assert_string_equal(c.items[0].name, "go");
	assert_string_equal(c.items[1].name, "GOFLAGS");
	assert_false(find(&c, "GOROOT")->matters);
	assert_null(find(&c, "GOOS"));
	assert_null(find(&c, "GOPROXY"));
	ci->tools[TOOL_GO].version = "go1.26.8";
	c = compare(f, false);
	assert_int_equal(c.matter_count, 1);
}

static void test_usual_certificates(void **state) {
	struct fixture *f = *state;
	struct side *s;
	struct comparison c;

	add(f, SIDE_SELF, "here");
	s = add(f, SIDE_EDITOR, "nvim 7");
	envset_set(&s->env, "SSL_CERT_DIR", "/etc/ssl/certs");
	c = compare(f, false);
	assert_int_equal(c.matter_count, 0);
	envset_set(&s->env, "SSL_CERT_DIR", "/etc/ssl/mine");
	c = compare(f, false);
	assert_int_equal(c.matter_count, 1);
}

/* The service manager's environment matters to who asks for it. */
static void test_aside(void **state) {
	struct fixture *f = *state;
	struct side *s;
	struct comparison c;

	add(f, SIDE_SELF, "here");
	s = add(f, SIDE_MANAGER, "systemd");
	s->tools[TOOL_GO] = tool("go", NULL, "", 0);
	envset_set(&s->env, "HTTPS_PROXY", "http://p");
	c = compare(f, false);
	assert_int_equal(c.matter_count, 2);
	assert_int_equal(compare_verdict(&c), COMPARE_DIFFERS);
	s = add(f, SIDE_SHELL, "shell");
	c = compare(f, false);
	assert_int_equal(c.matter_count, 0);
	assert_int_equal(compare_verdict(&c), COMPARE_SAME);
	s->known = false;
	c = compare(f, false);
	assert_int_equal(compare_verdict(&c), COMPARE_UNKNOWN);
}

static void test_stale(void **state) {
	struct fixture *f = *state;
	struct side *self, *s;
	struct comparison c;
	const struct side_govar ours[] = {{"GOFLAGS", "-mod=mod", "env", ""}};

	FACTS_ADD(&f->facts, startup, NULL, .file = "/home/u/.profile", .line = 9, .kind = "login",
	          .name = "GOFLAGS", .value = "-mod=mod", .mtime_ns = 2000);
	self = add(f, SIDE_SELF, "here");
	s = add(f, SIDE_EDITOR, "nvim 7");
	set_govars(f, self, ours, 1);
	s->start_ns = 1000;
	c = compare(f, false);
	assert_true(str_has(c.items[0].because, "/home/u/.profile, whose line 9"));
	s->start_ns = 3000;
	c = compare(f, false);
	assert_string_equal(c.items[0].because, "");
}

static void test_unknown_is_no_difference(void **state) {
	struct fixture *f = *state;
	struct side *s;
	struct comparison c;

	add(f, SIDE_SELF, "here");
	s = add(f, SIDE_PROCESS, "x 9");
	s->known = false;
	for (size_t i = 0; i < TOOL_COUNT; i++) {
		s->tools[i].known = false;
	}
	envset_unset(&s->env, "HOME");
	c = compare(f, false);
	assert_int_equal(c.count, 0);
}

static struct slice text(const char *s) {
	return slice_of(s, strlen(s));
}

static void test_context(void **state) {
	struct fixture *f = *state;
	struct side *self, *s;
	struct comparison c;

	self = add(f, SIDE_SELF, "here");
	s = add(f, SIDE_SERVER, "gopls 9");
	self->has_context = true;
	s->has_context = true;
	self->context = text("umask=0022\nlimit_nofile=1024:524288\nlimit_as=unlimited:unlimited\n"
	                     "cgroup=/a\nns_net=1\n");
	s->context = text("umask=0077\nlimit_nofile=512:524288\nlimit_as=1000:2000\ncgroup=/b\n"
	                  "ns_net=2\nmemory_max=1000000\n");
	c = compare(f, false);
	assert_true(find(&c, "net")->matters);
	assert_true(find(&c, "as")->matters);
	assert_true(find(&c, "memory_max")->matters);
	assert_false(find(&c, "umask")->matters);
	assert_false(find(&c, "cgroup")->matters);
	assert_null(find(&c, "nofile"));
	assert_int_equal(c.matter_count, 3);
	s->context = text("umask=0722\nlimit_nofile=512:4096\nns_net=1\nmemory_max=99999999999\n");
	c = compare(f, false);
	assert_true(find(&c, "umask")->matters);
	assert_true(find(&c, "nofile")->matters);
	assert_false(find(&c, "memory_max")->matters);
}

static void test_mounts(void **state) {
	struct fixture *f = *state;
	struct side *self, *s;
	struct comparison c;

	self = add(f, SIDE_SELF, "here");
	s = add(f, SIDE_EDITOR, "code 9");
	self->has_context = true;
	s->has_context = true;
	self->mounts = text("0 ext4 /dev/a / /\n0 tmpfs tmpfs / /tmp\n");
	s->mounts = text("0 ext4 /dev/a / /\n1 ext4 /dev/a / /home/u\n0 tmpfs tmpfs / /tmp\n");
	c = compare(f, false);
	assert_true(find(&c, "/home/u/w")->matters);
	assert_true(find(&c, "/home/u")->matters);
	assert_null(find(&c, "/tmp"));
	assert_null(find(&c, "/usr/bin"));
}

static const char *masked(struct fixture *f, const char *name, const char *value) {
	bool secret = false;

	return env_mask(f->arena, name, value, &secret);
}

static void test_mask(void **state) {
	struct fixture *f = *state;

	assert_string_equal(masked(f, "GITHUB_TOKEN", "abc"), "***");
	assert_string_equal(masked(f, "DB_PASSWORD", "x"), "***");
	assert_string_equal(masked(f, "SIGNING_KEY", "deadbeef"), "***");
	assert_string_equal(masked(f, "AWS_SECRET_ACCESS_KEY", "x/y"), "***");
	assert_string_equal(masked(f, "SSH_KEY", "/home/u/.ssh/id"), "/home/u/.ssh/id");
	assert_string_equal(masked(f, "GOFLAGS", "-mod=mod"), "-mod=mod");
	assert_string_equal(masked(f, "KEYBOARD", "de"), "de");
	assert_string_equal(masked(f, "GOPROXY", "https://u:p@proxy.example/x,direct"),
	                    "https://***@proxy.example/x,direct");
	assert_null(strstr(masked(f, "X", "ghp_0123456789abcdefghijABCDEFGHIJ012345"), "0123"));
	assert_string_equal(masked(f, "EMPTY_TOKEN", ""), "");
}

/* Two secrets of one variable can be told apart, and are not shown. */
static void test_masked_cells(void **state) {
	struct fixture *f = *state;
	struct comparison c;
	const struct difference *d;
	struct strbuf out;
	const struct compare_view view = {.workspace = "/w", .everything = true};
	const struct report_style style = {.columns = 80};

	for (int i = 0; i < 3; i++) {
		struct side *s = add(f, i ? SIDE_SHELL : SIDE_SELF, i ? "shell" : "here");

		envset_set(&s->env, "NPM_TOKEN", i < 2 ? "hunter-one" : "hunter-two");
		envset_set(&s->env, "HTTPS_PROXY",
		           i < 2 ? "http://me:hunter-3@p" : "http://me:hunter-4@p");
	}
	c = compare(f, true);
	compare_mask(&c, f->arena, env_mask);
	d = find(&c, "NPM_TOKEN");
	assert_string_equal(d->cells[0].value, "***");
	assert_string_equal(d->cells[1].value, "***");
	assert_string_equal(d->cells[2].value, "*** (2)");
	assert_true(d->cells[2].masked);
	assert_true(find(&c, "HTTPS_PROXY")->matters);
	strbuf_init(&out, f->arena);
	compare_text(&out, &c, &view, &style);
	compare_json(&out, &c, &view);
	assert_null(strstr(out.data, "hunter"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_equal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_another_go, setup, teardown),
		cmocka_unit_test_setup_teardown(test_same_program, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gopls_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_same_place, setup, teardown),
		cmocka_unit_test_setup_teardown(test_effective, setup, teardown),
		cmocka_unit_test_setup_teardown(test_follows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign, setup, teardown),
		cmocka_unit_test_setup_teardown(test_usual_certificates, setup, teardown),
		cmocka_unit_test_setup_teardown(test_aside, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stale, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_is_no_difference, setup, teardown),
		cmocka_unit_test_setup_teardown(test_context, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mounts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mask, setup, teardown),
		cmocka_unit_test_setup_teardown(test_masked_cells, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
