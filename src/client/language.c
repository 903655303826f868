/* SPDX-License-Identifier: MIT
 */
#include "client/language.h"

#include "base/path.h"
#include "base/str.h"

#define DIRECTORIES_MAX 400

static const struct {
	const char *suffix, *id;
} languages[] = {
	{".go", "go"},
	{".mod", "go.mod"},
	{".c", "c"},
	{".h", "c"},
	{".cc", "cpp"},
	{".cpp", "cpp"},
	{".cxx", "cpp"},
	{".hpp", "cpp"},
	{".py", "python"},
	{".rs", "rust"},
	{".ts", "typescript"},
	{".tsx", "typescriptreact"},
	{".js", "javascript"},
	{".mjs", "javascript"},
	{".jsx", "javascriptreact"},
	{".java", "java"},
	{".rb", "ruby"},
	{".lua", "lua"},
	{".sh", "shellscript"},
	{".zig", "zig"},
	{".cs", "csharp"},
	{".php", "php"},
	{".kt", "kotlin"},
	{".swift", "swift"},
	{".hs", "haskell"},
	{".ml", "ocaml"},
	{".ex", "elixir"},
	{".scala", "scala"},
	{".json", "json"},
	{".yaml", "yaml"},
	{".yml", "yaml"},
	{".html", "html"},
	{".css", "css"},
	{".tex", "latex"},
	{".md", "markdown"},
};

/* Servers people know by name; others are asked about whatever source there is. */
static const struct {
	const char *word; /* occurs in the name of the program */
	const char *ids;
} servers[] = {
	{"gopls", "go"},
	{"clangd", "c cpp"},
	{"ccls", "c cpp"},
	{"pyright", "python"},
	{"pylsp", "python"},
	{"jedi", "python"},
	{"ruff", "python"},
	{"ty", "python"},
	{"rust-analyzer", "rust"},
	{"typescript-language-server", "typescript typescriptreact javascript javascriptreact"},
	{"vtsls", "typescript typescriptreact javascript javascriptreact"},
	{"lua-language-server", "lua"},
	{"bash-language-server", "shellscript"},
	{"zls", "zig"},
	{"jdtls", "java"},
	{"solargraph", "ruby"},
	{"ruby-lsp", "ruby"},
	{"yaml-language-server", "yaml"},
	{"texlab", "latex"},
};

const char *language_of_file(const char *path) {
	for (size_t i = 0; i < sizeof(languages) / sizeof(*languages); i++) {
		if (str_ends(path, languages[i].suffix)) {
			return languages[i].id;
		}
	}
	return "plaintext";
}

static const char *ids_of(const char *program) {
	const char *base = path_base(program);
	for (size_t i = 0; i < sizeof(servers) / sizeof(*servers); i++) {
		if (streq(base, servers[i].word) ||
		    (strlen(servers[i].word) > 3 && str_has(base, servers[i].word))) {
			return servers[i].ids;
		}
	}
	return NULL;
}

static bool fits(const char *name, const char *ids) {
	const char *id = language_of_file(name);
	if (!ids) {
		return !streq(id, "plaintext") && !streq(id, "markdown") && !streq(id, "json") &&
		       !streq(id, "yaml") && !streq(id, "go.mod");
	}
	struct slice rest = slice_str(ids), word;
	while (slice_cut(&rest, ' ', &word)) {
		if (slice_eq(word, id)) {
			return true;
		}
	}
	return false;
}

static bool is_entered(const char *name) {
	static const char *const others[] = {"node_modules", "vendor", "target",     "build",
	                                     "dist",         "venv",   "__pycache__"};
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		if (streq(name, others[i])) {
			return false;
		}
	}
	return name[0] != '.' && name[0] != '_';
}

/* Tests and generated declarations say less about a project. */
static int rank(const char *name) {
	bool test = str_has(name, "test") || str_has(name, ".d.ts") || str_ends(name, ".h");
	return test ? 1 : 0;
}

const char *language_sample(struct arena *arena, struct world *world, const char *dir,
                            const char *program) {
	const char **queue = arena_array_of(arena, const char *, DIRECTORIES_MAX);
	size_t count = 0;
	const char *ids = ids_of(program), *second = NULL;

	queue[count++] = dir;
	for (size_t next = 0; next < count; next++) {
		const struct evidence *ev = world_look(world, LOOK_DIR, queue[next], LOOK_CAP_DIR);
		struct slice rest = ev->bytes, line;
		while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
			const char *name = line.len > 2 ? arena_slicedup(arena, line) + 2 : "";
			const char *path = path_join(arena, queue[next], name);
			if (line.data[0] == 'd' && count < DIRECTORIES_MAX && is_entered(name)) {
				queue[count++] = path;
			} else if (line.data[0] == 'f' && fits(name, ids)) {
				if (rank(name) == 0) {
					return path;
				}
				second = second ? second : path;
			}
		}
	}
	return second;
}
