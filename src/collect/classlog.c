// SPDX-License-Identifier: Apache-2.0
#include "collect/classlog.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/units.h"
#include "collect/families.h"
#include "collect/generators.h"
#include "collect/texts.h"
#include "facts/classlog.h"
#include "parse/classlog.h"

enum {
	PIECE = 1 << 20,
	BEGINNING = 256 << 10, // in which a log of classes has events
	PASTED_LEAST = 3,      // events without decorations that make a file a log
	NAMES_LIMIT = 500000,
	FAMILIES_LIMIT = 100000, // that are counted beside these
	SOURCES_LIMIT = 10000,
};

struct name_count {
	uint32_t family, source;
	uint64_t loaded, unloaded;
};

struct reader {
	struct arena *mem;
	struct classlog_facts *out;
	struct texts names, families, sources;
	VEC(struct name_count) counts;
	uint32_t last; // number of the name loaded last + 1
	uint64_t unified;
	enum classlog_clock clock;
	double first_s, last_s;
	bool several_clocks;
};

// --- pieces ---

struct pieces {
	FILE *from;
	char *bytes;
	size_t kept; // of a line that the last piece cut
};

// Whole lines, as many as fit; a line longer than a piece is cut.
static bool next_piece(struct pieces *p, struct span *out)
{
	size_t len = p->kept + fread(p->bytes + p->kept, 1, PIECE - p->kept, p->from), end = len;

	if (!len)
		return false;
	if (len == PIECE) {
		while (end && p->bytes[end - 1] != '\n')
			end--;
		end = end ? end : len;
	}
	*out = (struct span){ p->bytes, end };
	p->kept = len - end;
	return true;
}

static void keep_rest(struct pieces *p, const struct span *piece)
{
	memmove(p->bytes, p->bytes + piece->len, p->kept);
}

// --- counting ---

// "Foo$$Lambda$1/1747585824": what JDK 8 appends to anonymous classes is no part of their name.
static size_t without_number(const char *name, size_t len)
{
	size_t end = len;

	while (end && name[end - 1] >= '0' && name[end - 1] <= '9')
		end--;
	return end && end < len && name[end - 1] == '/' ? end - 1 : len;
}

// Hosts of hidden classes are as many as there are classes with lambdas: they are one source.
static const char *source_of(struct span s, struct arena *mem)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] == ':' || s.at[i] == '/' || s.at[i] == ' ')
			return arena_copy(mem, s.at, s.len);
	if (!s.len || span_starts(s, "__"))
		return s.len ? arena_copy(mem, s.at, s.len) : NULL;
	return "its host class (hidden or anonymous)";
}

static uint32_t name_number(struct reader *r, struct span name, struct arena *frame)
{
	const char *text = arena_copy(frame, name.at, without_number(name.at, name.len));
	char family[FAMILIES_NAME_LIMIT];
	uint32_t number;

	if (r->names.texts.count >= NAMES_LIMIT) {
		r->out->names_full = true;
		families_fold(text, family, sizeof(family));
		text = family; // the family alone is counted
		if (r->names.texts.count >= NAMES_LIMIT + FAMILIES_LIMIT)
			text = "(others)";
	}
	number = texts_number(&r->names, text);
	if (number == r->counts.count) {
		families_fold(text, family, sizeof(family));
		vec_push(r->mem, &r->counts,
			 (struct name_count){ .family = texts_number(&r->families, family),
					      .source = UINT32_MAX });
	}
	return number;
}

static void note_time(struct reader *r, const struct classlog_event *e)
{
	if (e->clock == CLASSLOG_NO_TIME)
		return;
	if (r->clock == CLASSLOG_NO_TIME) {
		r->clock = e->clock;
		r->first_s = r->last_s = e->time_s;
	}
	if (e->clock != r->clock)
		r->several_clocks = true;
	else if (e->time_s < r->first_s)
		r->first_s = e->time_s;
	else if (e->time_s > r->last_s)
		r->last_s = e->time_s;
}

static void count_load(struct reader *r, const struct classlog_event *e, struct name_count *c,
		       struct arena *frame)
{
	const char *source = source_of(e->source, frame);

	r->out->loaded++;
	c->loaded++;
	if (source && r->sources.texts.count >= SOURCES_LIMIT)
		source = "others";
	if (!source)
		return;
	c->source = texts_number(&r->sources, source);
	if (c->source == r->out->sources.count)
		vec_push(r->mem, &r->out->sources,
			 (struct classlog_source){ .name = r->sources.texts.at[c->source] });
	r->out->sources.at[c->source].loaded++;
}

// The families' rows are made at the end; until then a loader's class stands at its family's number.
static void note_loader(struct reader *r, struct span name)
{
	uint32_t family;

	if (!r->last)
		return;
	family = r->counts.at[r->last - 1].family;
	while (r->out->families.count <= family)
		vec_push(r->mem, &r->out->families, (struct classlog_family){ 0 });
	if (!r->out->families.at[family].loader_type ||
	    !span_is(name, r->out->families.at[family].loader_type))
		r->out->families.at[family].loader_type = arena_copy(r->mem, name.at, name.len);
}

static void count_event(struct reader *r, const struct classlog_event *e, struct arena *frame)
{
	uint32_t number;

	if (e->kind == CLASSLOG_LOADER) {
		note_loader(r, e->name);
		return;
	}
	note_time(r, e);
	r->unified += e->unified;
	number = name_number(r, e->name, frame);
	if (e->kind == CLASSLOG_LOADED) {
		count_load(r, e, &r->counts.at[number], frame);
		r->last = number + 1;
	} else {
		r->out->unloaded++;
		r->counts.at[number].unloaded++;
	}
}

// --- rows ---

static int family_order(const void *left, const void *right)
{
	const struct classlog_family *a = left, *b = right;

	if (a->loaded != b->loaded)
		return a->loaded > b->loaded ? -1 : 1;
	return strcmp(a->name, b->name);
}

static int source_order(const void *left, const void *right)
{
	const struct classlog_source *a = left, *b = right;

	if (a->loaded != b->loaded)
		return a->loaded > b->loaded ? -1 : 1;
	return strcmp(a->name, b->name);
}

static int name_order(const void *left, const void *right)
{
	const struct classlog_name *a = left, *b = right;

	if (a->loaded != b->loaded)
		return a->loaded > b->loaded ? -1 : 1;
	return strcmp(a->name, b->name);
}

// A family's source is that of the name that came most often.
static void add_families(struct reader *r)
{
	struct arena frame = { 0 };
	uint64_t *most = arena_array(&frame, uint64_t, r->families.texts.count + 1);

	while (r->out->families.count < r->families.texts.count)
		vec_push(r->mem, &r->out->families, (struct classlog_family){ 0 });
	for (size_t i = 0; i < r->counts.count; i++) {
		const struct name_count *c = &r->counts.at[i];
		struct classlog_family *f = &r->out->families.at[c->family];

		f->loaded += c->loaded;
		f->unloaded += c->unloaded;
		f->distinct_names += c->loaded > 0;
		if (!f->example)
			f->example = r->names.texts.at[i];
		if (c->source != UINT32_MAX && c->loaded > most[c->family]) {
			most[c->family] = c->loaded;
			f->source = r->sources.texts.at[c->source];
		}
		if (c->loaded > 1)
			vec_push(r->mem, &r->out->again,
				 (struct classlog_name){ r->names.texts.at[i], c->loaded,
							 c->unloaded });
	}
	for (size_t i = 0; i < r->out->families.count; i++) {
		struct classlog_family *f = &r->out->families.at[i];

		f->name = r->families.texts.at[i];
		f->generator = generators_find(f->name, f->loader_type);
	}
	arena_drop(&frame);
}

static void finish(struct reader *r, const struct classlog *log)
{
	struct classlog_facts *out = r->out;

	out->lines = log->lines;
	out->unknown = log->unknown;
	out->unified = r->unified * 2 > out->loaded + out->unloaded;
	out->timed = !r->several_clocks && r->last_s > r->first_s;
	out->span_s = out->timed ? r->last_s - r->first_s : 0;
	add_families(r);
	if (out->families.count)
		qsort(out->families.at, out->families.count, sizeof(*out->families.at),
		      family_order);
	if (out->sources.count)
		qsort(out->sources.at, out->sources.count, sizeof(*out->sources.at), source_order);
	if (out->again.count)
		qsort(out->again.at, out->again.count, sizeof(*out->again.at), name_order);
}

static bool read_all(FILE *from, struct reader *r, struct fail *why)
{
	struct pieces pieces = { .from = from, .bytes = malloc(PIECE) };
	struct classlog log = { 0 };
	struct span piece;

	if (!pieces.bytes)
		return fail(why, FAIL_OS, "out of memory");
	while (next_piece(&pieces, &piece)) {
		struct span rest = piece;
		struct arena frame = { 0 };
		struct classlog_event e;

		while (classlog_next(&log, &rest, &e))
			count_event(r, &e, &frame);
		keep_rest(&pieces, &piece);
		arena_drop(&frame);
	}
	free(pieces.bytes);
	if (ferror(from))
		return fail_errno(why, errno, "%s", r->out->file);
	finish(r, &log);
	return true;
}

static FILE *open_file(const char *path)
{
	struct stat st;

	// What is no regular file could keep us waiting.
	return stat(path, &st) || !S_ISREG(st.st_mode) ? NULL : fopen(path, "re");
}

bool classlog_is_one(const char *path)
{
	FILE *from = open_file(path);
	struct classlog log = { 0 };
	struct classlog_event e;
	char *bytes = NULL;
	size_t len, pasted = 0;
	bool is_one = false;

	if (!from)
		return false;
	bytes = malloc(BEGINNING);
	len = bytes ? fread(bytes, 1, BEGINNING, from) : 0;
	fclose(from);
	if (len && !memchr(bytes, '\0', len)) {
		struct span text = { bytes, len };

		// An event of the old form has its own brackets, a decorated one its decorations.
		while (!is_one && classlog_next(&log, &text, &e))
			is_one = !e.unified || e.clock != CLASSLOG_NO_TIME ||
				 ++pasted >= PASTED_LEAST;
	}
	free(bytes);
	return is_one;
}

bool classlog_read(const char *path, struct arena *mem, struct classlog_facts *out,
		   struct fail *why)
{
	struct classlog_facts facts = { .file = path };
	struct reader r = { .mem = mem, .out = &facts };
	FILE *from = open_file(path);
	bool done;

	if (!from)
		return fail(why, FAIL_OS, "%s is no file that can be read", path);
	r.names.mem = r.families.mem = r.sources.mem = mem;
	done = read_all(from, &r, why);
	fclose(from);
	if (!done)
		return false;
	if (!facts.loaded && !facts.unloaded)
		return fail(why, FAIL_ABSENT, "%s has no class that was loaded or unloaded", path);
	*out = facts;
	return true;
}
