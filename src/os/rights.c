// SPDX-License-Identifier: Apache-2.0
// The kernel's rules, for the reasons given below (ptrace(2), "Ptrace access mode checking"):
// reading needs the same user and every capability the target has, or CAP_SYS_PTRACE; a process
// that is not dumpable, and every Yama scope above 0, need CAP_SYS_PTRACE; files of mode 0400
// (pagemap, mem, task/TID/syscall) need the owner or CAP_DAC_READ_SEARCH besides.
#include "os/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/tree.h"

enum { CAPABILITY_DAC_READ_SEARCH = 2, CAPABILITY_SYS_PTRACE = 19 };

// The lines of a status file that decide, ours or the target's.
struct identity {
	uint64_t uid;
	uint64_t permitted, effective; // capabilities
	uint64_t seccomp;
};

struct probe {
	int pid;
	int maps_errno, memory_errno, pages_errno; // 0: can be read
	struct identity we, it;
	uint64_t yama_scope;
	bool filtered; // not even our own memory can be read: no right would help
};

// ---- small files, without a tree: this is about us as much as about the target

static bool read_text(const char *path, char *to, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, to, room - 1);
	close(fd);
	if (n < 0)
		return false;
	to[n] = '\0';
	return true;
}

static uint64_t number_behind(const char *text, const char *key, int base, int skip_words)
{
	const char *at = strstr(text, key);

	if (!at)
		return 0;
	at += strlen(key);
	while (skip_words-- > 0) {
		at += strspn(at, " \t");
		at += strcspn(at, " \t\n");
	}
	return strtoull(at, NULL, base);
}

static bool read_identity(const char *process, struct identity *out)
{
	char path[64], text[4096];

	snprintf(path, sizeof(path), "/proc/%s/status", process);
	if (!read_text(path, text, sizeof(text)))
		return false;
	out->uid = number_behind(text, "\nUid:", 10, 1);
	out->permitted = number_behind(text, "\nCapPrm:", 16, 0);
	out->effective = number_behind(text, "\nCapEff:", 16, 0);
	out->seccomp = number_behind(text, "\nSeccomp:", 10, 0);
	return true;
}

static bool we_have(const struct probe *p, int capability)
{
	return p->we.effective >> capability & 1;
}

// ---- the probes

// Opening decides for files of /proc; maps of some kernels refuse at the first read.
static int try_file(int pid, const char *name, bool read_too)
{
	char path[64], byte;
	int fd, error = 0;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (read_too && read(fd, &byte, 1) < 0)
		error = errno;
	close(fd);
	return error;
}

// Rights are checked before the address: EFAULT means that a real one could be read.
static int try_memory(int pid)
{
	char byte;
	struct iovec to = { &byte, 1 }, from = { NULL, 1 };

	if (process_vm_readv(pid, &to, 1, &from, 1, 0) >= 0 || errno == EFAULT)
		return 0;
	if (errno == ESRCH)
		return ESRCH;
	return try_file(pid, "mem", false);
}

static bool probe(struct probe *p, struct fail *why)
{
	char process[16], text[16];

	snprintf(process, sizeof(process), "%d", p->pid);
	if (!read_identity(process, &p->it)) {
		if (kill(p->pid, 0) && errno == ESRCH)
			return fail(why, FAIL_GONE, "there is no process %d", p->pid);
		return fail(why, FAIL_DENIED,
			    "process %d exists, but /proc hides it from this user (hidepid): "
			    "run as its user, as root or with CAP_SYS_PTRACE",
			    p->pid);
	}
	if (!read_identity("self", &p->we))
		return fail(why, FAIL_ABSENT, "/proc/self/status can't be read: is /proc mounted?");
	if (read_text("/proc/sys/kernel/yama/ptrace_scope", text, sizeof(text)))
		p->yama_scope = strtoull(text, NULL, 10);
	p->filtered = p->we.seccomp == 2 && try_memory(getpid()) != 0;
	p->maps_errno = try_file(p->pid, "maps", true);
	p->memory_errno = try_memory(p->pid);
	p->pages_errno = try_file(p->pid, "pagemap", false);
	if (p->maps_errno == ENOENT || p->maps_errno == ESRCH)
		return fail(why, FAIL_GONE, "process %d is gone", p->pid);
	return true;
}

// ---- the reasons

static bool same_user(const struct probe *p)
{
	return p->we.uid == p->it.uid;
}

// Why Yama forbids reading memory; NULL when it does not.
static const char *yama_reason(const struct probe *p, struct arena *mem)
{
	if (p->yama_scope == 3)
		return "Yama forbids it for everyone until the next boot (ptrace_scope 3)";
	if (!p->yama_scope || we_have(p, CAPABILITY_SYS_PTRACE))
		return NULL;
	return arena_format(mem, "Yama forbids it without CAP_SYS_PTRACE (ptrace_scope %u)",
			    (unsigned)p->yama_scope);
}

static const char *filter_reason(const char *yama, struct arena *mem)
{
	static const char FILTER[] = "a seccomp filter on jledger itself forbids it";

	return yama ? arena_format(mem, "%s, and besides it %s", FILTER, yama) : FILTER;
}

// Why an access that ptrace's rules govern was refused.
static const char *ptrace_reason(const struct probe *p, struct arena *mem, bool attach)
{
	uint64_t lacking = p->it.permitted & ~p->we.permitted;
	const char *yama = attach ? yama_reason(p, mem) : NULL;

	if (p->filtered && attach && !p->maps_errno)
		return filter_reason(yama, mem);
	if (yama && we_have(p, CAPABILITY_SYS_PTRACE))
		return yama;
	if (we_have(p, CAPABILITY_SYS_PTRACE))
		return p->we.seccomp == 2
			       ? filter_reason(NULL, mem)
			       : "the kernel refuses it although CAP_SYS_PTRACE is there (a user "
				 "namespace or a security module)";
	if (!same_user(p))
		return arena_format(mem,
				    "it belongs to uid %u, this is uid %u without CAP_SYS_PTRACE",
				    (unsigned)p->it.uid, (unsigned)p->we.uid);
	if (lacking)
		return arena_format(mem,
				    "same user, but it holds capabilities that jledger lacks "
				    "(mask %llx)",
				    (unsigned long long)lacking);
	if (yama)
		return yama;
	if (p->we.seccomp == 2)
		return filter_reason(NULL, mem);
	return "the process is not dumpable, or a security module forbids it";
}

static const char *pages_reason(const struct probe *p, struct arena *mem)
{
	if (!p->maps_errno && !p->memory_errno && !we_have(p, CAPABILITY_DAC_READ_SEARCH) &&
	    p->pages_errno == EACCES)
		return "the file belongs to another user and CAP_DAC_READ_SEARCH is missing";
	return ptrace_reason(p, mem, false);
}

#define MEMORY                                                                                     \
	"the memory itself, and with it classes, loaders, threads, code and direct buffers one "   \
	"by one"

// What opens the memory of a process whose maps can be read; NULL when nobody can tell.
static const char *memory_gain(const struct probe *p, struct arena *mem)
{
	bool lacking = !we_have(p, CAPABILITY_SYS_PTRACE);

	if (p->yama_scope == 3)
		return "a boot with kernel.yama.ptrace_scope below 3 would add: " MEMORY;
	if (!lacking)
		return p->we.seccomp == 2 ? "running outside this seccomp filter (CAP_SYS_PTRACE "
					    "is there) would "
					    "add: " MEMORY
					  : NULL;
	return arena_format(mem, "CAP_SYS_PTRACE would add: " MEMORY "%s%s",
			    p->yama_scope ? " (as root; or sysctl kernel.yama.ptrace_scope=0, for "
					    "the same user)"
					  : "",
			    p->filtered || (p->we.seccomp == 2 && !p->yama_scope)
				    ? " (outside this seccomp filter; docker run --cap-add "
				      "SYS_PTRACE lifts docker's)"
				    : "");
}

static const char *closed_gain(const struct probe *p, const struct rights *r, struct arena *mem)
{
	static const char PAGES[] = "CAP_DAC_READ_SEARCH besides it: which page is resident";
	const char *memory = memory_gain(p, mem);

	if (!memory || !r->pages_denied)
		return memory;
	return arena_format(mem, "%s; %s", memory, PAGES);
}

static const char *gain_of(const struct probe *p, const struct rights *r, struct arena *mem)
{
	switch (r->tier) {
	case RIGHTS_A:
	case RIGHTS_B:
		return r->pages_denied
			       ? "CAP_DAC_READ_SEARCH would add: which page is resident (pagemap), "
				 "and the stacks of threads that are not Java's"
			       : NULL;
	case RIGHTS_C:
		return closed_gain(p, r, mem);
	case RIGHTS_D:
		return arena_format(
			mem,
			"run %s as root, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH "
			"(kubectl debug --profile=sysadmin)",
			same_user(p) ? "with the capabilities of the target,"
				     : arena_format(mem, "as uid %u,", (unsigned)p->it.uid));
	}
	return NULL;
}

static void judge(const struct probe *p, struct arena *mem, struct rights *out)
{
	*out = (struct rights){ .tier = RIGHTS_B };
	if (p->maps_errno)
		out->maps_denied = ptrace_reason(p, mem, false);
	if (p->memory_errno)
		out->memory_denied = ptrace_reason(p, mem, true);
	if (p->pages_errno)
		out->pages_denied = pages_reason(p, mem);
	if (p->maps_errno)
		out->tier = RIGHTS_D;
	else if (p->memory_errno)
		out->tier = RIGHTS_C;
	else if (we_have(p, CAPABILITY_SYS_PTRACE))
		out->tier = RIGHTS_A;
	out->gain = gain_of(p, out, mem);
}

static bool make_rights(void *arg, struct arena *mem, struct span *out, struct fail *why)
{
	struct probe *p = arg;
	struct rights r;

	if (!probe(p, why))
		return false;
	judge(p, mem, &r);
	*out = rights_print(&r, mem);
	return true;
}

bool rights_read(const struct tree *files, int pid, struct arena *mem, struct rights *out,
		 struct fail *why)
{
	struct probe p = { .pid = pid };
	struct span text;
	char name[32];

	snprintf(name, sizeof(name), "target/%d", pid);
	return tree_made(files, name, make_rights, &p, mem, &text, why) &&
	       rights_parse(text, mem, out, why);
}

// ---- the text form: "tier A", then a line for each text that is there

static const struct {
	const char *key;
	size_t field;
} TEXTS[] = {
	{ "maps ", offsetof(struct rights, maps_denied) },
	{ "memory ", offsetof(struct rights, memory_denied) },
	{ "pages ", offsetof(struct rights, pages_denied) },
	{ "gain ", offsetof(struct rights, gain) },
};
enum { TEXT_COUNT = sizeof(TEXTS) / sizeof(TEXTS[0]) };

struct span rights_print(const struct rights *r, struct arena *mem)
{
	char *text = arena_format(mem, "tier %c\n", "ABCD"[r->tier]);

	for (size_t i = 0; i < TEXT_COUNT; i++) {
		const char *value = *(const char *const *)((const char *)r + TEXTS[i].field);

		if (value)
			text = arena_format(mem, "%s%s%s\n", text, TEXTS[i].key, value);
	}
	return span_of(text);
}

static bool parse_line(struct span line, struct arena *mem, struct rights *r)
{
	for (size_t i = 0; i < TEXT_COUNT; i++) {
		const char **value = (const char **)((char *)r + TEXTS[i].field);

		if (!span_take_text(&line, TEXTS[i].key))
			continue;
		if (*value || !line.len || memchr(line.at, '\0', line.len))
			return false;
		*value = arena_copy(mem, line.at, line.len);
		return true;
	}
	return false;
}

bool rights_parse(struct span text, struct arena *mem, struct rights *out, struct fail *why)
{
	struct rights got = { 0 };
	struct span line;

	if (!span_take_line(&text, &line) || !span_take_text(&line, "tier ") || line.len != 1 ||
	    *line.at < 'A' || *line.at > 'D')
		return fail(why, FAIL_CORRUPT, "rights line 1 names no tier");
	got.tier = (enum rights_tier)(*line.at - 'A');
	for (size_t number = 2; span_take_line(&text, &line); number++)
		if (!parse_line(line, mem, &got))
			return fail(why, FAIL_CORRUPT, "rights line %zu makes no sense", number);
	*out = got;
	return true;
}
