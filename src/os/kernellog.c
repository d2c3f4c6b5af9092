// SPDX-License-Identifier: Apache-2.0
#include "os/kernellog.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"

enum {
	RECORD = 8192,       // the kernel's largest: CONSOLE_EXT_LOG_MAX
	RECORDS_AT_A = 4096, // time: a flood of others' messages must not hold us
};

bool kernellog_open(struct kernellog *out, struct fail *why)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return fail_errno(why, errno, "/dev/kmsg");
	if (lseek(fd, 0, SEEK_END) < 0) {
		close(fd);
		return fail_errno(why, errno, "/dev/kmsg");
	}
	out->fd = fd;
	return true;
}

void kernellog_read(struct kernellog *k, void (*line)(void *arg, const char *text), void *arg)
{
	char record[RECORD + 1];

	for (int i = 0; k->fd >= 0 && i < RECORDS_AT_A; i++) {
		ssize_t got = read(k->fd, record, RECORD);
		char *text, *end;

		if (got < 0 && errno == EPIPE) // the oldest were overwritten: the next read goes on
			continue;
		if (got <= 0)
			return;
		record[got] = '\0';
		text = strchr(record, ';'); // Documentation/ABI/testing/dev-kmsg
		if (!text)
			continue;
		end = strchr(++text, '\n');
		if (end)
			*end = '\0';
		line(arg, text);
	}
}

void kernellog_close(struct kernellog *k)
{
	if (k->fd >= 0)
		close(k->fd);
	k->fd = -1;
}
