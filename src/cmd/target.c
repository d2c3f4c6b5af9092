// SPDX-License-Identifier: Apache-2.0
#include "cmd/target.h"

#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "collect/discover.h"
#include "facts/jvms.h"

static bool resolve_all(struct arena *mem, struct subject *s, struct fail *why)
{
	struct jvm_rows rows;

	if (!discover_all(s->live, mem, &rows, why))
		return false;
	if (!rows.count)
		return fail(why, FAIL_ABSENT, "no JVM runs here");
	s->pids = arena_array(mem, int, rows.count);
	for (size_t i = 0; i < rows.count; i++)
		s->pids[i] = rows.at[i].pid;
	s->count = rows.count;
	s->all = true;
	return true;
}

static bool open_capture(const char *path, struct arena *mem, struct capture *out, struct fail *why)
{
	size_t len = strlen(path);
	const char *reason;

	if (capture_open(path, mem, out, why))
		return true;
	if (access(path, F_OK) || capture_is_one(path))
		return strstr(why->text, path) ? false : fail_while(why, "%s", path);
	reason = !strncmp(why->text, path, len) && why->text[len] == ':' ? why->text + len + 2
									 : why->text;
	return fail(why, FAIL_CORRUPT, "%s is no capture: %s", path, arena_text(mem, reason));
}

bool subject_resolve(const char *text, struct arena *mem, struct subject *out, struct fail *why)
{
	struct subject s = { 0 };

	if (history_is_one(text)) {
		if (!history_open(text, HISTORY_READ, &s.history, why))
			return false;
		if (!history_jvms(s.history, mem, &s.jvms, why)) {
			history_close(s.history);
			return false;
		}
		s.path = text;
		s.count = s.jvms.count;
		*out = s;
		return true;
	}
	if (capture_is_one(text) || strchr(text, '/')) {
		if (!open_capture(text, mem, &s.capture, why))
			return false;
		if (!s.capture.moments) {
			capture_close(&s.capture);
			return fail(why, FAIL_CORRUPT, "%s holds no moment", text);
		}
		s.is_capture = true;
		s.path = text;
		s.count = s.capture.moments;
		*out = s;
		return true;
	}
	s.live = discover_live(mem);
	if (!strcmp(text, "all")) {
		if (!resolve_all(mem, &s, why))
			return false;
	} else {
		s.pids = arena_new(mem, int);
		s.count = 1;
		if (!discover_find(s.live, text, mem, s.pids, why)) {
			// A file of that name that is no capture: say what is wrong with it.
			if (!access(text, F_OK) && open_capture(text, mem, &s.capture, why))
				capture_close(&s.capture);
			return false;
		}
	}
	*out = s;
	return true;
}

static bool open_moment(const struct subject *s, size_t index, struct arena *mem,
			struct target *out, struct fail *why)
{
	struct tree *files = arena_new(mem, struct tree);
	struct memory *memory = arena_new(mem, struct memory);

	return capture_moment(&s->capture, index, files, memory, why) &&
	       discover_open_recorded(files, memory, s->capture.pid, mem, out, why);
}

// What a look at classes alone is to bring for the views that are shown.
static unsigned classes_wanted(const struct options *o)
{
	unsigned wanted = CLASSES_LOADERS;

	if (o->views & CLASSES_VIEW_FAMILIES) {
		wanted |= CLASSES_FAMILIES;
		if (o->has_for || o->has_every)
			wanted |= CLASSES_ALLOCATED;
	}
	if (o->views & CLASSES_VIEW_DUPLICATES)
		wanted |= CLASSES_DUPLICATES;
	if (o->views & CLASSES_VIEW_WHY_ALIVE)
		wanted |= CLASSES_HOLDERS;
	if (o->views & CLASSES_VIEW_STATS)
		wanted |= CLASSES_PARTS;
	if (o->views & CLASSES_VIEW_METASPACE)
		wanted |= CLASSES_CHUNKS;
	return wanted;
}

bool subject_open(const struct subject *s, size_t index, const struct options *o, struct arena *mem,
		  struct target *out, struct fail *why)
{
	bool any = o->command && o->command->any_process;
	struct target t;

	if (s->history)
		return fail(why, FAIL_ABSENT,
			    "%s is a history; this takes a running JVM or a capture", s->path);
	if (s->is_capture ? !open_moment(s, index, mem, &t, why)
	    : any         ? !discover_open_any(s->live, s->pids[index], mem, &t, why)
			  : !discover_open(s->live, s->pids[index], mem, &t, why))
		return false;
	t.want_chunks = o->command ? o->command->chunks : CHUNKS_NO;
	t.jstat = o->jstat;
	t.may_attach = !o->no_attach;
	t.want_pss = o->pss;
	t.classes_alone = o->command == &cmd_classes;
	t.of_them = classes_wanted(o);
	t.of_loader = o->why_alive;
	t.want_blocks = o->by == BY_CATEGORY;
	t.want_sites = o->by == BY_SITE;
	t.ask_nmt = t.want_blocks || t.want_sites || (o->has_by && o->by == BY_ACCOUNT);
	*out = t;
	return true;
}

void subject_close(struct subject *s)
{
	if (s->is_capture)
		capture_close(&s->capture);
	history_close(s->history);
}
