/* SPDX-License-Identifier: MIT
 * leaky leave|inherit|close N PROGRAM: starts PROGRAM N times, one after the other, as an editor starts a server again, with
 * a pipe to it. `leave`: its own end stays open each time; `inherit`: both are closed here, but a file that was opened
 * without O_CLOEXEC goes into every program; `close`: as it should be.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int start(const char *program, int ends[2]) {
	pid_t pid = fork();
	if (pid == 0) {
		dup2(ends[0], STDIN_FILENO);
		execl(program, program, (char *)NULL);
		_exit(127);
	}
	return pid < 0 ? -1 : waitpid(pid, NULL, 0);
}

int main(int argc, char **argv) {
	if (argc != 4) {
		return 2;
	}
	int own = open("/dev/null", O_RDONLY | (strcmp(argv[1], "inherit") == 0 ? 0 : O_CLOEXEC));
	for (int i = 0; i < atoi(argv[2]); i++) {
		int ends[2];
		if (pipe2(ends, O_CLOEXEC) < 0 || start(argv[3], ends) < 0) {
			return 1;
		}
		close(ends[0]);
		if (strcmp(argv[1], "leave") != 0) {
			close(ends[1]);
		}
	}
	return own < 0;
}
