// SPDX-License-Identifier: Apache-2.0
#include "parse/procstat.h"

#include <limits.h>
#include <string.h>

#include "base/fail.h"

// Field numbers as in proc(5); those behind the name are plain decimal numbers, some negative.
enum field {
	FIELD_STATE = 3,
	FIELD_PPID = 4,
	FIELD_MINOR_FAULTS = 10,
	FIELD_MAJOR_FAULTS = 12,
	FIELD_USER = 14,
	FIELD_SYSTEM = 15,
	FIELD_THREADS = 20,
	FIELD_STARTED = 22,
	FIELD_LAST = FIELD_STARTED,
};

// The name may hold blanks and parentheses: it ends at the last ')' of the line.
static bool take_name(struct span *rest, struct procstat *p)
{
	const char *close;
	size_t len;

	if (!span_take_text(rest, " ("))
		return false;
	close = rest->len ? memrchr(rest->at, ')', rest->len) : NULL;
	if (!close)
		return false;
	len = (size_t)(close - rest->at);
	if (len && memchr(rest->at, '\0', len))
		return false;
	if (len >= sizeof(p->name))
		len = sizeof(p->name) - 1;
	memcpy(p->name, rest->at, len);
	p->name[len] = '\0';
	rest->len -= (size_t)(close + 1 - rest->at);
	rest->at = close + 1;
	return true;
}

static bool take_ticks(uint64_t ticks, uint64_t *ns)
{
	return !__builtin_mul_overflow(ticks, (uint64_t)PROCSTAT_TICK_NS, ns);
}

static bool take_field(int field, struct span word, struct procstat *p)
{
	uint64_t n;

	if (field == FIELD_STATE) {
		p->state = *word.at;
		return word.len == 1;
	}
	span_take_char(&word, '-'); // of fields that are not kept
	if (!span_take_dec(&word, &n) || word.len)
		return false;
	switch (field) {
	case FIELD_PPID:
		p->ppid = (int)n;
		return n <= INT_MAX;
	case FIELD_MINOR_FAULTS:
		p->minor_faults = n;
		return true;
	case FIELD_MAJOR_FAULTS:
		p->major_faults = n;
		return true;
	case FIELD_USER:
		return take_ticks(n, &p->user_ns);
	case FIELD_SYSTEM:
		return take_ticks(n, &p->system_ns);
	case FIELD_THREADS:
		p->threads = n;
		return true;
	case FIELD_STARTED:
		return take_ticks(n, &p->started_ns);
	default:
		return true;
	}
}

bool procstat_parse(struct span text, struct procstat *out, struct fail *why)
{
	struct procstat got = { 0 };
	struct span word;
	uint64_t pid;

	if (text.len && text.at[text.len - 1] == '\n')
		text.len--;
	if (!span_take_dec(&text, &pid) || pid > INT_MAX || !take_name(&text, &got))
		return fail(why, FAIL_CORRUPT, "stat has no process id and name");
	got.pid = (int)pid;
	for (int field = FIELD_STATE; field <= FIELD_LAST; field++)
		if (!span_take_word(&text, &word) || !take_field(field, word, &got))
			return fail(why, FAIL_CORRUPT, "stat field %d makes no sense", field);
	*out = got;
	return true;
}
