// SPDX-License-Identifier: Apache-2.0
#include "parse/cmdline.h"

#include <string.h>

#include "base/arena.h"

// Options of the java launcher whose value is the next argument; the forms with '=' need none.
static const char *const WITH_VALUE[] = {
	"-cp",
	"-classpath",
	"--class-path",
	"-p",
	"--module-path",
	"--add-modules",
	"--limit-modules",
	"--upgrade-module-path",
	"--add-exports",
	"--add-opens",
	"--add-reads",
	"--patch-module",
	"--describe-module",
	"-d",
	"--source",
	"--enable-native-access",
};

// The arguments are NUL-terminated; the last may not be when the kernel cut it.
bool cmdline_take(struct span *rest, struct span *argument)
{
	if (!rest->len)
		return false;
	if (span_take_until(rest, '\0', argument))
		return true;
	*argument = *rest;
	rest->at += rest->len;
	rest->len = 0;
	return true;
}

bool cmdline_has_value(struct span option)
{
	for (size_t i = 0; i < sizeof(WITH_VALUE) / sizeof(WITH_VALUE[0]); i++)
		if (span_is(option, WITH_VALUE[i]))
			return true;
	return false;
}

static struct span behind_last(struct span s, char c)
{
	const char *hit = s.len ? memrchr(s.at, c, s.len) : NULL;

	if (!hit || hit + 1 == s.at + s.len)
		return s;
	return (struct span){ hit + 1, s.len - (size_t)(hit + 1 - s.at) };
}

static const char *printable(struct span s, struct arena *mem)
{
	char *text = arena_copy(mem, s.at, s.len);

	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
	return text;
}

const char *cmdline_main(struct span bytes, struct arena *mem)
{
	struct span launcher, argument, value;

	if (!cmdline_take(&bytes, &launcher))
		return "";
	while (cmdline_take(&bytes, &argument)) {
		bool is_module = span_is(argument, "-m") || span_is(argument, "--module");

		if (span_starts(argument, "--module=")) {
			argument.at += sizeof("--module=") - 1;
			argument.len -= sizeof("--module=") - 1;
			return printable(behind_last(argument, '/'), mem);
		}
		if ((is_module || span_is(argument, "-jar")) && cmdline_take(&bytes, &value))
			return printable(behind_last(value, '/'), mem);
		if (cmdline_has_value(argument))
			cmdline_take(&bytes, &value);
		else if (argument.len && *argument.at != '-' && *argument.at != '@')
			return printable(span_starts(argument, "/") ? behind_last(argument, '/')
								    : argument,
					 mem);
	}
	return printable(behind_last(launcher, '/'), mem);
}

const char *cmdline_text(struct span bytes, struct arena *mem)
{
	char *text;

	while (bytes.len && !bytes.at[bytes.len - 1])
		bytes.len--;
	text = arena_copy(mem, bytes.at, bytes.len);
	for (size_t i = 0; i < bytes.len; i++) {
		if (!text[i])
			text[i] = ' ';
		else if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
	}
	return text;
}
