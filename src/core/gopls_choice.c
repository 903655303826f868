/* SPDX-License-Identifier: MIT */
#include "core/gopls_choice.h"

#include "base/path.h"
#include "base/str.h"

const char *gopls_release_or_latest(const char *version) {
	return version && version[0] == 'v' && !strchr(version, '-') ? version : "latest";
}

const char *gopls_choose_newer(const struct fact_server_age *age) {
	return gopls_release_or_latest(age->newest);
}

const char *gopls_choose_again(const struct fact_server_age *age) {
	return gopls_release_or_latest(age->rebuilds ? age->version : age->newest);
}

const char *gopls_local_go(const struct facts *facts) {
	facts_each (go_version, v, facts) {
		if (streq(v->source, "local") && !str_empty(v->version)) {
			return v->version + (str_starts(v->version, "go") ? strlen("go") : 0);
		}
	}
	return "";
}

const char *goproxy_folder(struct arena *arena, const char *proxy) {
	const char *folder = strpbrk(proxy, ",|") ? NULL : path_from_uri(arena, proxy);
	return folder && folder[0] == '/' ? folder : NULL;
}
