// SPDX-License-Identifier: Apache-2.0
#include "jvm/attach.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/tree.h"
#include "os/clock.h"
#include "os/localsocket.h"
#include "os/process.h"
#include "parse/status.h"

enum { ARGUMENTS = 3, V1_TEXT_LIMIT = 1024, NAME_ROOM = 32, REASON_LIMIT = 120 };

void attach_init(struct attach *a, const struct tree *files, int pid, int ns_pid)
{
	*a = (struct attach){
		.files = files, .pid = pid, .ns_pid = ns_pid, .seconds = ATTACH_SECONDS
	};
}

void attach_wait(struct attach *a, unsigned seconds)
{
	a->seconds = seconds;
}

bool attach_is_forbidden(struct span arguments)
{
	size_t at;

	return span_find(arguments, "-XX:+DisableAttachMechanism", &at);
}

static bool read_status(const struct attach *a, struct arena *mem, struct status *out,
			struct fail *why)
{
	char path[NAME_ROOM];
	struct span text;

	snprintf(path, sizeof(path), "/proc/%d/status", a->pid);
	return tree_read(a->files, path, mem, &text, why) && status_parse(text, out, why);
}

static bool open_socket(const struct attach *a, const struct status *s, int *fd, struct fail *why)
{
	char path[NAME_ROOM];
	struct localsocket_peer peer = {
		.pid = a->pid, .path = path, .uid = s->euid, .gid = s->egid
	};

	snprintf(path, sizeof(path), "tmp/.java_pid%d", a->ns_pid);
	return localsocket_open(&peer, a->deadline_ns, fd, why);
}

static bool may_signal(const struct status *s, struct fail *why)
{
	if (s->state == 'T' || s->state == 't')
		return fail(why, FAIL_ABSENT, "the process is stopped: it would not answer");
	if (s->state == 'Z' || s->state == 'X')
		return fail(why, FAIL_GONE, "process %d has ended", s->pid);
	if (!status_catches(s, SIGQUIT))
		return fail(why, FAIL_ABSENT,
			    "the VM does not catch SIGQUIT (-Xrs, or it is still starting) and has "
			    "no attach socket");
	return true;
}

static bool wait_for_socket(const struct attach *a, const struct status *s, const struct process *p,
			    int *fd, struct fail *why)
{
	long pause_ns = 1000000;

	for (;;) {
		struct timespec pause = { .tv_nsec = pause_ns };

		nanosleep(&pause, NULL);
		if (open_socket(a, s, fd, why))
			return true;
		if (process_is_gone(p))
			return fail(why, FAIL_GONE, "process %d has ended", a->pid);
		if (why->kind == FAIL_DENIED)
			return false; // it is there, but not the target's
		if (clock_is_over(a->deadline_ns))
			return fail(why, FAIL_OS, "the VM made no attach socket within %u s",
				    a->seconds);
		if (pause_ns < 50000000)
			pause_ns *= 2;
	}
}

// The sign and the signal.  All signals to us wait meanwhile, so that the sign never stays.
static bool ask_for_socket(const struct attach *a, struct arena *mem, int *fd, struct fail *why)
{
	struct process_mark mark;
	struct process p;
	struct status s;
	char name[NAME_ROOM];
	sigset_t all, before;
	bool done;

	if (!process_open(a->pid, &p, why))
		return false;
	// Read again behind the hold: it must be the process that was asked about.
	if (!read_status(a, mem, &s, why) || !may_signal(&s, why)) {
		process_close(&p);
		return false;
	}
	p.uid = s.euid;
	p.gid = s.egid;
	snprintf(name, sizeof(name), ".attach_pid%d", a->ns_pid);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	done = (process_mark(&p, "cwd", name, &mark, why) ||
		process_mark(&p, "root/tmp", name, &mark, why));
	if (done) {
		done = process_signal(&p, SIGQUIT, why) && wait_for_socket(a, &s, &p, fd, why);
		process_unmark(&mark);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	process_close(&p);
	return done;
}

static bool open_session(const struct attach *a, struct arena *mem, int *fd, struct fail *why)
{
	struct status s;

	if (!read_status(a, mem, &s, why))
		return false;
	if (s.state == 'T' || s.state == 't')
		return fail(why, FAIL_ABSENT, "the process is stopped: it would not answer");
	if (open_socket(a, &s, fd, why))
		return true;
	// Only a missing file calls for the signal: a VM whose listener runs would dump its
	// threads.
	return why->kind == FAIL_ABSENT && ask_for_socket(a, mem, fd, why);
}

struct request {
	int version; // of the protocol
	const char *operation;
	const char *argument[ARGUMENTS]; // up to a NULL
};

struct reply {
	int64_t result; // the VM's number: 0 done
	struct span text;
};

// v1: "1", operation and always three arguments, each with a NUL.  v2: "2", the length of the
// payload, and the payload: operation and arguments, each with a NUL.
static size_t put(char *to, const char *text)
{
	size_t len = strlen(text) + 1;

	memcpy(to, text, len);
	return len;
}

static struct span request_bytes(const struct request *r, struct arena *mem)
{
	size_t len = strlen(r->operation) + 1, n = 0;
	int given = 0;
	char *bytes;

	while (given < ARGUMENTS && r->argument[given])
		len += strlen(r->argument[given++]) + 1;
	bytes = arena_get(mem, len + 32);
	if (r->version == 2) {
		n += put(bytes, "2");
		n += (size_t)sprintf(bytes + n, "%zu", len) + 1;
	} else {
		n += put(bytes, "1");
	}
	n += put(bytes + n, r->operation);
	for (int i = 0; i < given; i++)
		n += put(bytes + n, r->argument[i]);
	if (r->version != 2)
		n += (size_t)(ARGUMENTS - given); // the others are empty: arena memory is zero
	return (struct span){ bytes, n };
}

static bool parse_reply(struct span bytes, struct reply *out, struct fail *why)
{
	uint64_t number = 0;
	struct span line;
	bool negative;

	if (!span_take_until(&bytes, '\n', &line))
		return fail(why, bytes.len ? FAIL_CORRUPT : FAIL_DENIED,
			    "attach: the VM closed the connection without an answer");
	negative = span_take_char(&line, '-');
	if (!span_take_dec(&line, &number) || number > INT32_MAX)
		return fail(why, FAIL_CORRUPT, "attach: not an answer of a HotSpot VM");
	*out = (struct reply){ negative ? -(int64_t)number : (int64_t)number, bytes };
	return true;
}

// One request is one connection.
static bool ask(const struct attach *a, const struct request *r, struct arena *mem,
		struct reply *out, struct fail *why)
{
	struct span bytes;
	bool done;
	int fd = -1;

	if (!open_session(a, mem, &fd, why))
		return false;
	done = localsocket_write(fd, request_bytes(r, mem), a->deadline_ns, why) &&
	       localsocket_read(fd, ATTACH_REPLY_LIMIT, a->deadline_ns, mem, &bytes, why);
	localsocket_close(fd);
	// A connection that is reset is how JDK 8 turns other users away: the process lives.
	if (!done && why->kind == FAIL_GONE)
		why->kind = FAIL_DENIED;
	if (!done)
		return fail_while(why, "attach: %s", r->argument[0]);
	return parse_reply(bytes, out, why);
}

// 24 and later answer "2 ..." to getversion, the others that they don't know it.
static bool learn_version(struct attach *a, struct arena *mem, struct fail *why)
{
	const struct request r = { 1, "getversion", { "options" } };
	struct reply reply = { 0 };
	uint64_t version = 0;

	if (!ask(a, &r, mem, &reply, why))
		return false;
	a->version = !reply.result && span_take_dec(&reply.text, &version) && version >= 2 ? 2 : 1;
	return true;
}

// What the VM said of a request that it refused.
static struct span reason_of(const struct reply *reply)
{
	struct span text = reply->text, line;

	if (!span_take_line(&text, &line) || !line.len)
		return SPAN("no reason given");
	return (struct span){ line.at, line.len < REASON_LIMIT ? line.len : REASON_LIMIT };
}

// One request of a session, in the VM's version of the protocol.
static bool converse(struct attach *a, struct request *r, struct arena *mem, struct reply *out,
		     struct fail *why)
{
	a->refused = false;
	if (a->broken)
		return fail(why, FAIL_ABSENT, "attaching failed before");
	if (!a->deadline_ns)
		a->deadline_ns = clock_in(a->seconds);
	a->broken = true; // unless it answers
	if (!a->version && !learn_version(a, mem, why))
		return false;
	r->version = a->version;
	if (!ask(a, r, mem, out, why))
		return false;
	a->broken = false;
	a->refused = out->result != 0;
	return true;
}

bool attach_was_refused(const struct attach *a)
{
	return a->refused;
}

struct command {
	struct attach *a;
	const char *text;
};

static bool make_reply(void *arg, struct arena *mem, struct span *out, struct fail *why)
{
	const struct command *c = arg;
	struct request r = { .operation = "jcmd", .argument = { c->text } };
	struct reply reply = { 0 };
	struct span reason;

	if (!converse(c->a, &r, mem, &reply, why))
		return false;
	if (reply.result == 0) {
		*out = reply.text;
		return true;
	}
	reason = reason_of(&reply);
	return fail(why, FAIL_ABSENT, "attach: the VM refused %s: %.*s", c->text, (int)reason.len,
		    reason.at);
}

bool attach_run(struct attach *a, const char *command, struct arena *mem, struct span *text,
		struct fail *why)
{
	struct command c = { a, command };
	struct fail here;
	char name[V1_TEXT_LIMIT];
	int n = snprintf(name, sizeof(name), "attach/%s", command);

	if (n < 0 || n >= (int)sizeof(name))
		return fail(why, FAIL_ABSENT, "attach: the command is too long");
	for (char *p = name; *p; p++)
		if (*p == ' ')
			*p = '_';
	if (tree_made(a->files, name, make_reply, &c, mem, text, &here))
		return true;
	return fail(why, here.kind, "%s", here.text);
}

// "0" (JDK 8) or "return code: 0".
static bool parse_loaded(struct span text, int *out)
{
	uint64_t number;
	size_t at;
	bool negative;

	if (span_find(text, ": ", &at))
		text = (struct span){ text.at + at + 2, text.len - at - 2 };
	negative = span_take_char(&text, '-');
	if (!span_take_dec(&text, &number) || number > INT32_MAX)
		return false;
	*out = negative ? -(int)number : (int)number;
	return true;
}

static bool load(struct attach *a, const char *path, struct arena *mem, int *result,
		 struct fail *why)
{
	struct request r = { .operation = "load", .argument = { path, "true", "" } };
	struct reply reply = { 0 };
	struct span reason;

	if (!converse(a, &r, mem, &reply, why))
		return false;
	if (reply.result == 0 && parse_loaded(reply.text, result))
		return true;
	reason = reason_of(&reply);
	return fail(why, FAIL_DENIED, "attach: the VM did not load %s: %.*s", path, (int)reason.len,
		    reason.at);
}

bool attach_load(struct attach *a, const char *name, struct span bytes, struct arena *mem,
		 int *result, struct fail *why)
{
	struct process_mark library;
	struct process p;
	struct status s;
	sigset_t all, before;
	bool done;

	if (!process_open(a->pid, &p, why))
		return false;
	if (!read_status(a, mem, &s, why)) {
		process_close(&p);
		return false;
	}
	p.uid = s.euid;
	p.gid = s.egid;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	done = process_put_library(&p, name, bytes, &library, why);
	if (done) {
		done = load(a, arena_format(mem, "/tmp/%s", name), mem, result, why);
		process_unmark(&library);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	process_close(&p);
	return done;
}
