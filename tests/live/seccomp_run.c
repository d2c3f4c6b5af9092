// SPDX-License-Identifier: Apache-2.0
// Runs a program as sandboxes do that forbid looking into processes: process_vm_readv answers EPERM,
// and opening a path that ends in "/mem" EACCES.  With --of PID just that process is closed, as a
// security module (Yama) closes it, and the program's own memory is not.
//
// A filter can't see paths, so opens go to this process (seccomp user notification, kernel 5.5),
// which reads the path and refuses or lets go on.  Usage: seccomp_run [--of PID] PROGRAM
// ARGUMENTS...  Ends as the program ends.
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define ON(number, action)                                                                         \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, action)
#ifndef SYS_openat2
#define SYS_openat2 437
#endif

static void die(const char *what)
{
	perror(what);
	exit(125);
}

// `only` is the process that is closed; 0: all are.
static int install(unsigned only)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ON(SYS_open, SECCOMP_RET_USER_NOTIF),
		ON(SYS_openat, SECCOMP_RET_USER_NOTIF),
		ON(SYS_openat2, SECCOMP_RET_USER_NOTIF),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, only, 0, only ? 1 : 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		die("no_new_privs");
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			    &program);
}

static void pass_descriptor(int socket, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	struct iovec byte = { "x", 1 };
	struct msghdr m = { .msg_iov = &byte,
			    .msg_iovlen = 1,
			    .msg_control = control.bytes,
			    .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	if (sendmsg(socket, &m, 0) != 1)
		die("sendmsg");
}

static int take_descriptor(int socket)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	char byte;
	struct iovec one = { &byte, 1 };
	struct msghdr m = { .msg_iov = &one,
			    .msg_iovlen = 1,
			    .msg_control = control.bytes,
			    .msg_controllen = sizeof(control.bytes) };
	int fd;

	if (recvmsg(socket, &m, 0) != 1 || !CMSG_FIRSTHDR(&m))
		exit(125);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(int));
	return fd;
}

// A page's rest at a time: a path may lie just before the end of its mapping.
static void read_path(pid_t pid, unsigned long long at, char *to, size_t room)
{
	size_t len = 0;

	memset(to, 0, room);
	while (len < room - 1) {
		size_t n = 4096 - (at + len) % 4096;
		struct iovec local = { to + len, n < room - 1 - len ? n : room - 1 - len };
		struct iovec remote = { (void *)(at + len), local.iov_len };

		if (process_vm_readv(pid, &local, 1, &remote, 1, 0) <= 0 ||
		    memchr(to + len, 0, local.iov_len))
			return;
		len += local.iov_len;
	}
}

static int is_closed(const char *path, unsigned only)
{
	size_t len = strlen(path);
	char memory[64];

	snprintf(memory, sizeof(memory), "/proc/%u/mem", only);
	return only ? !strcmp(path, memory) : len >= 4 && !strcmp(path + len - 4, "/mem");
}

static void answer(int listener, unsigned only)
{
	struct seccomp_notif ask;
	struct seccomp_notif_resp reply;
	char path[4096];

	memset(&ask, 0, sizeof(ask));
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &ask))
		return;
	read_path((pid_t)ask.pid, ask.data.args[ask.data.nr == SYS_open ? 0 : 1], path,
		  sizeof(path));
	memset(&reply, 0, sizeof(reply));
	reply.id = ask.id;
	if (is_closed(path, only))
		reply.error = -EACCES;
	else
		reply.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
}

int main(int argc, char **argv)
{
	int pair[2], listener, status = 0;
	unsigned only = 0;
	pid_t child;

	if (argc > 2 && !strcmp(argv[1], "--of")) {
		only = (unsigned)atoi(argv[2]);
		argc -= 2;
		argv += 2;
	}
	if (argc < 2)
		return 125;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		die("socketpair");
	child = fork();
	if (!child) {
		listener = install(only);
		if (listener < 0)
			die("seccomp");
		pass_descriptor(pair[1], listener);
		close(listener);
		close(pair[0]);
		close(pair[1]);
		execv(argv[1], argv + 1);
		die(argv[1]);
	}
	close(pair[1]);
	listener = take_descriptor(pair[0]);
	for (;;) {
		struct pollfd p = { .fd = listener, .events = POLLIN };

		if (poll(&p, 1, -1) < 0 || p.revents & (POLLHUP | POLLERR))
			break;
		answer(listener, only);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
