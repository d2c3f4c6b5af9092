// SPDX-License-Identifier: Apache-2.0
// A program whose memory is all malloc's, and that says what its own malloc counts.
//
// Arguments: NAME=VALUE.  threads, mb (of each thread), low and high (block sizes), keep (percent of the
// blocks that stay), big (of 1000 blocks, so many have 140 KB to 2 MB), order (random, lifo, fifo,
// alternate: which are freed), touch (0: only the first byte of a block), blocked (1: something is mapped
// where brk would grow), zero (1: blocks are filled with zeros), end (1: threads end before "ready").
// Then a command a line, each answered by one line: "info" (mallinfo2, or mallinfo before 2.33, and the
// number of arenas of malloc_info), "trim" (RSS before and after malloc_trim(0), "churn", "stop", "live"
// (bytes of blocks by the program's own count).  Ends with its input.
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, THREADS_MOST = 64 };

static long threads = 4, mb = 16, low = 16, high = 512, keep = 50, big, touch = 1, blocked, zero,
	    end;
static char order[16] = "random";

struct worker {
	pthread_t thread;
	void **blocks;
	size_t count, room;
	uint64_t random;
	atomic_long live;
};

static struct worker workers[THREADS_MOST];
static atomic_int ready, running;
static atomic_bool churning;

static uint64_t next(struct worker *w)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random;
}

// Sizes spread over powers of two alike.
static size_t pick_size(struct worker *w)
{
	size_t size = (size_t)low;

	if ((long)(next(w) % 1000) < big)
		return 140000 + next(w) % 2000000;
	while (size * 2 <= (size_t)high && next(w) % 4)
		size *= 2;
	size += next(w) % size;
	return size > (size_t)high ? (size_t)high : size;
}

static void *make(struct worker *w)
{
	size_t size = pick_size(w);
	char *at = malloc(size);

	if (!at)
		exit(1);
	if (touch)
		memset(at, zero ? 0 : 0x41, size);
	else
		*at = 1;
	w->live += (long)malloc_usable_size(at) + 8;
	return at;
}

static void drop(struct worker *w, void *at)
{
	w->live -= (long)malloc_usable_size(at) + 8;
	free(at);
}

// The table of blocks lies outside malloc's memory.
static void push(struct worker *w, void *at)
{
	if (w->count == w->room) {
		size_t room = w->room ? w->room * 2 : 1 << 16;
		void **more = mmap(NULL, room * sizeof(void *), PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (more == MAP_FAILED)
			exit(1);
		if (w->room) {
			memcpy(more, w->blocks, w->count * sizeof(void *));
			munmap(w->blocks, w->room * sizeof(void *));
		}
		w->blocks = more;
		w->room = room;
	}
	w->blocks[w->count++] = at;
}

static bool stays(struct worker *w, size_t i)
{
	if (!strcmp(order, "alternate"))
		return i % 100 < (size_t)keep;
	if (!strcmp(order, "fifo"))
		return i >= w->count * (size_t)(100 - keep) / 100;
	if (!strcmp(order, "lifo"))
		return i < w->count * (size_t)keep / 100;
	return (long)(next(w) % 100) < keep;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	size_t kept = 0;

	while (w->live < mb << 20)
		push(w, make(w));
	for (size_t i = 0; i < w->count; i++) {
		if (stays(w, i))
			w->blocks[kept++] = w->blocks[i];
		else
			drop(w, w->blocks[i]);
	}
	w->count = kept;
	ready++;
	if (end)
		return NULL;
	for (;;) {
		running++;
		while (churning && w->count) {
			size_t i = next(w) % w->count;

			drop(w, w->blocks[i]);
			w->blocks[i] = make(w);
		}
		running--;
		while (!churning)
			usleep(1000);
	}
}

static long rss(void)
{
	char text[4096], *at;
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	at = strstr(text, "VmRSS:");
	return at ? atol(at + 6) * 1024 : 0;
}

static long live(void)
{
	long sum = 0;

	for (long i = 0; i < threads; i++)
		sum += workers[i].live;
	return sum;
}

struct counts {
	size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks,
		keepcost;
};

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static struct counts ask_malloc(void)
{
	struct counts (*now)(void);
	struct mallinfo old;

	*(void **)&now = dlsym(RTLD_DEFAULT, "mallinfo2");
	if (now)
		return now();
	old = mallinfo();
	return (struct counts){ .arena = (unsigned)old.arena,
				.hblks = (unsigned)old.hblks,
				.hblkhd = (unsigned)old.hblkhd,
				.fsmblks = (unsigned)old.fsmblks,
				.uordblks = (unsigned)old.uordblks,
				.fordblks = (unsigned)old.fordblks };
}

static char report[1 << 20], buffer[1 << 16];

static unsigned count_arenas(FILE *to)
{
	unsigned count = 0;
	ssize_t n;

	rewind(to);
	malloc_info(0, to);
	fflush(to);
	n = pread(fileno(to), report, sizeof(report) - 1, 0);
	report[n > 0 ? n : 0] = '\0';
	for (const char *at = report; (at = strstr(at, "<heap nr=")); at++)
		count++;
	return count;
}

static void say(const char *text)
{
	if (write(1, text, strlen(text)) < 0)
		exit(1);
}

static void answer(const char *command, FILE *xml)
{
	char line[512];

	if (!strncmp(command, "info", 4)) {
		struct counts c = ask_malloc();

		snprintf(
			line, sizeof(line),
			"info arena=%zu hblks=%zu hblkhd=%zu fsmblks=%zu uordblks=%zu fordblks=%zu "
			"arenas=%u live=%ld rss=%ld\n",
			c.arena, c.hblks, c.hblkhd, c.fsmblks, c.uordblks, c.fordblks,
			count_arenas(xml), live(), rss());
	} else if (!strncmp(command, "trim", 4)) {
		long before = rss();

		malloc_trim(0);
		snprintf(line, sizeof(line), "trim before=%ld after=%ld\n", before, rss());
	} else if (!strncmp(command, "churn", 5)) {
		churning = true;
		while (running < threads)
			usleep(1000);
		snprintf(line, sizeof(line), "churn\n");
	} else if (!strncmp(command, "stop", 4)) {
		churning = false;
		while (running)
			usleep(1000);
		snprintf(line, sizeof(line), "stop\n");
	} else {
		snprintf(line, sizeof(line), "live=%ld\n", live());
	}
	say(line);
}

static void set(const char *argument)
{
	static const struct {
		const char *name;
		long *to;
	} NAMES[] = {
		{ "threads=", &threads }, { "mb=", &mb },           { "low=", &low },
		{ "high=", &high },       { "keep=", &keep },       { "big=", &big },
		{ "touch=", &touch },     { "blocked=", &blocked }, { "zero=", &zero },
		{ "end=", &end },
	};

	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
		if (!strncmp(argument, NAMES[i].name, strlen(NAMES[i].name)))
			*NAMES[i].to = atol(argument + strlen(NAMES[i].name));
	if (!strncmp(argument, "order=", 6))
		snprintf(order, sizeof(order), "%s", argument + 6);
}

int main(int argc, char **argv)
{
	FILE *xml = fdopen((int)memfd_create("info", 0), "w+");
	char command[64];

	for (int i = 1; i < argc; i++)
		set(argv[i]);
	if (threads > THREADS_MOST || !xml)
		return 1;
	setvbuf(xml, buffer, _IOFBF, sizeof(buffer));
	if (blocked)
		mmap((char *)sbrk(0) + (1 << 20), PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	for (long i = 0; i < threads; i++)
		workers[i].random = 88172645463325252u + (uint64_t)i * 7919u * 104729u;
	// The first thread's blocks are the main arena's.
	if (threads == 1 && end)
		work(&workers[0]);
	for (long i = 0; i < threads && !(threads == 1 && end); i++)
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			return 1;
	while (ready < threads)
		usleep(1000);
	for (long i = 0; i < threads && end && threads > 1; i++)
		pthread_join(workers[i].thread, NULL);
	say("ready\n");
	// One byte at a time: stdio's own buffer would be a block of malloc.
	for (size_t n = 0; read(0, command + n, 1) == 1;) {
		if (command[n] == '\n' || n == sizeof(command) - 1) {
			answer(command, xml);
			n = 0;
		} else {
			n++;
		}
	}
	return 0;
}
