/* SPDX-License-Identifier: MIT */
#include "arena_fixture.h"

#include "base/str.h"
#include "settings/keypath.h"
#include "settings/lint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Layers made of texts instead of files. */
struct bench {
	struct arena *arena;
	struct schema schema;
	struct layers layers;
	struct layers_where where;
	struct evidence_store store;
	struct envset env;
	struct lint lint;
};

static bool is_token(const char *name) {
	return str_has(name, "TOKEN");
}

static struct bench *bench_new(void **state) {
	struct bench *b = arena_new_of(*state, struct bench);
	b->arena = *state;
	schema_init(&b->schema, *state);
	evidence_store_init(&b->store, *state);
	envset_init(&b->env, *state);
	envset_set(&b->env, "HOME", "/h");
	b->where = (struct layers_where){.home = "/h", .workspace = "/w"};
	b->lint = (struct lint){
		.arena = *state,
		.issues = {.arena = *state},
		.schema = &b->schema,
		.layers = &b->layers,
		.where = &b->where,
		.env = &b->env,
		.is_secret = is_token,
	};
	return b;
}

static void add_layer(struct bench *b, enum layer_kind kind, const char *product,
                      const char *text) {
	struct layer *l = &b->layers.items[b->layers.count++];
	const char *file = arena_printf(b->arena, "/%s/%zu", layer_name(kind), b->layers.count);
	struct evidence *ev = evidence_add(&b->store, file);
	ev->state = EV_READ;
	ev->bytes = slice_str(text);
	*l = (struct layer){.kind = kind, .product = product, .file = file, .ev = ev};
	l->doc = jsonc_parse(b->arena, ev->bytes);
	l->root = l->doc->root && l->doc->root->type == JSONC_OBJECT ? l->doc->root : NULL;
}

/* "id key severity" of every issue, in the order they came, joined by "; ". */
static const char *said(struct bench *b) {
	struct strbuf out;
	strbuf_init(&out, b->arena);
	for (const struct issue *i = b->lint.issues.first; i; i = i->next) {
		strbuf_printf(&out, "%s%s %s %s", out.len > 0 ? "; " : "", issue_info(i->kind)->id,
		              i->key, severity_name(i->severity));
	}
	return out.data;
}

static const struct {
	const char *text; /* of the folder's settings */
	const char *said;
} texts[] = {
	/* healthy, odd as it may look */
	{"", ""},
	{"// nothing\n", ""},
	{"{\"go.lintTool\": null, \"go.gopath\": null, \"editor.tabSize\": true, /* x */}", ""},
	{"{\"gopls\": {\"ui.semanticTokens\": true, \"staticcheck\": true, \"pullDiagnostics\": "
         "true}}",
         ""},
	{"{\"gopls\": {\"build.directoryFilters\": [\"-node_modules\", \"+a\"], "
         "\"ui.completion.matcher\": \"fuzzy\", \"ui.diagnostic.diagnosticsDelay\": \"1m0.5s\"}}",
         ""},
	{"{\"go.toolsEnvVars\": {\"GOPATH\": \"${env:HOME}/go\", \"GOFLAGS\": \"-tags=a\"}, "
         "\"go.alternateTools\": {\"gopls\": \"${workspaceFolder}/bin/gopls\", \"x\": \"/y\"}}",
         ""},
	{"{\"go.toolsEnvVars\": {\"CGO_LDFLAGS\": \"-Wl,-rpath=$ORIGIN/lib\"}}", ""},
	{"{\"go.testFlags\": [\"-run=^TestX$\"], \"go.buildFlags\": []}", ""},
	{"{\"go.buildFlags\": [\"-tags=a b\", \"-ldflags=-s -w\", \"-tags\", \"x y\"]}", ""},
	/* the text */
	{"{\"go.lintTool\": \"revive\" \"go.buildTags\": \"x\"}", "parse-error  error"},
	{"{\"a\": 1, /* open\n\"go.buildTags\": \"x\"}",
         "parse-error  error; parse-error  error; lost-key go.buildTags error"},
	{"{\"go.buildTags\": \"x\", \"go.buildTags\": \"y\", \"a\": 1, \"a\": 2}",
         "duplicate-key go.buildTags warning"},
	/* keys of the extension */
	{"{\"go.formatTol\": \"gofumpt\"}", "unknown-key go.formatTol warning"},
	{"{\"go.semanticTokens\": true}", "unknown-key go.semanticTokens warning"},
	{"{\"go.goplsPath\": \"/x\"}", "never-existed go.goplsPath warning"},
	{"{\"go.cachePath\": \"/x\"}", "never-existed go.cachePath error"},
	{"{\"go.gopls\": {\"version\": \"x\"}}", "never-existed go.gopls warning"},
	{"{\"go.docsTool\": \"godoc\"}", "removed-key go.docsTool warning"},
	{"{\"go.logging.level\": \"error\"}", "deprecated-key go.logging.level warning"},
	{"{\"go.languageServerFlags\": \"-rpc.trace\"}", "wrong-type go.languageServerFlags error"},
	{"{\"go.languageServerFlags\": [\"-rpc.trace -logfile=/x\", \"--no-tcp\", "
         "\"-mode=stdio\"]}",
         "bad-flag go.languageServerFlags error; bad-flag go.languageServerFlags error; "
         "bad-flag go.languageServerFlags note"},
	{"{\"go.testFlags\": [\"-tags x\"], \"gopls\": {\"build.buildFlags\": [\"-race -v\"]}}",
         "bad-flag go.testFlags error; bad-flag gopls.build.buildFlags error"},
	{"{\"go.lintTool\": \"golangcilint\"}", "wrong-value go.lintTool error"},
	{"{\"go.enableCodeLens\": {\"runTest\": 1}}",
         "unknown-key go.enableCodeLens.runTest warning"},
	{"{\"go.addTags\": {\"transform\": \"kebab\"}}", "wrong-value go.addTags.transform error"},
	{"{\"go.goroot\": \"${userHome}/go\"}", "never-expands go.goroot error"},
	{"{\"go.toolsEnvVars\": {\"GOCACHE\": \"${go.cachePath}\"}}",
         "never-expands go.toolsEnvVars.GOCACHE error"},
	{"{\"go.toolsEnvVars\": {\"GOPATH\": \"$HOME/go\", \"GOBIN\": \"${env:NOPE}/bin\"}}",
         "never-expands go.toolsEnvVars.GOPATH error; "
         "never-expands go.toolsEnvVars.GOBIN warning"},
	{"{\"go.toolsEnvVars\": {\"GONOSUMCHECK\": \"1\"}}",
         "never-existed go.toolsEnvVars.GONOSUMCHECK warning"},
	{"{\"http.proxy\": \"http://p:1\", \"[go]\": {\"go.lintTool\": \"revive\"}}",
         "wrong-scope http.proxy warning; wrong-scope go.lintTool warning"},
	/* keys of gopls, as v0.24.0 itself judges them */
	{"{\"gopls\": {\"staticchek\": true}}", "unknown-key gopls.staticchek warning"},
	{"{\"gopls\": {\"ui.semanticTokens\": \"true\"}}",
         "wrong-type gopls.ui.semanticTokens error"},
	{"{\"gopls\": {\"ui.semanticTokens\": null}}", "wrong-type gopls.ui.semanticTokens error"},
	{"{\"gopls\": {\"ui\": {\"semanticTokens\": true}}}", "nested-key gopls.ui error"},
	{"{\"gopls.ui.semanticTokens\": true}", "nested-key gopls.ui.semanticTokens error"},
	{"{\"gopls.semanticTokens\": true}", "unknown-key gopls.semanticTokens note"},
	{"{\"gopls\": {\"foo.semanticTokens\": true}}",
         "unknown-key gopls.foo.semanticTokens note"},
	{"{\"gopls\": {\"semanticTokens\": true, \"ui.semanticTokens\": true}}",
         "duplicate-key gopls.ui.semanticTokens error"},
	{"{\"gopls\": {\"build.buildFlags\": \"-tags=x\"}}",
         "wrong-type gopls.build.buildFlags error"},
	{"{\"gopls\": {\"build.env\": {\"A\": 1, \"B\": true}}}",
         "wrong-type gopls.build.env.A error; wrong-type gopls.build.env.B error"},
	{"{\"gopls\": {\"build.directoryFilters\": [\"node_modules\", 1]}}",
         "wrong-value gopls.build.directoryFilters error; "
         "wrong-type gopls.build.directoryFilters error"},
	{"{\"gopls\": {\"ui.completion.matcher\": \"Fuzy\"}}",
         "wrong-value gopls.ui.completion.matcher error"},
	{"{\"gopls\": {\"ui.diagnostic.diagnosticsDelay\": 1}}",
         "wrong-type gopls.ui.diagnostic.diagnosticsDelay error"},
	{"{\"gopls\": {\"ui.diagnostic.analyses\": {\"unusedparam\": true}}}",
         "unknown-key gopls.ui.diagnostic.analyses.unusedparam warning"},
	{"{\"gopls\": {\"ui.diagnostic.annotations\": {\"x\": true}}}",
         "unknown-key gopls.ui.diagnostic.annotations.x error"},
	{"{\"gopls\": {\"build.experimentalWorkspaceModule\": true}}",
         "removed-key gopls.build.experimentalWorkspaceModule warning"},
	{"{\"gopls\": {\"path\": \"/x\"}}", "never-existed gopls.path error"},
	{"{\"gopls\": {\"build.memoryMode\": \"DegradeClosed\"}}",
         "deprecated-key gopls.build.memoryMode warning"},
	{"{\"gopls\": []}", "wrong-type gopls error"},
};

static void test_texts(void **state) {
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct bench *b = bench_new(state);
		add_layer(b, LAYER_FOLDER, "", texts[i].text);
		lint_layers(&b->lint);
		if (!streq(said(b), texts[i].said)) {
			fail_msg("%s\n  says: %s\n  not:  %s", texts[i].text, said(b),
			         texts[i].said);
		}
	}
}

/* What was surely meant is offered, of the type that fits. */
static void test_types_offer_a_fix(void **state) {
	static const struct {
		const char *text, *instead;
	} fixes[] = {
		{"{\"go.useLanguageServer\": \"true\"}", "true"},
		{"{\"go.buildTags\": 3}", "\"3\""},
		{"{\"go.testFlags\": \"-v\"}", "[\"-v\"]"},
		{"{\"gopls\": {\"ui.semanticTokens\": \"true\"}}", "true"},
		{"{\"go.buildFlags\": [\"-tags x\"]}", "\"-tags=x\""},
		{"{\"go.buildFlags\": [\"-race -v\"]}", "\"-race\", \"-v\""},
	};
	for (size_t i = 0; i < sizeof(fixes) / sizeof(fixes[0]); i++) {
		struct bench *b = bench_new(state);
		add_layer(b, LAYER_FOLDER, "", fixes[i].text);
		lint_layers(&b->lint);
		assert_string_equal(b->lint.issues.first->instead, fixes[i].instead);
	}
}

static void test_nearest(void **state) {
	static const struct {
		const char *text;
		const char *instead;
	} wrong[] = {
		{"{\"go.formatTol\": \"x\"}", "\"go.formatTool\": \"x\""},
		{"{\"go.autoUpdate\": true}", "\"go.toolsManagement.autoUpdate\": true"},
		{"{\"go.GOPATH\": \"/x\"}", "\"go.gopath\": \"/x\""},
		{"{\"go.semanticTokens\": true}", "\"gopls\": {\"ui.semanticTokens\": true}"},
		{"{\"gopls\": {\"staticchek\": true}}", "\"ui.diagnostic.staticcheck\""},
		{"{\"go.languageServerFlags\": \"-rpc.trace\"}", "[\"-rpc.trace\"]"},
		{"{\"gopls\": {\"ui.semanticTokens\": \"true\"}}", "true"},
		{"{\"go.goroot\": \"${workspacefolder}/go\"}", "${workspaceFolder}"},
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct bench *b = bench_new(state);
		add_layer(b, LAYER_USER, "VS Code", wrong[i].text);
		lint_layers(&b->lint);
		assert_non_null(b->lint.issues.first);
		assert_string_equal(b->lint.issues.first->instead, wrong[i].instead);
	}
}

static void test_places(void **state) {
	struct bench *b = bench_new(state);
	add_layer(b, LAYER_USER, "VS Code", "{\r\n  \"a\": 1,\r\n  \"go.lintTool\": \"x\"\r\n}");
	lint_layers(&b->lint);
	const struct issue *i = b->lint.issues.first;
	assert_int_equal(i->place.line, 3);
	assert_int_equal(i->place.column, 18);
	assert_int_equal(i->place.length, 3);
}

static void test_scope_depends_on_the_layer(void **state) {
	struct bench *b = bench_new(state);
	add_layer(b, LAYER_USER, "VS Code", "{\"http.proxy\": \"http://p:1\"}");
	lint_layers(&b->lint);
	assert_string_equal(said(b), "");
}

static void test_overrides(void **state) {
	struct bench *b = bench_new(state);
	add_layer(b, LAYER_USER, "VS Code",
	          "{\"go.buildTags\": \"a\", \"go.toolsEnvVars\": {\"A\": \"1\", \"X_TOKEN\": "
	          "\"s3\"}, "
	          "\"http.proxy\": \"http://a:1\"}");
	add_layer(b, LAYER_USER, "VSCodium", "{\"go.buildTags\": \"b\"}");
	add_layer(b, LAYER_PROFILE, "VS Code", "{\"go.testTags\": \"p\"}");
	add_layer(b, LAYER_REMOTE, "VS Code", "{\"go.testTags\": \"r\"}");
	add_layer(b, LAYER_FOLDER, "",
	          "{\"go.buildTags\": \"c\", \"go.toolsEnvVars\": {\"B\": \"2\", \"X_TOKEN\": "
	          "\"t4\"}}");
	lint_layers(&b->lint);
	assert_string_equal(said(b), "overridden go.buildTags note; "
	                             "overridden go.toolsEnvVars.X_TOKEN note; "
	                             "overridden go.buildTags note; overridden go.testTags note");
	for (const struct issue *i = b->lint.issues.first; i; i = i->next) {
		assert_null(strstr(i->message, "s3"));
		assert_null(strstr(i->message, "t4"));
		assert_true(i->other_line == 1);
	}
}

static void test_folders_of_a_window(void **state) {
	static const char folder[] = "{\"go.useLanguageServer\": true, \"go.buildTags\": \"a\"}";
	struct bench *b = bench_new(state);
	add_layer(b, LAYER_WORKSPACE, "", "{\"folders\": [{\"path\": \"a\"}, {\"path\": \"b\"}]}");
	b->layers.items[0].root = NULL;
	add_layer(b, LAYER_FOLDER, "", folder);
	lint_layers(&b->lint);
	assert_string_equal(said(b), "wrong-scope go.useLanguageServer note");
	b = bench_new(state);
	add_layer(b, LAYER_WORKSPACE, "", "{\"folders\": [{\"path\": \".\"}]}");
	b->layers.items[0].root = NULL;
	add_layer(b, LAYER_FOLDER, "", folder);
	lint_layers(&b->lint);
	assert_string_equal(said(b), "");
}

/* An ignored value overrides nothing. */
static void test_ignored_does_not_override(void **state) {
	struct bench *b = bench_new(state);
	add_layer(b, LAYER_USER, "VS Code", "{\"http.proxy\": \"http://a:1\"}");
	add_layer(b, LAYER_FOLDER, "", "{\"http.proxy\": \"http://b:1\"}");
	lint_layers(&b->lint);
	assert_string_equal(said(b), "wrong-scope http.proxy warning");
}

static void test_versions_of_gopls(void **state) {
	static const struct {
		const char *version;
		const char *text;
		const char *said;
	} by_version[] = {
		{"v0.16.2", "{\"gopls\": {\"fileWatcher\": \"off\"}}",
	         "unknown-key gopls.fileWatcher warning"},
		{"v0.16.2", "{\"gopls\": {\"analyses\": {\"ST1000\": false, \"SA9\": true}}}",
	         "unknown-key gopls.analyses.SA9 warning"},
		{"v0.22.0", "{\"gopls\": {\"fileWatcher\": \"off\"}}", ""},
		{"v0.16.2", "{\"gopls\": {\"build.env\": {\"A\": 1}}}", ""},
		{"v0.11.0", "{\"gopls\": {\"build.experimentalWorkspaceModule\": true}}", ""},
		{"v0.99.0", "{\"gopls\": {\"ui.moveDeclaration\": true}}", ""},
		{"(devel)", "{\"gopls\": {\"ui.moveDeclaration\": true}}", ""},
	};
	for (size_t i = 0; i < sizeof(by_version) / sizeof(by_version[0]); i++) {
		struct bench *b = bench_new(state);
		schema_use_builtin_gopls(&b->schema, by_version[i].version);
		add_layer(b, LAYER_FOLDER, "", by_version[i].text);
		lint_layers(&b->lint);
		assert_string_equal(said(b), by_version[i].said);
	}
}

/* Every lore row is meant for something real: what it calls dead is in no schema of today. */
static void test_lore_and_schema_agree(void **state) {
	struct bench *b = bench_new(state);
	static const char *const dead[] = {"go.goplsPath", "go.cachePath", "go.docsTool"};
	for (size_t i = 0; i < sizeof(dead) / sizeof(dead[0]); i++) {
		assert_null(schema_setting(&b->schema, dead[i]));
	}
	assert_true(str_starts(b->schema.gopls_version, "v0.24."));
	assert_string_equal(b->schema.extension_version, "0.57.2");
}

static void test_schema_takes_only_schemas(void **state) {
	struct bench *b = bench_new(state);
	assert_false(schema_take_gopls(&b->schema, slice_str("{}"), "v1", "x"));
	assert_false(schema_take_gopls(&b->schema, slice_str("gopls: no"), "v1", "x"));
	assert_false(schema_take_extension(&b->schema, slice_str("{\"version\": \"1\"}"), "x"));
	assert_true(str_starts(b->schema.gopls_version, "v0.24."));
}

static void test_keypaths(void **state) {
	static const struct {
		const char *root;
		const char *key;
		const char *path;
	} paths[] = {
		{"{}", "go.goroot", "go.goroot"},
		{"{}", "go.toolsEnvVars.GOPATH", "go.toolsEnvVars/GOPATH"},
		{"{}", "go.nope.x", "go.nope.x"},
		{"{}", "http.proxy", "http.proxy"},
		{"{}", "gopls", "gopls"},
		{"{}", "gopls.semanticTokens", "gopls/ui.semanticTokens"},
		{"{}", "gopls.ui.semanticTokens", "gopls/ui.semanticTokens"},
		{"{}", "gopls.build.env.A", "gopls/build.env/A"},
		{"{}", "gopls.analyses.unusedparams", "gopls/ui.diagnostic.analyses/unusedparams"},
		{"{\"gopls\": {\"semanticTokens\": 1}}", "gopls.ui.semanticTokens",
	         "gopls/semanticTokens"},
		{"{\"gopls.ui.semanticTokens\": 1}", "gopls.ui.semanticTokens",
	         "gopls.ui.semanticTokens"},
	};
	struct bench *b = bench_new(state);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct jsonc_doc *doc = jsonc_parse(*state, slice_str(paths[i].root));
		struct keypath p = keypath_of(&b->schema, doc->root, paths[i].key);
		struct strbuf out;
		strbuf_init(&out, *state);
		for (size_t k = 0; p.keys[k]; k++) {
			strbuf_printf(&out, "%s%s", k ? "/" : "", p.keys[k]);
		}
		assert_string_equal(out.data, paths[i].path);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test_setup_teardown(test_types_offer_a_fix, arena_setup,
	                                        arena_teardown),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_scope_depends_on_the_layer),
		cmocka_unit_test(test_overrides),
		cmocka_unit_test(test_folders_of_a_window),
		cmocka_unit_test(test_ignored_does_not_override),
		cmocka_unit_test(test_versions_of_gopls),
		cmocka_unit_test(test_lore_and_schema_agree),
		cmocka_unit_test(test_schema_takes_only_schemas),
		cmocka_unit_test(test_keypaths),
	};
	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
