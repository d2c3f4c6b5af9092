// SPDX-License-Identifier: Apache-2.0
#include "parse/status.h"

#include <limits.h>
#include <signal.h>
#include <string.h>

#include "base/fail.h"

// How the value behind a key is written.
enum shape { KILOBYTES, COUNT, HEX, PROCESS, LAST_PROCESS, IDS, SIGNED_COUNT, FLAG };

static const struct key {
	const char *text;
	enum shape shape;
	size_t field;
} KEYS[] = {
#define KEY(text, shape, field)                                                                    \
	{                                                                                          \
		text ":", shape, offsetof(struct status, field)                                    \
	}
	KEY("Tgid", PROCESS, tgid),
	KEY("Pid", PROCESS, pid),
	KEY("PPid", PROCESS, ppid),
	KEY("NSpid", LAST_PROCESS, ns_pid),
	KEY("Uid", IDS, uid),
	KEY("Gid", IDS, gid),
	KEY("VmSize", KILOBYTES, vm_size),
	KEY("VmRSS", KILOBYTES, vm_rss),
	KEY("RssAnon", KILOBYTES, rss_anon),
	KEY("RssFile", KILOBYTES, rss_file),
	KEY("RssShmem", KILOBYTES, rss_shmem),
	KEY("VmSwap", KILOBYTES, vm_swap),
	KEY("VmPTE", KILOBYTES, vm_pte),
	KEY("HugetlbPages", KILOBYTES, hugetlb),
	KEY("Threads", COUNT, threads),
	KEY("SigPnd", HEX, pending),
	KEY("SigCgt", HEX, caught),
	KEY("CoreDumping", FLAG, core_dumping),
	KEY("CapPrm", HEX, cap_permitted),
	KEY("CapEff", HEX, cap_effective),
	KEY("Seccomp", SIGNED_COUNT, seccomp),
#undef KEY
};

static bool take_process(struct span *value, int *to)
{
	uint64_t n;

	if (!span_take_dec(value, &n) || n > INT_MAX)
		return false;
	*to = (int)n;
	return true;
}

// "1000 1000 1000 1000": real and effective are taken.
static bool take_ids(struct span *value, uint32_t to[2])
{
	uint64_t real, effective;

	if (!span_take_dec(value, &real) || !span_take_dec(value, &effective) ||
	    real > UINT32_MAX || effective > UINT32_MAX)
		return false;
	to[0] = (uint32_t)real;
	to[1] = (uint32_t)effective;
	return true;
}

static bool take_value(struct span value, const struct key *key, struct status *s)
{
	void *to = (char *)s + key->field;
	uint64_t *number = to, n;

	switch (key->shape) {
	case KILOBYTES:
		if (!span_take_dec(&value, number) || *number > UINT64_MAX / 1024)
			return false;
		*number *= 1024;
		return true;
	case COUNT:
		return span_take_dec(&value, number);
	case HEX:
		span_skip_blanks(&value);
		return span_take_hex(&value, number);
	case PROCESS:
	case SIGNED_COUNT:
		return take_process(&value, to);
	case LAST_PROCESS:
		if (!take_process(&value, to))
			return false;
		while (take_process(&value, to))
			;
		return true;
	case FLAG:
		if (!span_take_dec(&value, &n))
			return false;
		*(bool *)to = n != 0;
		return true;
	case IDS:
		return take_ids(&value, to);
	}
	return false;
}

static bool take_name(struct span value, struct status *s)
{
	span_skip_blanks(&value);
	if (value.len >= sizeof(s->name))
		value.len = sizeof(s->name) - 1;
	if (value.len && memchr(value.at, '\0', value.len))
		return false;
	memcpy(s->name, value.at, value.len);
	s->name[value.len] = '\0';
	return true;
}

static bool take_state(struct span value, struct status *s)
{
	span_skip_blanks(&value);
	if (!value.len)
		return false;
	s->state = *value.at;
	return true;
}

static bool take_line(struct span line, bool *has_name, struct status *s)
{
	if (span_take_text(&line, "Name:"))
		return *has_name = take_name(line, s);
	if (span_take_text(&line, "State:"))
		return take_state(line, s);
	for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++)
		if (span_take_text(&line, KEYS[i].text)) {
			s->has_memory |= KEYS[i].field == offsetof(struct status, vm_rss);
			return take_value(line, &KEYS[i], s);
		}
	return true;
}

bool status_parse(struct span text, struct status *out, struct fail *why)
{
	struct status got = { .seccomp = -1 };
	bool has_name = false;
	struct span line;

	for (size_t number = 1; span_take_line(&text, &line); number++)
		if (!take_line(line, &has_name, &got))
			return fail(why, FAIL_CORRUPT, "status line %zu (%.*s) makes no sense",
				    number, (int)(line.len < 24 ? line.len : 24), line.at);
	if (!has_name || !got.state || !got.pid)
		return fail(why, FAIL_CORRUPT, "status has no Name, State or Pid");
	if (!got.ns_pid)
		got.ns_pid = got.pid;
	*out = got;
	return true;
}

bool status_catches(const struct status *s, int signal)
{
	return signal > 0 && signal <= STATUS_SIGNALS && s->caught >> (signal - 1) & 1;
}

bool status_is_ending(const struct status *s)
{
	return s->state == 'Z' || s->state == 'X' || !s->has_memory ||
	       (s->pending >> (SIGKILL - 1) & 1 && !s->core_dumping);
}
