/* SPDX-License-Identifier: MIT */
#include "arena_fixture.h"

#include "base/str.h"
#include "wire/lua.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Texts with their first table: where, name, of, and its value as JSON. */
static const struct {
	const char *text;
	enum lua_place where;
	const char *name;
	const char *of;
	const char *json;
} firsts[] = {
	{"x = { a = 1, b = 'c', ['d-e'] = true, f = nil }", LUA_MEMBER, "x", "",
         "{\"a\":1,\"b\":\"c\",\"d-e\":true}"},
	{"local t = { \"gopls\", \"serve\"; [[-x]] }", LUA_MEMBER, "t", "",
         "[\"gopls\",\"serve\",\"-x\"]"},
	{"require('lspconfig').gopls.setup({ cmd = { 'gopls' } })", LUA_CALL, "setup", "gopls",
         "{\"cmd\":[\"gopls\"]}"},
	{"lsp['gopls'].setup { a = 1 }", LUA_CALL, "setup", "gopls", "{\"a\":1}"},
	{"vim.lsp.config('gopls', { a = 1 })", LUA_NAMED, "config", "gopls", "{\"a\":1}"},
	{"vim.lsp.config['gopls'] = { a = 1 }", LUA_MEMBER, "gopls", "", "{\"a\":1}"},
	{"return { a = 1 }", LUA_RETURN, "", "", "{\"a\":1}"},
	{"f(1, { a = 1 })", LUA_OTHER, "", "", "{\"a\":1}"},
	/* Comments of both kinds, strings that look like them, escapes. */
	{"-- x = { 1 }\n--[[ y = { 2 } ]]\n--[==[ ]] ]==]z = { '--', \"\\97\\n\\\"\" }", LUA_MEMBER,
         "z", "", "[\"--\",\"a\\n\\\"\"]"},
	/* What is not literal is left out: of a table alone, of a list the whole. */
	{"x = { a = f(1, 2), b = function(p, q) local r, s = 1, 2 if p then return end end, c = 3 "
         "}",
         LUA_MEMBER, "x", "", "{\"c\":3}"},
	{"x = { a = { 'b', vim.fn.expand('~/c') }, d = 'e' .. f, g = -1, h = 0x10, i = not j }",
         LUA_MEMBER, "x", "", "{}"},
	{"x = { a = 1, a = 2, b = { } }", LUA_MEMBER, "x", "", "{\"a\":2}"},
	{"x = { a == 1, b = 2.50 }", LUA_MEMBER, "x", "", "{\"b\":2.50}"},
	/* Broken: what is there counts. */
	{"x = { a = 1, b = 'open\n c = 2", LUA_MEMBER, "x", "", "{\"a\":1}"},
	{"x = { a = 1", LUA_MEMBER, "x", "", "{\"a\":1}"},
};

static void test_first_tables(void **state) {
	for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
		const struct lua_table *t = lua_read(*state, slice_str(firsts[i].text))->tables;
		assert_non_null(t);
		assert_int_equal(t->where, firsts[i].where);
		assert_string_equal(t->name, firsts[i].name);
		assert_string_equal(t->of, firsts[i].of);
		assert_string_equal(jsonc_to_json(*state, t->value), firsts[i].json);
	}
}

static void test_tables_know_what_they_stand_in(void **state) {
	const struct lua_text *text = lua_read(
		*state, slice_str("return {\n\topts = function()\n\t\treturn { servers = { gopls = "
	                          "{ cmd = { 'gopls' } } } }\n\tend,\n}\n"));
	static const char *const names[] = {"", "", "servers", "gopls", "cmd"};
	const struct lua_table *t = text->tables;
	const struct lua_table *before = NULL;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_non_null(t);
		assert_string_equal(t->name, names[i]);
		assert_ptr_equal(t->inside, before);
		before = t;
		t = t->next;
	}
	assert_null(t);
	assert_int_equal(before->value->place.line, 3);
	assert_string_equal(text->strings[0], "gopls");
	assert_null(text->strings[1]);
}

/* "NAME=value" of each, "NAME" when the value is not known. */
static void test_variables(void **state) {
	static const char text[] =
		"vim.env.A = 'x' -- c\nvim.env['B C'] = \"y\"; vim.fn.setenv('D', [[z]])\n"
		"vim.env.E = 'a' .. f\nvim.uv.os_setenv('F', f())\n"
		"if f then vim.env.G = 'x' end\nlocal t = { init = function() vim.env.H = 'x' end "
		"}\n"
		"for _, v in ipairs(t) do vim.env.I = 'x' end\nlocal b = vim.env.A == 'q'\n"
		"x.vim.env.J = 'x'\nvim.env.K = 'x' or 'y'\nvim.env.L =\n  'x'\n"
		"vim.loop.os_setenv('M', 'x')\n-- vim.env.N = 'x'\nvim.env.O = vim.env.P";
	struct strbuf out;
	strbuf_init(&out, *state);
	for (const struct lua_variable *v = lua_read(*state, slice_str(text))->variables; v;
	     v = v->next) {
		strbuf_printf(&out, "%s%s%s@%zu+%zu ", v->name, v->value ? "=" : "",
		              v->value ? v->value->string : "", v->place.line, v->place.length);
	}
	assert_string_equal(out.data, "A=x@1+15 B C=y@2+20 D=z@2+25 E@3+15 F@4+24 G@5+15 H@6+15 "
	                              "I@7+15 K@10+15 L=x@11+17 M=x@13+28 O@15+15 ");
}

static void test_bounds(void **state) {
	struct strbuf deep;
	strbuf_init(&deep, *state);
	for (int i = 0; i < LUA_DEPTH_MAX * 4; i++) {
		strbuf_add(&deep, "{a=");
	}
	size_t count = 0;
	for (const struct lua_table *t = lua_read(*state, slice_str(deep.data))->tables; t;
	     t = t->next) {
		count++;
	}
	assert_int_equal(count, LUA_DEPTH_MAX);
	assert_null(lua_read(*state, slice_str(""))->tables);
	assert_null(lua_read(*state, slice_str("--[["))->tables);
	assert_null(lua_read(*state, slice_str("'\\"))->tables);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_tables),
		cmocka_unit_test(test_tables_know_what_they_stand_in),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_bounds),
	};
	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
