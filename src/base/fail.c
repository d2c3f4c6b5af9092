// SPDX-License-Identifier: Apache-2.0
#include "base/fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool fill(struct fail *why, enum fail_kind kind, const char *format, va_list ap)
{
	if (!why)
		return false;
	why->kind = kind;
	why->os_errno = 0;
	vsnprintf(why->text, sizeof(why->text), format, ap);
	return false;
}

bool fail(struct fail *why, enum fail_kind kind, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fill(why, kind, format, ap);
	va_end(ap);
	return false;
}

bool fail_while(struct fail *why, const char *format, ...)
{
	char cause[sizeof(why->text)];
	size_t used;
	va_list ap;

	if (!why)
		return false;
	memcpy(cause, why->text, sizeof(cause));
	va_start(ap, format);
	vsnprintf(why->text, sizeof(why->text), format, ap);
	va_end(ap);
	used = strlen(why->text);
	snprintf(why->text + used, sizeof(why->text) - used, ": %s", cause);
	return false;
}

static enum fail_kind kind_of_errno(int os_errno)
{
	switch (os_errno) {
	case EPERM:
	case EACCES:
		return FAIL_DENIED;
	case ESRCH:
		return FAIL_GONE;
	case ENOENT:
	case ENOSYS:
	case ENOTTY:
	case EOPNOTSUPP:
		return FAIL_ABSENT;
	default:
		return FAIL_OS;
	}
}

bool fail_errno(struct fail *why, int os_errno, const char *format, ...)
{
	size_t used;
	va_list ap;

	va_start(ap, format);
	fill(why, kind_of_errno(os_errno), format, ap);
	va_end(ap);
	if (!why)
		return false;
	why->os_errno = os_errno;
	used = strlen(why->text);
	snprintf(why->text + used, sizeof(why->text) - used, ": %s", strerror(os_errno));
	return false;
}

const char *fail_kind_name(enum fail_kind kind)
{
	static const char *const NAMES[] = {
		[FAIL_NONE] = "none",     [FAIL_GONE] = "gone",       [FAIL_DENIED] = "denied",
		[FAIL_ABSENT] = "absent", [FAIL_CORRUPT] = "corrupt", [FAIL_OS] = "os",
	};

	return NAMES[kind];
}
