# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The oath: looking changes nothing. For tests that have the system calls of a run, children and all: strace -f -o FILE
# of every call (no -e).

# oath_broken FILE: says what went beyond looking and is true; false when there is nothing. Allowed are the run's own ends of
# pipes, its own output, signals to its own children, its own memory.
oath_broken() {
	local file=$1 own pid broken=1
	if grep -E '(^|[^_a-z])(ptrace|tkill|tgkill|rt_sigqueueinfo|rt_tgsigqueueinfo|process_vm_writev|process_madvise)\(' "$file"; then broken=0; fi
	# The only processes it may signal are those it made: by their number, or by a pidfd that its own pidfd_open of one of them gave.
	own=$(grep -E '(clone3?|v?fork)(\(| resumed)' "$file" | grep -oE '= [0-9]+( |$)' | grep -oE '[0-9]+')
	while read -r pid; do
		if ! grep -qx -- "${pid#-}" <<<"$own"; then
			echo "kill of process $pid, which is not its own"
			broken=0
		fi
	done < <(grep -oE '[^_a-z]kill\(-?[0-9]+' "$file" | grep -oE -- '-?[0-9]+$')
	if grep -q 'pidfd_send_signal(' "$file"; then
		while read -r pid; do
			if ! grep -qx "$pid" <<<"$own"; then
				echo "pidfd_open of process $pid, which is not its own, and signals by pidfd"
				broken=0
			fi
		done < <(grep -oE 'pidfd_open\([0-9]+' "$file" | grep -oE '[0-9]+$')
	fi
	if grep -E 'open(at|at2)?\(.*O_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)' "$file" | grep -vE '"/dev/(null|tty)"| = -1 '; then broken=0; fi
	if grep -E '[^a-z_](creat|unlink(at)?|rename(at2?)?|mkdir(at)?|rmdir|mknod(at)?|(f|l)?chmod(at2?)?|(f|l)?chown(at)?|symlink(at)?|link(at)?|f?truncate|f?setxattr|lsetxattr|f?removexattr|utimensat|utimes|fallocate|copy_file_range|sendfile|mount|umount2|quotactl|flock|setrlimit)\(' "$file" | grep -v 'readlink'; then broken=0; fi
	if grep -E 'fcntl\([0-9]+, F_(OFD_)?SETLKW?,' "$file"; then broken=0; fi
	return $broken
}
