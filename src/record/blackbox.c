// SPDX-License-Identifier: Apache-2.0
// The black box: when a trigger fires, a look through the recording seams, its ledger and its verdict go
// to files beside the history, then a command runs that gets the verdict on its standard input.
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "collect/look.h"
#include "diagnose/diagnosis.h"
#include "record/captured.h"
#include "record/inside.h"
#include "store/capture.h"

enum { COMMAND_WORDS = 64 };

static const double COMMAND_S = 60;  // then it is ended
static const double WINDOW_S = 3600; // growth is judged over that long, if there is so much

struct box {
	struct recording *r;
	struct watched *w;
	const char *trigger, *why;
	struct arena mem;
	const char *stem; // of all files
	const char *files;
	struct snapshot now, first;
	struct ledger ledger, first_ledger;
	pulse_rows pulses;
	struct evidence evidence;
	struct diagnosis diagnosis;
};

// "F.db" -> "F-4711-20261201T033000Z-limit", beside it.
static const char *make_stem(struct box *b)
{
	const char *path = b->r->settings->path;
	size_t len = strlen(path);
	time_t at = (time_t)b->now.wall_s;
	char stamp[32] = "";
	struct tm utc;

	if (len > 3 && !strcmp(path + len - 3, ".db"))
		len -= 3;
	if (gmtime_r(&at, &utc))
		strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc);
	return arena_format(&b->mem, "%.*s-%d-%s-%s", (int)len, path, b->w->target.pid, stamp,
			    b->trigger);
}

static const char *name_in(const char *path)
{
	const char *name = strrchr(path, '/');

	return name ? name + 1 : path;
}

static void note_file(struct box *b, const char *path)
{
	const char *name = name_in(path);

	b->files = b->files ? arena_format(&b->mem, "%s\n%s", b->files, name) : name;
}

// Under another name first: a file of the black box is whole or not there.
static void write_file(struct box *b, const char *suffix, void (*print)(struct box *, FILE *))
{
	const char *path = arena_format(&b->mem, "%s.%s", b->stem, suffix);
	const char *part = arena_format(&b->mem, "%s.part", path);
	int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
	bool done = to != NULL;

	if (to) {
		print(b, to);
		done = !fflush(to) && !ferror(to);
		done = !fclose(to) && done;
	}
	if (done && !rename(part, path)) {
		note_file(b, path);
		return;
	}
	recording_say(b->r, "%s: %s", path, strerror(errno));
	unlink(part);
}

static void print_ledger(struct box *b, FILE *to)
{
	b->r->writers->ledger(b->r->writers->arg, &b->evidence, to);
}

static void print_json(struct box *b, FILE *to)
{
	b->r->writers->verdict_json(b->r->writers->arg, &b->evidence, &b->diagnosis, to);
}

static void print_text(struct box *b, FILE *to)
{
	b->r->writers->verdict_text(b->r->writers->arg, &b->evidence, &b->diagnosis, to);
}

// ---- what the history knows: an earlier look to compare with, and samples since

static const struct past_look *choose_first(const past_looks *looks, double now_s)
{
	for (size_t i = 0; i < looks->count; i++)
		if (now_s - looks->at[i].at_s <= WINDOW_S)
			return &looks->at[i];
	return looks->count ? &looks->at[looks->count - 1] : NULL;
}

// The history's clock and the boot clock differ by a constant while this recorder runs.
static void look_back(struct box *b)
{
	struct recording *r = b->r;
	const struct past_look *first;
	struct fail why;
	sample_rows rows;
	past_looks looks;
	double apart;

	b->evidence = (struct evidence){
		.now = &b->now, .first = &b->now, .ledger = &b->ledger, .first_ledger = &b->ledger
	};
	if (!b->w->id || !history_looks(r->history, b->w->id, &b->mem, &looks, &why) ||
	    !history_now(r->history, &apart))
		return;
	apart -= r->boot_s;
	first = choose_first(&looks, b->now.at_s + apart);
	if (!first ||
	    !history_load(r->history, first->id, &b->mem, &b->first, &b->first_ledger, &why)) {
		history_rollback(r->history);
		return;
	}
	b->first.at_s -= apart;
	b->evidence.first = &b->first;
	b->evidence.first_ledger = &b->first_ledger;
	b->evidence.window_s = b->now.at_s - b->first.at_s;
	if (b->evidence.window_s <= 0) {
		b->evidence.first = &b->now;
		b->evidence.first_ledger = &b->ledger;
		b->evidence.window_s = 0;
		return;
	}
	ledger_grow(&b->ledger, &b->first_ledger);
	if (!history_samples(r->history, b->w->id, first->at_s, INFINITY, &b->mem, &rows, &why))
		return;
	vec_push(&b->mem, &b->pulses, pulse_of(&b->first, &b->mem));
	for (size_t i = 0; i < rows.count; i++) {
		struct pulse_row pulse = sample_pulse(&rows.at[i]);

		pulse.at_s -= apart;
		if (pulse.at_s > b->first.at_s && pulse.at_s < b->now.at_s)
			vec_push(&b->mem, &b->pulses, pulse);
	}
	vec_push(&b->mem, &b->pulses, pulse_of(&b->now, &b->mem));
	b->evidence.pulses = &b->pulses;
}

// ---- the command

// Ends one that does not end, and forgets those that did.
void blackbox_reap(struct recording *r, double now_s)
{
	for (int i = 0; i < COMMANDS_AT_ONCE; i++) {
		int status;

		if (!r->command[i].pid)
			continue;
		if (waitpid(r->command[i].pid, &status, WNOHANG) == r->command[i].pid) {
			if (!WIFEXITED(status) || WEXITSTATUS(status))
				recording_say(r, "%s: it failed (status %d)", r->settings->exec,
					      WIFEXITED(status) ? WEXITSTATUS(status)
								: 128 + WTERMSIG(status));
			r->command[i].pid = 0;
		} else if (now_s > r->command[i].until_s) {
			kill(r->command[i].pid, SIGKILL); // our own child
			r->command[i].until_s = INFINITY;
			recording_say(r, "%s: ended after %.0f s", r->settings->exec, COMMAND_S);
		}
	}
}

// Words by blanks: there is no shell that would understand more.
static bool split(const char *text, struct arena *mem, char *words[COMMAND_WORDS + 1])
{
	char *rest = arena_text(mem, text), *word;
	int count = 0;

	while (count < COMMAND_WORDS && (word = strtok_r(count ? NULL : rest, " \t", &rest)))
		words[count++] = word;
	words[count] = NULL;
	return count > 0;
}

static void run_command(struct box *b)
{
	struct recording *r = b->r;
	const char *verdict = arena_format(&b->mem, "%s.doctor.json", b->stem);
	char *words[COMMAND_WORDS + 1];
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none;
	int slot = 0, failed;

	while (slot < COMMANDS_AT_ONCE && r->command[slot].pid)
		slot++;
	if (!r->settings->exec || !split(r->settings->exec, &b->mem, words))
		return;
	if (slot == COMMANDS_AT_ONCE) {
		recording_say(r, "%s is not run: %d of it still are", r->settings->exec,
			      COMMANDS_AT_ONCE);
		return;
	}
	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, verdict, O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	failed = posix_spawnp(&r->command[slot].pid, words[0], &files, &attributes, words, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	if (failed) {
		r->command[slot].pid = 0;
		recording_say(r, "%s: %s", r->settings->exec, strerror(failed));
		return;
	}
	r->command[slot].until_s = b->now.at_s + COMMAND_S;
}

// ---- all of it

static bool write_look(struct recording *r, int64_t tick, void *arg, struct fail *why)
{
	const struct box *b = arg;

	return watched_note(r, b->w, why) &&
	       history_look(r->history, tick, b->w->id, b->trigger, &b->now, &b->ledger, why) &&
	       history_event(r->history, tick, b->w->id, b->trigger, b->why, b->files, why);
}

// The capture is the largest, and the rest tells what it would.
static void write_all(struct box *b, struct capture_writer *capture, const char *name)
{
	struct fail why;

	write_file(b, "map.json", print_ledger);
	write_file(b, "doctor.json", print_json);
	write_file(b, "doctor.txt", print_text);
	if (capture_finish(capture, &why)) {
		const char *path = arena_format(&b->mem, "%s.jlc.zip", b->stem);

		if (!rename(name, path))
			note_file(b, path);
		else
			recording_say(b->r, "%s: %s", path, strerror(errno));
	} else {
		recording_say(b->r, "%s", why.text);
	}
}

static enum trigger first_of(unsigned triggers)
{
	int i = 0;

	while (i + 1 < TRIGGER_COUNT && !(triggers & (1u << i)))
		i++;
	return (enum trigger)i;
}

// Looks, and judges what it saw.  The capture is still to be finished or, on failure, was aborted.
static bool look(struct box *b, const char *name, struct capture_writer **capture, struct fail *why)
{
	static const struct captured_wish WISH = { .may_attach = false, .want_chunks = CHUNKS_FEW };
	struct recording *r = b->r;

	*capture = capture_create(name, b->w->target.pid, &b->mem);
	if (!capture_check(*capture, why) ||
	    !captured_look(*capture, r->files, b->w->target.pid, &WISH, &b->mem, &b->now, why) ||
	    !ledger_build(&b->now, &b->mem, &b->ledger, why)) {
		capture_abort(*capture);
		return false;
	}
	b->stem = make_stem(b);
	look_back(b);
	diagnose(&b->evidence, &b->mem, &b->diagnosis);
	return true;
}

static const char *const SUFFIXES[] = { "map.json", "doctor.json", "doctor.txt", "jlc.zip" };
enum { SUFFIX_COUNT = sizeof(SUFFIXES) / sizeof(SUFFIXES[0]) };

// Those that were written when the limit came near become those of `trigger`: their content is that of
// then, and was on disk then.
static bool take_near(struct box *b)
{
	const char *near = b->w->near_stem;

	if (!near)
		return false;
	b->w->near_stem = NULL;
	// "...-near" -> "...-limit"
	b->stem = arena_format(&b->mem, "%.*s%s", (int)(strlen(near) - strlen("near")), near,
			       b->trigger);
	for (int i = 0; i < SUFFIX_COUNT; i++) {
		const char *from = arena_format(&b->mem, "%s.%s", near, SUFFIXES[i]);
		const char *to = arena_format(&b->mem, "%s.%s", b->stem, SUFFIXES[i]);

		if (!rename(from, to))
			note_file(b, to);
	}
	return b->files != NULL;
}

static bool write_event(struct recording *r, int64_t tick, void *arg, struct fail *why)
{
	const struct box *b = arg;

	return watched_note(r, b->w, why) &&
	       history_event(r->history, tick, b->w->id, b->trigger, b->why, b->files, why);
}

// It died while it was looked at: what the history knows of it is judged instead, where nothing was written
// before.
static bool use_history(struct box *b, struct fail *why)
{
	struct recording *r = b->r;
	past_looks looks;
	double apart;

	if (!b->w->id || !history_looks(r->history, b->w->id, &b->mem, &looks, why) ||
	    !looks.count || !history_now(r->history, &apart))
		return false;
	if (!history_load(r->history, looks.at[looks.count - 1].id, &b->mem, &b->now, &b->ledger,
			  why)) {
		history_rollback(r->history);
		return false;
	}
	b->now.at_s -= apart - r->boot_s;
	b->now.capture = r->settings->path;
	b->stem = make_stem(b);
	look_back(b);
	diagnose(&b->evidence, &b->mem, &b->diagnosis);
	write_file(b, "map.json", print_ledger);
	write_file(b, "doctor.json", print_json);
	write_file(b, "doctor.txt", print_text);
	return b->files != NULL;
}

static void make_do(struct box *b, struct fail *why)
{
	const char *failed = arena_format(&b->mem, "process %d can't be looked at: %s",
					  b->w->target.pid, why->text);

	if (take_near(b))
		recording_say(b->r, "%s; what was written when it came near is kept", failed);
	else if (use_history(b, why))
		recording_say(b->r, "%s; it is judged by its history", failed);
	else
		recording_say(b->r, "%s", failed);
	if (!b->files)
		return;
	b->now.at_s = b->r->boot_s; // the command's time runs from now
	run_command(b);
	recording_transact(b->r, write_event, b);
}

void blackbox_drop_near(struct recording *r, struct watched *w)
{
	struct arena mem = { 0 };

	for (int i = 0; w->near_stem && i < SUFFIX_COUNT; i++)
		unlink(arena_format(&mem, "%s.%s", w->near_stem, SUFFIXES[i]));
	w->near_stem = NULL;
	arena_drop(&mem);
}

void blackbox_keep_near(struct recording *r, struct watched *w, const char *why)
{
	struct box b = { .r = r, .w = w, .trigger = trigger_name(TRIGGER_LIMIT), .why = why };

	if (take_near(&b))
		recording_transact(r, write_event, &b);
	arena_drop(&b.mem);
}

// It is a race with whatever fills the memory; who may not have that priority runs as before.
static int hurry(void)
{
	int before = getpriority(PRIO_PROCESS, 0);

	setpriority(PRIO_PROCESS, 0, -10);
	return before;
}

static const char *part_name(struct box *b)
{
	return arena_format(&b->mem, "%s-%d.part", b->r->settings->path, b->w->target.pid);
}

void blackbox_prepare(struct recording *r, struct watched *w, double now_s)
{
	static const double AGAIN_S = 600;
	struct box b = { .r = r, .w = w, .trigger = "near", .why = "the limit is near" };
	struct capture_writer *capture;
	struct fail why;
	const char *name;
	int before;

	if (w->near_s > 0 && now_s - w->near_s < AGAIN_S)
		return;
	before = hurry();
	w->near_s = now_s;
	name = part_name(&b);
	if (look(&b, name, &capture, &why)) {
		blackbox_drop_near(r, w);
		write_all(&b, capture, name);
		w->near_stem = arena_text(&w->mem, b.stem);
	}
	arena_drop(&b.mem);
	malloc_trim(0);
	setpriority(PRIO_PROCESS, 0, before);
}

void blackbox_fire(struct recording *r, struct watched *w, unsigned triggers, const char *why_fired)
{
	struct box b = {
		.r = r, .w = w, .trigger = trigger_name(first_of(triggers)), .why = why_fired
	};
	struct capture_writer *capture;
	const char *name;
	struct fail why;
	int before = hurry();

	recording_say(r, "process %d (%s): %s", w->target.pid, w->main ? w->main : "?", b.why);
	name = part_name(&b);
	if (look(&b, name, &capture, &why)) {
		write_all(&b, capture, name);
		run_command(&b);
		recording_transact(r, write_look, &b);
		looks_remember(r, w, &b.ledger);
		blackbox_drop_near(r, w);
	} else {
		make_do(&b, &why);
	}
	arena_drop(&b.mem);
	malloc_trim(0);
	setpriority(PRIO_PROCESS, 0, before);
}
