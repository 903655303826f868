/* SPDX-License-Identifier: MIT
 * A bare LSP client, to compare dialtone with: the same steps, nothing else. It announces no
 * capabilities, starts the server, opens one file, asks for two definitions, completion, hover,
 * symbols and code lenses at once, waits for all answers and the first diagnostics of the file,
 * ends the server with SIGTERM and waits for it.
 *
 *   cc -O2 -D_GNU_SOURCE -o bare_client bench/bare_client.c
 *   bare_client SERVER ROOT FILE OWN STD      OWN and STD are LINE:CHARACTER, from 0, in UTF-16
 * units; STD is behind "pkg."
 *
 * Prints one line: milliseconds since the start of the server until the answer to initialize, the
 * first definition, the last answer, and until the server is gone. It shares no code with dialtone
 * and takes the texts of gopls as they are.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct client {
	FILE *to;
	FILE *from;
	double start_ms;
};

static double now_ms(void) {
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void fail(const char *what) {
	perror(what);
	exit(1);
}

__attribute__((format(printf, 2, 3))) static void send_body(struct client *c, const char *fmt,
                                                            ...) {
	char *body = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&body, fmt, ap) < 0) {
		fail("vasprintf");
	}
	va_end(ap);
	fprintf(c->to, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
	fflush(c->to);
	free(body);
}

/* One message body; to be freed. */
static char *read_body(struct client *c) {
	char line[256];
	size_t length = 0;

	while (fgets(line, sizeof(line), c->from) && strcmp(line, "\r\n") != 0) {
		if (strncmp(line, "Content-Length: ", 16) == 0) {
			length = strtoul(line + 16, NULL, 10);
		}
	}
	char *body = malloc(length + 1);

	if (!body || length == 0 || fread(body, 1, length, c->from) != length) {
		fputs("the server hung up\n", stderr);
		exit(1);
	}
	body[length] = '\0';
	return body;
}

/* The text of a file as a JSON string. */
static char *quoted_file(const char *path) {
	FILE *in = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!in) {
		fail(path);
	}
	FILE *out = open_memstream(&text, &size);

	if (!out) {
		fail("open_memstream");
	}
	fputc('"', out);
	for (int c = fgetc(in); c != EOF; c = fgetc(in)) {
		if (c == '"' || c == '\\') {
			fprintf(out, "\\%c", c);
		} else if (c < ' ') {
			fprintf(out, "\\u%04x", (unsigned)c);
		} else {
			fputc(c, out);
		}
	}
	fputc('"', out);
	fclose(out);
	fclose(in);
	return text;
}

static pid_t start_server(struct client *c, const char *server, const char *root) {
	int in[2];
	int out[2];

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0) {
		fail("pipe2");
	}
	c->start_ms = now_ms();
	pid_t pid = fork();

	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(null, 2);
		if (chdir(root) == 0) {
			execl(server, server, (char *)NULL);
		}
		_exit(127);
	}
	if (pid < 0) {
		fail("fork");
	}
	close(in[0]);
	close(out[1]);
	c->to = fdopen(in[1], "w");
	c->from = fdopen(out[0], "r");
	return pid;
}

static void ask(struct client *c, int id, const char *method, const char *uri, const char *spot) {
	unsigned line = 0;
	unsigned character = 0;

	if (!spot) {
		send_body(
			c,
			"{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"textDocument/%s\",\"params\":{"
			"\"textDocument\":{\"uri\":\"%s\"}}}",
			id, method, uri);
		return;
	}
	if (sscanf(spot, "%u:%u", &line, &character) != 2) {
		fputs("expected LINE:CHARACTER\n", stderr);
		exit(2);
	}
	send_body(c,
	          "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"textDocument/%s\",\"params\":{"
	          "\"textDocument\":{\"uri\":\"%s\"},\"position\":{\"line\":%u,\"character\":%u}}}",
	          id, method, uri, line, character);
}

static int id_of(const char *body) {
	const char *id = strstr(body, "\"id\":");
	const char *method = strstr(body, "\"method\":");

	return id && (!method || method > id + 64) ? atoi(id + 5) : 0;
}

#define LAST_ID 7

/* Until the answers 2 to LAST_ID and the diagnostics are there. */
static void listen_to(struct client *c, const char *file_uri, double *ret_definition_ms) {
	int missing = LAST_ID - 1;
	bool diagnostics = false;

	while (missing > 0 || !diagnostics) {
		char *body = read_body(c);
		int id = id_of(body);

		if (id >= 2 && id <= LAST_ID) {
			missing--;
		}
		if (id == 2) {
			*ret_definition_ms = now_ms() - c->start_ms;
		}
		if (strstr(body, "publishDiagnostics") && strstr(body, file_uri)) {
			diagnostics = true;
		}
		free(body);
	}
}

int main(int argc, char **argv) {
	struct client c = {0};
	double definition_ms = 0;

	if (argc != 6) {
		fputs("usage: bare_client SERVER ROOT FILE OWN STD\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	char *text = quoted_file(argv[3]);
	char *uri = NULL;

	if (asprintf(&uri, "file://%s", argv[3]) < 0) {
		fail("asprintf");
	}
	pid_t pid = start_server(&c, argv[1], argv[2]);

	send_body(&c,
	          "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{"
	          "\"processId\":%d,"
	          "\"rootUri\":\"file://%s\",\"capabilities\":{}}}",
	          (int)getpid(), argv[2]);
	for (int id = 0; id != 1;) {
		char *body = read_body(&c);

		id = id_of(body);
		free(body);
	}
	double initialize_ms = now_ms() - c.start_ms;

	send_body(&c, "{\"jsonrpc\":\"2.0\",\"method\":\"initialized\",\"params\":{}}");
	send_body(&c,
	          "{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/"
	          "didOpen\",\"params\":{\"textDocument\":{"
	          "\"uri\":\"%s\",\"languageId\":\"go\",\"version\":1,\"text\":%s}}}",
	          uri, text);
	ask(&c, 2, "definition", uri, argv[4]);
	ask(&c, 3, "definition", uri, argv[5]);
	ask(&c, 4, "completion", uri, argv[5]);
	ask(&c, 5, "hover", uri, argv[4]);
	ask(&c, 6, "documentSymbol", uri, NULL);
	ask(&c, LAST_ID, "codeLens", uri, NULL);
	listen_to(&c, uri, &definition_ms);
	double all_ms = now_ms() - c.start_ms;

	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	printf("initialize %.1f definition %.1f all %.1f gone %.1f\n", initialize_ms, definition_ms,
	       all_ms, now_ms() - c.start_ms);
	free(text);
	free(uri);
	return 0;
}
