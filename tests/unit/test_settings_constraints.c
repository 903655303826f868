/* SPDX-License-Identifier: MIT */
#include "base/str.h"
#include "settings/lint.h"
#include "world/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Facts as the probes state them, and "key severity counts" of each contradiction. */
static const struct {
	const char *facts;
	const char *env; /* NAME=value of the editor, or NULL */
	const char *said;
} cases[] = {
	/* nothing to say */
	{"setting key=go.goroot json=\"\\\"/go\\\"\" type=string effective=1\n"
         "govar name=GOROOT value=/go origin=settings\n",
         NULL, ""},
	{"setting key=go.toolsEnvVars.GOFLAGS json=\"\\\"-tags=a\\\"\" type=string effective=1\n"
         "var scope=judged name=GOFLAGS value=-tags=a\n",
         NULL, ""},
	{"setting key=go.toolsEnvVars.GOBIN json=\"\\\"${env:HOME}/bin\\\"\" type=string "
         "effective=1\n"
         "var scope=judged name=GOBIN value=/home/a/bin\n",
         NULL, ""},
	{"govar name=GOOS value=linux origin=env\ngovar name=GOARCH value=amd64 origin=default\n",
         NULL, ""},
	{"govar name=GOPRIVATE value=corp.example origin=env\n"
         "govar name=GONOSUMDB value=\"x.example, corp.example\" origin=env\n",
         NULL, ""},
	{"setting key=http.proxy json=\"\\\"http://p:1\\\"\" type=string effective=1\n",
         "HTTPS_PROXY=http://p:1", ""},
	{"setting key=go.buildTags json=\"\\\"a\\\"\" type=string effective=1\n"
         "setting key=gopls.build.buildFlags json=\"[\\\"-tags=a\\\"]\" type=array effective=1\n",
         NULL, ""},
	/* what counts is said */
	{"setting key=go.goroot json=\"\\\"/a\\\"\" type=string effective=1\n"
         "govar name=GOROOT value=/b origin=env\n",
         NULL, "go.goroot warning /b"},
	{"setting key=go.goroot json=\"\\\"/a\\\"\" type=string effective=1\n"
         "var scope=judged name=GOROOT value=/b\ngovar name=GOROOT value=/a origin=settings\n",
         NULL, "go.goroot warning /a"},
	{"setting key=go.toolsGopath json=\"\\\"/t\\\"\" type=string effective=1\n"
         "govar name=GOBIN value=/b origin=env\n"
         "tool tool=gopls path=/b/gopls state=ok chosen=1\n",
         NULL, "go.toolsGopath warning /b/gopls"},
	{"setting key=go.toolsEnvVars.GOFLAGS json=\"\\\"-tags=a\\\"\" type=string effective=1\n"
         "var scope=judged name=GOFLAGS value=-tags=b\n",
         NULL, "go.toolsEnvVars.GOFLAGS warning -tags=a"},
	{"setting key=go.toolsEnvVars.GOPATH json=\"\\\"/a\\\"\" type=string effective=1\n"
         "var scope=judged name=GOPATH value=/b\n",
         NULL, "go.toolsEnvVars.GOPATH warning /b"},
	{"setting key=go.toolsEnvVars.GOPATH json=\"\\\"/a\\\"\" type=string effective=1\n"
         "setting key=go.gopath json=\"\\\"/c\\\"\" type=string effective=1\n",
         NULL, "go.toolsEnvVars.GOPATH warning /c"},
	{"setting key=go.toolsEnvVars.PATH json=\"\\\"/x\\\"\" type=string effective=1\n"
         "var scope=judged name=PATH value=/usr/bin\n",
         NULL, "go.toolsEnvVars.PATH note /usr/bin"},
	{"setting key=gopls.build.env "
         "json=\"{\\\"PATH\\\":\\\"/x\\\",\\\"GOFLAGS\\\":\\\"-tags=a\\\"}\" "
         "type=object effective=1\n"
         "setting key=go.toolsEnvVars.GOFLAGS json=\"\\\"-tags=b\\\"\" type=string effective=1\n"
         "var scope=server name=PATH value=/usr/bin\n",
         NULL, "gopls.build.env warning /usr/bin; gopls.build.env warning -tags=a"},
	{"setting key=go.buildFlags json=\"[\\\"-tags=a\\\"]\" type=array effective=1\n"
         "setting key=gopls.build.buildFlags json=\"[\\\"-tags=b\\\"]\" type=array effective=1\n",
         NULL, "go.buildFlags warning [\"-tags=b\"]"},
	{"setting key=go.buildTags json=\"\\\"a\\\"\" type=string effective=1\n"
         "setting key=go.buildFlags json=\"[\\\"-tags\\\",\\\"b\\\"]\" type=array effective=1\n",
         NULL, "go.buildTags warning -tags=b"},
	{"setting key=go.buildFlags json=\"[\\\"-tags=a\\\"]\" type=array effective=1\n"
         "govar name=GOFLAGS value=\"-tags=b -mod=readonly\" origin=env\n",
         NULL, "go.buildFlags warning -tags=a"},
	{"govar name=GOFLAGS value=-mod=mod origin=env\ngovar name=GOWORK value=/w/go.work "
         "origin=env\n",
         NULL, " error -mod=mod"},
	{"govar name=GOFLAGS value=-mod=mod origin=env\ngovar name=GOWORK value=off origin=env\n",
         NULL, ""},
	{"setting key=http.proxy json=\"\\\"http://p:1\\\"\" type=string effective=1\n",
         "https_proxy=http://q:1", "http.proxy warning http://p:1"},
	{"govar name=GOPRIVATE value=corp.example,git.example origin=env\n"
         "govar name=GONOPROXY value=git.example origin=env\n",
         NULL, " warning git.example"},
	{"govar name=GOPROXY value=off origin=env\n"
         "setting key=go.toolsManagement.checkForUpdates json=\"\\\"proxy\\\"\" type=string "
         "effective=1\n",
         NULL, "go.toolsManagement.checkForUpdates note GOPROXY=off"},
	{"govar name=GOOS value=windows origin=settings\n"
         "setting key=go.toolsEnvVars.GOOS json=\"\\\"windows\\\"\" type=string effective=1\n",
         NULL, "go.toolsEnvVars.GOOS note windows"},
};

static void add_facts(struct facts *facts, const char *text) {
	struct slice rest = slice_str(text);
	struct slice line;
	struct err err;
	while (slice_line(&rest, &line)) {
		if (facts_add_text(facts, arena_slicedup(facts->arena, line), &err) < 0) {
			fail_msg("%s", err.msg);
		}
	}
}

static const char *said(struct arena *arena, const struct issues *issues) {
	struct strbuf out;
	strbuf_init(&out, arena);
	for (const struct issue *i = issues->first; i; i = i->next) {
		assert_int_equal(i->kind, ISSUE_CONTRADICTION);
		assert_true(i->origin[0] != '\0');
		strbuf_printf(&out, "%s%s %s %s", out.len > 0 ? "; " : "", i->key,
		              severity_name(i->severity), i->effective);
	}
	return out.data;
}

static void test_cases(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena *arena = arena_new();
		struct evidence_store store;
		struct evidence_store recorded;
		struct facts facts;
		struct envset env;
		struct layers_where where = {.home = "/h", .workspace = "/w"};
		evidence_store_init(&store, arena);
		evidence_store_init(&recorded, arena);
		facts_init(&facts, arena);
		envset_init(&env, arena);
		envset_add_block(&env, cases[i].env ? slice_str(cases[i].env) : slice_of("", 0));
		add_facts(&facts, cases[i].facts);
		struct lint lint = {
			.arena = arena, .issues = {.arena = arena}, .where = &where, .env = &env};
		struct world *world = world_replay_open(arena, &store, &recorded);
		lint_constraints(&lint, &facts, world);
		if (!streq(said(arena, &lint.issues), cases[i].said)) {
			fail_msg("%s  says: %s\n  not:  %s", cases[i].facts,
			         said(arena, &lint.issues), cases[i].said);
		}
		world_close(world);
		arena_free(arena);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
