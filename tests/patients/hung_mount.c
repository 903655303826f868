/* SPDX-License-Identifier: MIT
 * hung_mount DIR: mounts a filesystem there that takes every request and answers none, as a dead
 * NFS server or a sick FUSE daemon does. Says "mounted" and stays until it is killed; then the
 * kernel ends all that waited. Speaks to /dev/fuse itself (linux/fuse.h), so that no library is
 * needed. Needs root.
 */
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static void greet(int fd, const struct fuse_in_header *in) {
	struct {
		struct fuse_out_header header;
		struct fuse_init_out init;
	} out = {
		.header = {.len = sizeof(out), .unique = in->unique},
		.init = {.major = FUSE_KERNEL_VERSION,
	                 .minor = FUSE_KERNEL_MINOR_VERSION,
	                 .max_write = 4096},
	};

	if (write(fd, &out, sizeof(out)) < 0) {
		perror("answer to FUSE_INIT");
	}
}

int main(int argc, char **argv) {
	static _Alignas(struct fuse_in_header) char request[256 * 1024];
	char options[128];
	int fd = open("/dev/fuse", O_RDWR);

	if (argc != 2 || fd < 0) {
		perror("/dev/fuse");
		return 2;
	}
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
	         fd);
	if (mount("hung", argv[1], "fuse", MS_NOSUID | MS_NODEV, options) < 0) {
		perror("mount");
		return 2;
	}
	puts("mounted");
	fflush(stdout);
	while (read(fd, request, sizeof(request)) > 0) {
		struct fuse_in_header in;

		memcpy(&in, request, sizeof(in));
		if (in.opcode == FUSE_INIT) {
			greet(fd, &in);
		}
	}
	return 0;
}
