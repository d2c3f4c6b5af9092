// SPDX-License-Identifier: Apache-2.0
// What Debian's zlib, built for glibc, calls and musl lacks.

#include <stdarg.h>
#include <stdio.h>

int __vsnprintf_chk(char *to, size_t room, int flag, size_t size, const char *format,
		    va_list values)
{
	return vsnprintf(to, room, format, values);
}

int __snprintf_chk(char *to, size_t room, int flag, size_t size, const char *format, ...)
{
	va_list values;
	int n;

	va_start(values, format);
	n = vsnprintf(to, room, format, values);
	va_end(values);
	return n;
}
