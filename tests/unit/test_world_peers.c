/* SPDX-License-Identifier: MIT
 * Who holds the other end: the parsers, and real pipes and sockets of real processes.
 */
#include "world_fixture.h"

#include "base/fd.h"
#include "world/peers.h"
#include "world/procfs.h"
#include "world/sockets_ask.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct slice text(const char *s) {
	return slice_of(s, strlen(s));
}

static void test_unix_text(void **state) {
	struct fixture *f = *state;
	struct sockets s = {.arena = f->arena};

	sockets_parse_unix(
		&s,
		text("Num       RefCount Protocol Flags    Type St Inode Path\n"
	             "0000000000000000: 00000002 00000000 00010000 0001 01 17001 /run/a b.sock\n"
	             "0000000000000000: 00000003 00000000 00000000 0001 03 17000\n"
	             "0000000000000000: 00000003 00000000 00000000 0001 03 17002 @abstract\n"
	             "0000000000000000: 00000003 00000000 00000000 0001 zz 17003\n"
	             "0000000000000000: 00000003 00000000"));
	sockets_sort(&s);
	assert_int_equal(s.unix_count, 3);
	assert_int_equal(sockets_unix(&s, 17000)->state, SOCKET_ESTABLISHED);
	assert_string_equal(sockets_unix(&s, 17000)->path, "");
	assert_int_equal(sockets_unix(&s, 17001)->state, SOCKET_LISTENING);
	assert_string_equal(sockets_unix(&s, 17001)->path, "/run/a b.sock");
	assert_string_equal(sockets_unix(&s, 17002)->path, "@abstract");
	assert_null(sockets_unix(&s, 17003));
}

static void test_tcp_text(void **state) {
	struct fixture *f = *state;
	struct sockets s = {.arena = f->arena};

	sockets_parse_inet(
		&s,
		text("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt  "
	             " "
	             "uid  timeout inode\n"
	             "   0: 0100007F:1125 00000000:0000 0A 00000000:00000002 00:00000000 00000000  "
	             "1000        0 901 1 0 100 0 0 10 0\n"
	             "   1: 0100007F:1125 0100007F:D431 01 00000010:00000020 00:00000000 00000003  "
	             "1000        0 902 1 0 20 4 30 10 -1\n"
	             "   2: 0100007F:D431 0100007F:1125 01 00000000:00000000 00:00000000 00000000  "
	             "1000        0 903 1 0 20 4 30 10 -1\n"
	             "   3: 0100007F:99999 0100007F:1125 01 0:0 0:0 0 0 0 904\n"),
		false);
	sockets_parse_inet(
		&s,
		text("  sl  local_address\n"
	             "   0: 00000000000000000000000001000000:1125 "
	             "00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 "
	             "00000000     0        0 905 1 0 100 0 0 10 0\n"),
		false);
	sockets_sort(&s);
	assert_int_equal(s.inet_count, 4);
	const struct inet_socket *served = sockets_inet(&s, 902);

	assert_non_null(served);
	assert_int_equal(served->state, SOCKET_ESTABLISHED);
	assert_int_equal(served->unsent, 16);
	assert_int_equal(served->unread, 32);
	assert_int_equal(served->retries, 3);
	assert_int_equal(served->uid, 1000);
	assert_int_equal(sockets_inet_peer(&s, served)->inode, 903);
	assert_string_equal(socket_address_text(f->arena, served->local, served->local_port),
	                    "127.0.0.1:4389");
	assert_string_equal(socket_address_text(f->arena, sockets_inet(&s, 905)->local, 4389),
	                    "[::1]:4389");
}

/* A refusal, an end, and an answer that was cut. */
static void test_datagrams(void **state) {
	struct fixture *f = *state;
	struct sockets s = {.arena = f->arena};
	struct {
		struct nlmsghdr header;
		int32_t error;
	} message = {.header = {.nlmsg_len = sizeof message, .nlmsg_type = NLMSG_ERROR},
	             .error = -EACCES};

	assert_int_equal(sockets_take_datagram(&s, (const char *)&message, sizeof message, false),
	                 -EACCES);
	message.header.nlmsg_type = NLMSG_DONE;
	message.error = 0;
	assert_int_equal(sockets_take_datagram(&s, (const char *)&message, sizeof message, false),
	                 0);
	assert_int_equal(sockets_take_datagram(&s, (const char *)&message, 5, false), 1);
	assert_int_equal(s.unix_count + s.inet_count, 0);
}

/* ---- real ones ---- */

struct family {
	struct peers peers;
	int proc_fd;
};

static void family_open(struct family *family, struct fixture *f) {
	family->proc_fd = proc_open();
	assert_true(family->proc_fd >= 0);
	peers_init(&family->peers, f->arena, family->proc_fd);
	assert_int_equal(peers_take(&family->peers, getpid()), 0);
}

/* A child that keeps one descriptor, as 0, and nothing else; it lives until the test ends. */
static pid_t child_with(struct fixture *f, int fd) {
	int ready[2];
	char byte;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid_t pid = fixture_fork(f);

	if (pid == 0) {
		dup2(ready[1], 99);
		dup2(fd, 0);
		for (int i = 1; i < 99; i++) {
			close(i);
		}
		if (write(99, "x", 1) == 1) {
			close(99);
			pause();
		}
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(read(ready[0], &byte, 1), 0); /* 99 is closed, too */
	close(ready[0]);
	return pid;
}

static void test_pipe(void **state) {
	struct fixture *f = *state;
	struct family family;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t pid = child_with(f, ends[0]);

	close(ends[0]);
	family_open(&family, f);
	struct end ours = peers_end(&family.peers, getpid(), ends[1]);

	assert_int_equal(ours.kind, END_PIPE);
	assert_true(ours.writes && !ours.reads);
	assert_int_equal(peers_of(&family.peers, &ours).state, PEER_UNSEEN);
	peers_search(&family.peers, &ours, 1, clock_now_ns() + LONG_NS);
	struct peer peer = peers_of(&family.peers, &ours);

	assert_int_equal(peer.state, PEER_HELD);
	assert_int_equal(peer.holder_count, 1);
	assert_int_equal(peer.holders[0]->pid, pid);
	assert_int_equal(peer.holders[0]->fd, 0);
	assert_int_equal(peers_end(&family.peers, getpid(), 4000).kind, END_NONE);
	close(ends[1]);
	close(family.proc_fd);
}

static void test_pipe_without_reader(void **state) {
	struct fixture *f = *state;
	struct family family;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[0]);
	family_open(&family, f);
	struct end ours = peers_end(&family.peers, getpid(), ends[1]);

	peers_search(&family.peers, &ours, 1, clock_now_ns() + LONG_NS);
	struct peer peer = peers_of(&family.peers, &ours);

	/* An ordinary user cannot know what the descriptors of others hold. */
	assert_int_equal(peer.holder_count, 0);
	assert_int_equal(peer.state, family.peers.denied > 0 ? PEER_UNSEEN : PEER_CLOSED);
	close(ends[1]);
	close(family.proc_fd);
}

#define MANY 700 /* more than one read of the directory gives */

static bool counts_pipe(void *data, const struct end *end) {
	*(size_t *)data += end->kind == END_PIPE;
	return true;
}

static void test_many_descriptors(void **state) {
	struct fixture *f = *state;
	struct family family;
	size_t before = 0, after = 0;
	int ends[2], more[MANY];

	family_open(&family, f);
	peers_each(&family.peers, getpid(), counts_pipe, &before);
	close(family.proc_fd);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	for (size_t i = 0; i < MANY; i++) {
		more[i] = fcntl(ends[0], F_DUPFD_CLOEXEC, 0);
		assert_true(more[i] >= 0);
	}
	family_open(&family, f);
	peers_each(&family.peers, getpid(), counts_pipe, &after);
	assert_int_equal(after, before + MANY + 2);
	assert_int_equal(peers_end(&family.peers, getpid(), more[MANY - 1]).kind, END_PIPE);
	for (size_t i = 0; i < MANY; i++) {
		close(more[i]);
	}
	close(ends[0]);
	close(ends[1]);
	close(family.proc_fd);
}

static void test_socketpair(void **state) {
	struct fixture *f = *state;
	struct family family;
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(write(ends[1], "hello", 5), 5);
	pid_t pid = child_with(f, ends[0]);

	close(ends[0]);
	family_open(&family, f);
	assert_int_equal(peers_take(&family.peers, pid), 0);
	struct end ours = peers_end(&family.peers, getpid(), ends[1]);
	struct peer peer = peers_of(&family.peers, &ours);

	assert_int_equal(ours.kind, END_UNIX);
	assert_int_equal(peer.state, PEER_HELD);
	assert_false(peer.guessed);
	assert_int_equal(peer.holders[0]->pid, pid);
	assert_int_equal(peer.unread, 0);
	assert_int_equal(peer.unread_there, 5);

	/* The same without the kernel's word. */
	family.peers.sockets[0].has_peers = false;
	peer = peers_of(&family.peers, &ours);
	assert_int_equal(peer.state, PEER_HELD);
	assert_true(peer.guessed);
	assert_int_equal(peer.holders[0]->pid, pid);

	family.peers.sockets[0].has_peers = true;
	fixture_end(f, pid);
	family_open(&family, f);
	ours = peers_end(&family.peers, getpid(), ends[1]);
	assert_int_equal(peers_of(&family.peers, &ours).state, PEER_CLOSED);
	close(ends[1]);
	close(family.proc_fd);
}

/* A daemon's socket: a client that waits, then one that is served. */
static void test_named_socket(void **state) {
	struct fixture *f = *state;
	struct family family;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s/daemon.sock", f->dir);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(listener, 4), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof address), 0);
	family_open(&family, f);
	struct end theirs = peers_end(&family.peers, getpid(), client);
	struct peer peer = peers_of(&family.peers, &theirs);

	assert_int_equal(peer.state, PEER_WAITING);
	assert_string_equal(peer.path, address.sun_path);
	assert_int_equal(peer.holders[0]->fd, listener);

	int served = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	assert_true(served >= 0);
	family_open(&family, f);
	theirs = peers_end(&family.peers, getpid(), client);
	peer = peers_of(&family.peers, &theirs);
	assert_int_equal(peer.state, PEER_HELD);
	assert_int_equal(peer.holders[0]->fd, served);
	assert_string_equal(peer.path, address.sun_path);
	struct end listening = peers_end(&family.peers, getpid(), listener);

	assert_int_equal(peers_of(&family.peers, &listening).state, PEER_NONE);
	assert_int_equal(peers_unix(&family.peers, &listening)->state, SOCKET_LISTENING);
	close(served);
	close(client);
	close(listener);
	close(family.proc_fd);
}

static void test_tcp(void **state) {
	struct fixture *f = *state;
	struct family family;
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(listener, 4), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, len), 0);
	family_open(&family, f);
	struct end theirs = peers_end(&family.peers, getpid(), client);
	struct peer peer = peers_of(&family.peers, &theirs);

	assert_int_equal(peer.state, PEER_WAITING);
	assert_int_equal(peer.holders[0]->fd, listener);
	int served = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	assert_int_equal(write(client, "ping", 4), 4);
	family_open(&family, f);
	theirs = peers_end(&family.peers, getpid(), client);
	peer = peers_of(&family.peers, &theirs);

	assert_int_equal(theirs.kind, END_TCP);
	assert_int_equal(peer.state, PEER_HELD);
	assert_int_equal(peer.holders[0]->fd, served);
	assert_int_equal(peer.unread_there, 4);
	assert_int_equal(peer.tcp->remote_port, ntohs(address.sin_port));
	close(served);
	close(client);
	close(listener);
	close(family.proc_fd);
}

static uint64_t inode_of(int fd) {
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

/* What is asked for is there, with what the kernel counted; the rest is not. */
static void test_inet_counts(void **state) {
	struct fixture *f = *state;
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int datagrams = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t mine[64];
	struct sockets s;
	CLEANUP(fd_closep) int proc_fd = proc_open();

	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(listener, 4), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, len), 0);
	int served = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	assert_int_equal(connect(datagrams, (struct sockaddr *)&address, len), 0);
	assert_int_equal(write(client, "ping", 4), 4);
	sockets_read(&s, f->arena, proc_fd, 0, SOCKETS_TCP | SOCKETS_UDP | SOCKETS_COUNTS);
	const struct inet_socket *here = sockets_inet(&s, inode_of(served));
	const struct inet_socket *udp = sockets_inet(&s, inode_of(datagrams));

	assert_int_equal(s.error, 0);
	assert_int_equal(s.unix_count, 0);
	assert_non_null(here);
	assert_int_equal(here->unread, 4);
	assert_int_equal(here->received_bytes, 4);
	assert_true(here->heard_ms >= 0);
	assert_ptr_equal(sockets_inet_peer(&s, here), sockets_inet(&s, inode_of(client)));
	assert_ptr_equal(sockets_inet_listener(&s, here->local_port),
	                 sockets_inet(&s, inode_of(listener)));
	assert_true(socket_address_is_loopback(here->remote));
	assert_string_equal(socket_host_text(f->arena, here->remote), "127.0.0.1");
	assert_non_null(udp);
	assert_true(udp->is_udp && !here->is_udp);
	assert_null(sockets_inet_peer(&s, udp)); /* of its own kind */

	sockets_read(&s, f->arena, proc_fd, 0, SOCKETS_TCP);
	assert_null(sockets_inet(&s, inode_of(datagrams)));
	assert_int_equal(sockets_inet(&s, inode_of(served))->received_bytes, -1);

	size_t count = sockets_of_process(proc_fd, getpid(), mine, 64), found = 0;

	for (size_t i = 0; i < count; i++) {
		found += mine[i] == inode_of(served) || mine[i] == inode_of(datagrams);
	}
	assert_int_equal(found, 2);
	close(datagrams);
	close(served);
	close(client);
	close(listener);
}

static void test_fifo(void **state) {
	struct fixture *f = *state;
	struct family family;
	char path[128];

	snprintf(path, sizeof path, "%s/fifo", f->dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int writer = open(path, O_WRONLY | O_CLOEXEC);

	family_open(&family, f);
	struct end ours = peers_end(&family.peers, getpid(), reader);
	struct peer peer = peers_of(&family.peers, &ours);

	assert_int_equal(ours.kind, END_FIFO);
	assert_int_equal(peer.state, PEER_HELD);
	assert_int_equal(peer.holders[0]->fd, writer);
	close(writer);
	close(reader);
	close(family.proc_fd);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_unix_text, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_tcp_text, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_datagrams, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_pipe, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_pipe_without_reader, fixture_setup,
	                                        fixture_teardown),
		cmocka_unit_test_setup_teardown(test_many_descriptors, fixture_setup,
	                                        fixture_teardown),
		cmocka_unit_test_setup_teardown(test_socketpair, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_named_socket, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_tcp, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_inet_counts, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_fifo, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
