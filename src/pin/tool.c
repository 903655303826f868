/* SPDX-License-Identifier: MIT */
#include "pin/tool.h"

#include "base/str.h"
#include "gofile/goversion.h"
#include "gofile/semver.h"

#include <errno.h>

#define VERSION_MAX 128

static const char *const gopls_programs[] = {"gopls", NULL};
static const char *const dlv_programs[] = {"dlv", NULL};
static const char *const go_programs[] = {"bin/go", "bin/gofmt", NULL};

static const struct pin_tool tools[] = {
	{"gopls", "golang.org/x/tools/gopls", "golang.org/x/tools/gopls", gopls_programs, false},
	{"dlv", "github.com/go-delve/delve", "github.com/go-delve/delve/cmd/dlv", dlv_programs,
         false},
	{"go", "golang.org/toolchain", "cmd/go", go_programs, true},
	{NULL, NULL, NULL, NULL, false},
};

const struct pin_tool *pin_tools(void) {
	return tools;
}

const struct pin_tool *pin_tool_find(const char *name) {
	for (const struct pin_tool *t = tools; t->name; t++) {
		if (streq(t->name, name)) {
			return t;
		}
	}
	return NULL;
}

static bool is_plain(const char *version) {
	const char *allowed = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-";
	return strlen(version) <= VERSION_MAX && version[strspn(version, allowed)] == '\0';
}

static int go_version(struct arena *arena, const char *text, struct pin_spec *ret,
                      struct err *err) {
	const char *version = str_starts(text, "go") ? text + 2 : text;
	if (!is_plain(version) || !goversion_is_valid(version)) {
		return err_set(err, -EINVAL,
		               "'%s' is no version of Go; expected one like go@1.26.8", text);
	}
	if (goversion_is_lang(version) && goversion_compare(version, "1.21") >= 0) {
		return err_set(err, -EINVAL,
		               "go%s is a language version, no release; name one like go@%s.1",
		               version, version);
	}
	ret->version = arena_strdup(arena, version);
	return 0;
}

static int module_version(struct arena *arena, const char *text, struct pin_spec *ret,
                          struct err *err) {
	const char *version = text[0] == 'v' ? text : arena_printf(arena, "v%s", text);
	if (!is_plain(version) || !semver_is_canonical(version)) {
		return err_set(err, -EINVAL,
		               "'%s' is no exact version of %s; expected one like %s@v0.20.0", text,
		               ret->tool->name, ret->tool->name);
	}
	ret->version = arena_strdup(arena, version);
	return 0;
}

int pin_spec_parse(struct arena *arena, const char *text, struct pin_spec *ret, struct err *err) {
	const char *at = strchr(text, '@');
	*ret = (struct pin_spec){0};
	ret->tool = at ? pin_tool_find(arena_strndup(arena, text, (size_t)(at - text))) : NULL;
	if (!ret->tool) {
		return err_set(err, -EINVAL,
		               "'%s' cannot be pinned; expected gopls@vX, dlv@vX or go@X", text);
	}
	if (streq(at + 1, PIN_NONE)) {
		ret->version = PIN_NONE;
		return 0;
	}
	return ret->tool->is_go ? go_version(arena, at + 1, ret, err)
	                        : module_version(arena, at + 1, ret, err);
}

int pin_version_compare(const struct pin_tool *tool, const char *a, const char *b) {
	return tool->is_go ? goversion_compare(a, b) : semver_compare(a, b);
}

const char *pin_module_version(struct arena *arena, const struct pin_spec *spec,
                               const char *goarch) {
	return spec->tool->is_go ? arena_printf(arena, "%s@v0.0.1-go%s.linux-%s",
	                                        spec->tool->module, spec->version, goarch)
	                         : arena_printf(arena, "%s@%s", spec->tool->module, spec->version);
}
