// SPDX-License-Identifier: Apache-2.0
#include "os/localsocket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "os/clock.h"
#include "os/inside.h"

enum { FIRST_ROOM = 64 << 10, RETRY_NS = 2000000 };

static bool wait_for(int fd, short events, uint64_t deadline_ns, struct fail *why)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = events };
		uint64_t now = clock_now_ns();
		int ready;

		if (now >= deadline_ns)
			return fail(why, FAIL_OS, "no answer in time");
		ready = poll(&p, 1, (int)((deadline_ns - now + 999999) / 1000000));
		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR)
			return fail_errno(why, errno, "waiting for an answer");
	}
}

// An O_PATH descriptor of the socket file, checked: a socket, and the user's.
static bool find_file(const struct localsocket_peer *peer, int *out, struct fail *why)
{
	char root[64];
	struct stat st;
	int fd = inside_open("/proc", peer->pid, peer->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	snprintf(root, sizeof(root), "/proc/%d/root", peer->pid);
	if (fd < 0)
		return fail_errno(why, errno, "%s/%s", root, peer->path);
	if (!fstat(fd, &st) && S_ISSOCK(st.st_mode) && st.st_uid == peer->uid) {
		*out = fd;
		return true;
	}
	close(fd);
	return fail(why, FAIL_DENIED,
		    "%s/%s is not a socket of user %u, but %s of user %u: not used", root,
		    peer->path, peer->uid, S_ISSOCK(st.st_mode) ? "one" : "something else",
		    st.st_uid);
}

// The thread's effective user for the time of one connect().  Raw calls: libc's would switch all
// threads.  The process stays dumpable if it was, so that its /proc files stay its own.
struct disguise {
	bool worn;
	uid_t uid;
	gid_t gid;
	int dumpable;
};

static void put_on(struct disguise *d, uint32_t uid, uint32_t gid)
{
	*d = (struct disguise){ .uid = geteuid(), .gid = getegid() };
	if (d->uid != 0 || uid == 0)
		return;
	d->dumpable = prctl(PR_GET_DUMPABLE);
	if (syscall(SYS_setresgid, -1, gid, -1))
		return; // a root without CAP_SETGID: most peers accept root as well
	if (syscall(SYS_setresuid, -1, uid, -1)) {
		syscall(SYS_setresgid, -1, d->gid, -1);
		return;
	}
	d->worn = true;
}

static void take_off(const struct disguise *d)
{
	if (!d->worn)
		return;
	// Uid 0 is among the saved ids, so this can't fail; if it did, we would go on with less.
	syscall(SYS_setresuid, -1, d->uid, -1);
	syscall(SYS_setresgid, -1, d->gid, -1);
	if (d->dumpable == 1)
		prctl(PR_SET_DUMPABLE, 1);
}

static int connect_as(int sock, const struct sockaddr_un *to, uint32_t uid, uint32_t gid)
{
	struct disguise d;
	int error;

	put_on(&d, uid, gid);
	error = connect(sock, (const struct sockaddr *)to, sizeof(*to)) ? errno : 0;
	take_off(&d);
	return error;
}

static bool check_peer(int sock, int pid, struct fail *why)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		return fail_errno(why, errno, "asking who listens");
	if (peer.pid != pid)
		return fail(why, FAIL_DENIED,
			    "process %d listens at the socket of process %d: not used", peer.pid,
			    pid);
	return true;
}

bool localsocket_open(const struct localsocket_peer *peer, uint64_t deadline_ns, int *fd,
		      struct fail *why)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const struct timespec pause = { .tv_nsec = RETRY_NS };
	int file = -1, sock, error;

	if (!find_file(peer, &file, why))
		return false;
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0) {
		error = errno;
		close(file);
		return fail_errno(why, error, "making a socket");
	}
	snprintf(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%d", file);
	// EAGAIN: the peer's queue of connections is full.
	while ((error = connect_as(sock, &to, peer->uid, peer->gid)) == EAGAIN || error == EINTR)
		if (clock_is_over(deadline_ns) || nanosleep(&pause, NULL))
			break;
	close(file);
	if (error)
		fail_errno(why, error, "connecting to %s", peer->path);
	else if (check_peer(sock, peer->pid, why)) {
		*fd = sock;
		return true;
	}
	close(sock);
	return false;
}

void localsocket_close(int fd)
{
	close(fd);
}

bool localsocket_write(int fd, struct span bytes, uint64_t deadline_ns, struct fail *why)
{
	while (bytes.len) {
		ssize_t n;

		if (!wait_for(fd, POLLOUT, deadline_ns, why))
			return false;
		n = send(fd, bytes.at, bytes.len, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return fail(why, FAIL_GONE, "the peer closed the connection: %s",
				    strerror(errno));
		if (n > 0)
			bytes = (struct span){ bytes.at + n, bytes.len - (size_t)n };
	}
	return true;
}

bool localsocket_read(int fd, size_t limit, uint64_t deadline_ns, struct arena *mem,
		      struct span *out, struct fail *why)
{
	size_t room = FIRST_ROOM, len = 0;
	char *bytes = malloc(room);
	bool done = false;

	while (bytes && wait_for(fd, POLLIN, deadline_ns, why)) {
		ssize_t n = recv(fd, bytes + len, room - len, 0);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n < 0) {
			fail(why, FAIL_GONE, "the peer closed the connection: %s", strerror(errno));
			break;
		}
		if (n == 0) {
			*out = (struct span){ arena_copy(mem, bytes, len), len };
			done = true;
			break;
		}
		len += (size_t)n;
		if (len > limit) {
			fail(why, FAIL_CORRUPT, "the answer has no end (over %zu MB)", limit >> 20);
			break;
		}
		if (len == room) {
			char *more = realloc(bytes, room *= 2);

			if (!more) {
				fail(why, FAIL_OS, "no memory for the answer");
				break;
			}
			bytes = more;
		}
	}
	free(bytes);
	return done;
}
