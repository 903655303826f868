/* SPDX-License-Identifier: MIT
 * What configurations that are programs say when they are only read: Lua of several styles, coc, and
 * Emacs Lisp, on a tree of files that exists only here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "probes/editors/emacs_config.h"
#include "probes/editors/neovim_config.h"
#include "tree_fixture.h"

#define NVIM "/home/l/.config/nvim"
#define WORK "/home/l/src/p"

/* "gopls -x {options} {settings}" of what was read; "" when nothing is said. */
static const char *summary(struct bench *b, const struct client_config *c) {
	struct strbuf out;
	strbuf_init(&out, b->arena);
	if (!c) {
		return "";
	}
	strbuf_add(&out, c->command ? c->command : "-");
	for (size_t i = 0; c->args && c->args[i]; i++) {
		strbuf_printf(&out, " %s", c->args[i]);
	}
	strbuf_printf(&out, " %s %s",
	              c->options.node ? jsonc_to_json(b->arena, c->options.node) : "-",
	              c->settings.node ? jsonc_to_json(b->arena, c->settings.node) : "-");
	return out.data;
}

static void assert_lua(const struct entry *entries, const char *expected) {
	struct bench b;
	bench_open(&b, WORK, entries);
	assert_string_equal(summary(&b, neovim_lua_read(&b.exam, NVIM)), expected);
	arena_free(b.arena);
}

static void test_lua_styles(void **state) {
	static const struct entry lspconfig[] = {
		{NVIM "/init.lua",
	         "require('lspconfig').gopls.setup{ on_attach = f, cmd = { 'gopls', '-x' },\n"
	         "settings = { gopls = { gofumpt = true } } }\n"},
		{0}};
	static const struct entry enable[] = {
		{NVIM "/init.lua", "vim.lsp.config('gopls', { init_options = { a = 1 } })"},
		{NVIM "/lsp/gopls.lua", "return { cmd = { 'gopls', '-y' } }"},
		{0}};
	static const struct entry lazy[] = {
		{NVIM "/init.lua", "require('lazy').setup('plugins')"},
		{NVIM "/lua", "d plugins\n"},
		{NVIM "/lua/plugins", "f lsp.lua\nf off.lua\n"},
		{NVIM "/lua/plugins/lsp.lua", "return { 'x/y', opts = { servers = { gopls = { "
	                                      "settings = { gopls = { a = 'b' } } } "
	                                      "} } }"},
		{NVIM "/lua/plugins/off.lua",
	         "return { enabled = false, opts = { servers = { gopls = { cmd = { 'no' } } } } }"},
		{0}};
	static const struct entry start[] = {
		{NVIM "/after/ftplugin/go.lua",
	         "vim.lsp.start({ name = 'rust', cmd = { 'rust-analyzer', '-r' } })\n"
	         "vim.lsp.start({ name = 'go', cmd = { '/opt/bin/gopls', 'serve' } })"},
		{0}};
	static const struct entry module[] = {
		{NVIM "/init.lua", "local c = require('servers.gopls').config\nstart(c)"},
		{NVIM "/lua", "d servers\n"},
		{NVIM "/lua/servers", "f gopls.lua\n"},
		{NVIM "/lua/servers/gopls.lua",
	         "local M = {}\nM.config = { cmd = { 'gopls', 'serve' },\n"
	         "settings = { gopls = { buildFlags = { '-tags x' } } } }\nreturn M"},
		{0}};
	(void)state;
	assert_lua(module, "gopls serve - {\"buildFlags\":[\"-tags x\"]}");
	assert_lua(lspconfig, "gopls -x - {\"gofumpt\":true}");
	assert_lua(enable, "gopls -y {\"a\":1} -");
	assert_lua(lazy, "- - {\"a\":\"b\"}");
	assert_lua(start, "/opt/bin/gopls serve - -");
}

static void test_lua_that_says_nothing(void **state) {
	static const struct entry not_loaded[] = {
		{NVIM "/init.lua", "require('other')"},
		{NVIM "/lua", "f old.lua\n"},
		{NVIM "/lua/old.lua", "require('lspconfig').gopls.setup({ cmd = { 'no' } })"},
		{0}};
	static const struct entry computed[] = {
		{NVIM "/init.lua",
	         "lsp.gopls.setup({ cmd = { vim.fn.expand('~/gopls'), '-x' }, settings = s() })\n"
	         "-- lsp.gopls.setup({ cmd = { 'no' } })"},
		{0}};
	static const struct entry contradicts[] = {
		{NVIM "/init.lua",
	         "lsp.gopls.setup({ cmd = { 'gopls', '-a' } })\n"
	         "lsp.gopls.setup({ cmd = { 'gopls', '-b' }, init_options = { c = 1 } })"},
		{0}};
	/* What is handed on counts only while nothing is said outright; off, or of another server, it is nothing. */
	static const struct entry handed_on[] = {
		{NVIM "/init.lua",
	         "local old = { settings = { gopls = { gofumpt = true } } }\n"
	         "lsp.gopls.setup({ settings = { gopls = { staticcheck = true } } })"},
		{0}};
	static const struct entry off[] = {
		{NVIM "/init.lua",
	         "local a = { enabled = false, settings = { gopls = { gofumpt = true } } }\n"
	         "local b = { settings = { yamlls = { x = 1 } } }"},
		{0}};
	(void)state;
	assert_lua(handed_on, "- - {\"staticcheck\":true}");
	assert_lua(off, "");
	assert_lua(not_loaded, "");
	assert_lua(computed, "");
	assert_lua(contradicts, "- {\"c\":1} -");
}

static void test_coc(void **state) {
	static const struct entry server[] = {{NVIM "/coc-settings.json",
	                                       "{ // c\n\"languageserver\": { \"x\": { "
	                                       "\"command\": \"y\", \"filetypes\": [\"c\"] },\n"
	                                       "\"go\": { \"command\": \"gopls\", \"args\": "
	                                       "[\"--stdio\"], \"filetypes\": [\"go\"] } } }"},
	                                      {0}};
	static const struct entry extension[] = {
		{NVIM "/coc-settings.json",
	         "{ \"go.goplsPath\": \"/opt/gopls\", \"go.goplsOptions\": { \"a\": 1 } }"},
		{0}};
	static const struct entry other[] = {
		{NVIM "/coc-settings.json", "{ \"suggest.noselect\": true }"}, {0}};
	struct bench b;
	(void)state;
	bench_open(&b, WORK, server);
	assert_string_equal(summary(&b, neovim_coc_read(&b.exam, NVIM)), "gopls --stdio - -");
	arena_free(b.arena);
	bench_open(&b, WORK, extension);
	assert_string_equal(summary(&b, neovim_coc_read(&b.exam, NVIM)), "/opt/gopls {\"a\":1} -");
	arena_free(b.arena);
	bench_open(&b, WORK, other);
	assert_null(neovim_coc_read(&b.exam, NVIM));
	arena_free(b.arena);
}

static void assert_emacs(const char *init, const char *dir_locals, const char *expected) {
	const struct entry entries[] = {
		{"/home/l/.emacs.d/init.el", init},
		{dir_locals ? "/home/l/src/.dir-locals.el" : NULL, dir_locals},
		{0}};
	struct bench b;
	bench_open(&b, WORK, entries);
	assert_string_equal(summary(&b, emacs_config_read(&b.exam)), expected);
	arena_free(b.arena);
}

static void test_emacs(void **state) {
	static const char eglot[] = "(require 'eglot) (add-hook 'go-mode-hook #'eglot-ensure)";
	(void)state;
	assert_emacs("(require 'eglot)\n(add-to-list 'eglot-server-programs\n"
	             " '((go-mode go-ts-mode) . (\"gopls\" \"-x\" :initializationOptions (:a t))))",
	             NULL, "gopls -x {\"a\":true} -");
	assert_emacs("(use-package eglot :custom (eglot-workspace-configuration\n"
	             " '((:gopls . ((staticcheck . t))))))",
	             NULL, "- - {\"staticcheck\":true}");
	assert_emacs(
		"(setq-default eglot-workspace-configuration '(:gopls (:a \"b\")) x 1)\n(eglot)",
		NULL, "- - {\"a\":\"b\"}");
	assert_emacs(eglot,
	             "((go-mode . ((eglot-workspace-configuration . ((:gopls . (:a \"b\")))))))",
	             "- - {\"a\":\"b\"}");
	assert_emacs(eglot, "((nil . ((eglot-workspace-configuration . (:gopls (:c 1))))))",
	             "- - {\"c\":1}");
	assert_emacs("(use-package lsp-mode :custom (lsp-go-gopls-server-args '(\"-v\" \"-z\"))\n"
	             "(lsp-go-gopls-server-path \"/opt/gopls\"))\n"
	             "(lsp-register-custom-settings '((\"gopls.gofumpt\" \"yes\") (\"x.y\" t)))",
	             NULL, "/opt/gopls -v -z - {\"gofumpt\":\"yes\"}");
	assert_emacs("(require 'lsp-mode)\n(custom-set-variables '(indent-tabs-mode t)\n"
	             " '(lsp-go-env '((GOFLAGS . \"-mod=mod\") (CGO_ENABLED . \"0\"))))",
	             NULL, "- - {\"env\":{\"GOFLAGS\":\"-mod=mod\",\"CGO_ENABLED\":\"0\"}}");
	assert_emacs("(require 'lsp-mode)\n(setq lsp-go-build-flags [\"-tags=a\"])\n"
	             "(lsp-register-custom-settings '((\"gopls.gofumpt\" t t)))",
	             NULL, "- - {\"buildFlags\":[\"-tags=a\"],\"gofumpt\":true}");
	/* Said twice and not alike, or computed: nothing. */
	assert_emacs("(require 'lsp-mode)\n(setq lsp-go-env '((A . \"1\")))\n"
	             "(setq lsp-go-env '((A . \"2\")) lsp-go-build-flags (my-flags))",
	             NULL, "");
	/* Computed, switched off, of another language, or both clients: nothing. */
	assert_emacs("(add-to-list 'eglot-server-programs `(go-mode . (,(f) \"-x\")))", NULL, "");
	assert_emacs("(use-package eglot :disabled t :config (add-to-list 'eglot-server-programs "
	             "'(go-mode . (\"no\"))))",
	             NULL, "");
	assert_emacs("(add-to-list 'eglot-server-programs '(rust-mode . (\"no\")))", NULL, "");
	assert_emacs("(setq lsp-go-gopls-server-path \"/no\") (lsp) (eglot)", NULL, "");
}

/* The variables of (setenv …): the last value counts; what a condition or a function gives is not known. */
static void test_emacs_environment(void **state) {
	static const struct entry entries[] = {
		{"/home/l/.emacs.d/init.el",
	         "(setenv \"A\" \"1\")\n(use-package x :config (setenv \"B\" \"2\"))\n"
	         "(setenv \"A\" \"3\")\n(when (f) (setenv \"C\" \"4\"))\n"
	         "(setenv \"D\" (f))\n(setenv \"E\" \"5\")\n(setenv \"E\" (f))\n"
	         "(use-package y :if (f) :init (setenv \"F\" \"6\"))\n"},
		{0}};
	struct bench b;
	(void)state;
	bench_open(&b, WORK, entries);
	const struct client_config *c = emacs_config_read(&b.exam);
	assert_non_null(c);
	assert_string_equal(jsonc_to_json(b.arena, c->env.node), "{\"B\":\"2\",\"A\":\"3\"}");
	assert_int_equal(jsonc_get(c->env.node, "A")->key_place.line, 3);
	arena_free(b.arena);
}

/* What Neovim gives itself: file by file, what its files agree on, and nothing of files nobody asks for. */
static void test_lua_environment(void **state) {
	static const struct entry entries[] = {
		{NVIM "/init.lua",
	         "require('env')\nvim.env.A = '1'\nvim.env.A = '2'\n"
	         "vim.env.B = '3'\nif f then vim.env.C = '4' end\nvim.env.D = '5'"},
		{NVIM "/lua", "f env.lua\nf old.lua\n"},
		{NVIM "/lua/env.lua", "vim.fn.setenv('B', '6')\nvim.env.E = '7'"},
		{NVIM "/lua/old.lua", "vim.env.D = '8'"},
		{0}};
	struct bench b;
	(void)state;
	bench_open(&b, WORK, entries);
	const struct client_config *c = neovim_lua_read(&b.exam, NVIM);
	assert_non_null(c);
	assert_string_equal(jsonc_to_json(b.arena, c->own_env[0].node),
	                    "{\"A\":\"2\",\"D\":\"5\"}");
	assert_int_equal(jsonc_get(c->own_env[0].node, "A")->key_place.line, 3);
	assert_string_equal(jsonc_to_json(b.arena, c->own_env[1].node), "{\"E\":\"7\"}");
	assert_string_equal(c->own_env[1].file, NVIM "/lua/env.lua");
	assert_null(c->own_env[2].node);
	arena_free(b.arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lua_styles),
		cmocka_unit_test(test_lua_that_says_nothing),
		cmocka_unit_test(test_lua_environment),
		cmocka_unit_test(test_coc),
		cmocka_unit_test(test_emacs),
		cmocka_unit_test(test_emacs_environment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
