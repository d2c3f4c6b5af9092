// SPDX-License-Identifier: Apache-2.0
// The writing side of captures: records a moment, masks what it kept, packs it.
#include <search.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/mask.h"
#include "store/capture.h"
#include "store/image.h"
#include "store/index.h"
#include "store/manifest.h"
#include "store/names.h"
#include "store/packer.h"
#include "store/recorder.h"

enum {
	SECRET_LEAST = 8,   // bytes: shorter ones are words that stand everywhere
	SECRET_LIMIT = 256, // how many are looked for
	SHARE_LEAST = 256,  // bytes: smaller pieces are not worth a reference
};

struct packed { // a piece that is in the package
	uint64_t hash;
	size_t len;
	const char *name;
};

struct capture_writer {
	struct arena *mem;
	struct packer *packer;
	struct names names;
	struct manifest manifest;
	struct recorder recorder;
	struct tree files; // the seams given for this moment
	const struct memory *memory;
	bool recording;
	size_t begun;             // moments, dropped ones too: each has a folder of its own
	VEC(struct span) secrets; // values seen beside a secret's name
	void *packed;             // a tsearch() tree of struct packed
	struct capture_written written;
};

// Where a piece's masks are noted.
struct masking {
	struct capture_writer *w;
	const char *piece;
};

static int compare_packed(const void *left, const void *right)
{
	const struct packed *a = left, *b = right;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return a->len < b->len ? -1 : a->len > b->len;
}

static void keep(void *node)
{
}

static uint64_t hash_of(struct span s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.len; i++)
		h = (h ^ (unsigned char)s.at[i]) * 0x100000001b3u;
	return h;
}

struct capture_writer *capture_create(const char *path, int pid, struct arena *mem)
{
	struct capture_writer *w = arena_new(mem, struct capture_writer);

	w->mem = mem;
	w->packer = packer_create(path, time(NULL), mem);
	w->manifest = (struct manifest){ .tool = JLEDGER_VERSION, .host = "", .pid = pid };
	names_init(&w->names, mem);
	// The first entry marks the file, so that it is known even when its end is cut off.
	packer_add(w->packer, MANIFEST_FORMAT, SPAN("A capture of jledger: see manifest.json.\n"));
	return w;
}

bool capture_check(const struct capture_writer *w, struct fail *why)
{
	return packer_check(w->packer, why);
}

const struct capture_written *capture_written(const struct capture_writer *w)
{
	return &w->written;
}

// The recorded machine's name: what its /proc says, which need not be ours.
static const char *host_of(const struct tree *files, struct arena *mem)
{
	struct span text, line;
	char name[256] = "";

	if (tree_read(files, "/proc/sys/kernel/hostname", mem, &text, NULL) &&
	    span_take_line(&text, &line) && line.len)
		return arena_copy(mem, line.at, line.len);
	return arena_text(mem, gethostname(name, sizeof(name) - 1) ? "" : name);
}

void capture_begin_moment(struct capture_writer *w, const struct tree *files,
			  const struct memory *memory, struct tree *recording_files,
			  struct memory *recording_memory)
{
	struct manifest_moment m = {
		.folder = arena_format(w->mem, "%04zu", ++w->begun),
		.at_s = (int64_t)time(NULL),
	};

	w->files = *files;
	if (!*w->manifest.host)
		w->manifest.host = host_of(files, w->mem);
	vec_push(w->mem, &w->manifest.moments, m);
	recorder_open(&w->recorder, &w->files, memory);
	w->recording = true;
	*recording_files = recorder_tree(&w->recorder);
	memory_init(recording_memory, w->mem);
	memory_add_segment(recording_memory, 0, RECORDER_MEMORY_END, &RECORDER_SOURCE,
			   &w->recorder);
}

static bool ends(const char *path, const char *end)
{
	size_t len = strlen(path), n = strlen(end);

	return len >= n && !strcmp(path + len - n, end);
}

// What the kernel or this program made has no secrets to mask, and paths in it must stay what the
// index calls them.
static bool is_plain(const struct question *q, struct span bytes)
{
	static const char *const FILES[] = { "/maps", "/smaps", "/smaps_rollup" };
	static const char *const MADE[] = { "pages/", "symbols/", "elf/" };

	if (span_starts(bytes, "\177ELF"))
		return true;
	for (size_t i = 0; q->op == ANSWER_READ && i < sizeof(FILES) / sizeof(FILES[0]); i++)
		if (ends(q->path, FILES[i]))
			return true;
	for (size_t i = 0; q->op == ANSWER_MADE && i < sizeof(MADE) / sizeof(MADE[0]); i++)
		if (!strncmp(q->path, MADE[i], strlen(MADE[i])))
			return true;
	return false;
}

// Of /proc/PID/stat only the name may be touched: a mask that runs on would hide its end.
static struct span maskable(const struct question *q, struct span bytes)
{
	const char *open, *close;

	if (q->op != ANSWER_READ || !ends(q->path, "/stat") || !bytes.len)
		return bytes;
	open = memchr(bytes.at, '(', bytes.len);
	close = memrchr(bytes.at, ')', bytes.len);
	if (!open || !close || close < open)
		return bytes;
	return (struct span){ open + 1, (size_t)(close - open) - 1 };
}

static enum mask_form form_of(const struct question *q)
{
	if (q->op == ANSWER_READ && ends(q->path, "/cmdline"))
		return MASK_ARGUMENTS;
	if (q->op == ANSWER_READ && ends(q->path, "/environ"))
		return MASK_ENVIRONMENT;
	return MASK_TEXT;
}

static void learn(void *arg, struct span key, struct span value)
{
	struct capture_writer *w = arg;

	if (value.len < SECRET_LEAST || w->secrets.count == SECRET_LIMIT)
		return;
	// All variables are masked, but the value of HOME is no secret elsewhere.
	if (!mask_is_secret_name(key) && !span_is(key, "url"))
		return;
	for (size_t i = 0; i < w->secrets.count; i++)
		if (w->secrets.at[i].len == value.len &&
		    !memcmp(w->secrets.at[i].at, value.at, value.len))
			return;
	vec_push(w->mem, &w->secrets,
		 (struct span){ arena_copy(w->mem, value.at, value.len), value.len });
}

static void learn_secrets(struct capture_writer *w, struct arena *mem)
{
	const struct answers *a = &w->recorder.answers;

	for (size_t i = 0; i < a->questions.count; i++) {
		const struct question *q = a->questions.at[i];
		enum mask_form form = form_of(q);

		for (size_t n = 0; form != MASK_TEXT && n < q->answers.count; n++) {
			struct span bytes = q->answers.at[n].bytes;

			if (bytes.len)
				mask_bytes(arena_copy(mem, bytes.at, bytes.len), bytes.len, form,
					   learn, w);
		}
	}
}

static void note(struct capture_writer *w, const char *piece, struct span key, uint64_t count)
{
	enum { KEY_LIMIT = 128 };
	struct manifest *m = &w->manifest;

	if (key.len > KEY_LIMIT)
		key.len = KEY_LIMIT;
	w->written.masked += count;
	for (size_t i = m->masks.count; i-- > 0 && m->masks.at[i].piece == piece;)
		if (span_is(key, m->masks.at[i].key)) {
			m->masks.at[i].count += count;
			return;
		}
	vec_push(w->mem, &m->masks,
		 (struct manifest_mask){ piece, arena_copy(w->mem, key.at, key.len), count });
}

static void note_found(void *arg, struct span key, struct span value)
{
	struct masking *m = arg;

	note(m->w, m->piece, key, 1);
}

static void mask(struct capture_writer *w, const char *piece, struct span bytes,
		 enum mask_form form)
{
	char *at = (char *)bytes.at; // the recorder's own copy
	struct masking m = { w, piece };

	if (!bytes.len)
		return;
	mask_bytes(at, bytes.len, form, note_found, &m);
	for (size_t i = 0; i < w->secrets.count; i++) {
		size_t count = mask_literal(at, bytes.len, w->secrets.at[i]);

		if (count)
			note(w, piece, SPAN("a secret known from elsewhere"), count);
	}
}

// Packs the bytes under `name`, or finds a piece that has the same; returns the piece's name.
static const char *pack(struct capture_writer *w, const char *name, struct span bytes)
{
	struct packed key = { .len = bytes.len }, *made;

	if (bytes.len >= SHARE_LEAST) {
		void *hit;

		key.hash = hash_of(bytes);
		hit = tfind(&key, &w->packed, compare_packed);
		if (hit)
			return (*(struct packed **)hit)->name;
		made = arena_new(w->mem, struct packed);
		*made = (struct packed){ key.hash, key.len, name };
		tsearch(made, &w->packed, compare_packed);
	}
	packer_add(w->packer, name, bytes);
	w->written.pieces++;
	return name;
}

static void pack_question(struct capture_writer *w, const char *moment, struct question *q)
{
	const char *folder =
		arena_format(w->mem, "%s/%s", moment, q->op == ANSWER_READ ? "files" : "made");

	for (size_t i = 0; i < q->answers.count; i++) {
		struct answer *a = &q->answers.at[i];
		size_t masks = w->manifest.masks.count;
		uint64_t masked = w->written.masked;
		const char *name;

		if (a->why)
			continue;
		name = names_give(&w->names, folder, q->path);
		if (!is_plain(q, a->bytes))
			mask(w, name, maskable(q, a->bytes), form_of(q));
		a->entry = pack(w, name, a->bytes);
		if (a->entry != name) { // its masks are listed where the bytes are
			w->manifest.masks.count = masks;
			w->written.masked = masked;
		}
	}
}

// Java keeps texts with other than Latin letters as UTF-16.  The ASCII stretches of such texts are
// masked as they would be in UTF-8; `bytes` lies at `at` in the target, where chars are 2-aligned.
static void mask_utf16(struct capture_writer *w, const char *piece, uint64_t at, struct span bytes,
		       struct arena *mem)
{
	enum { LEAST = 8 }; // chars
	char *to = (char *)bytes.at, *text = NULL;

	for (size_t i = at & 1, n; i + 2 * LEAST <= bytes.len; i += 2 * n + 2) {
		for (n = 0; i + 2 * n + 1 < bytes.len && !to[i + 2 * n + 1] &&
			    to[i + 2 * n] >= ' ' && to[i + 2 * n] < 0x7f;)
			n++;
		if (n < LEAST)
			continue;
		if (!text)
			text = arena_get(mem, bytes.len / 2);
		for (size_t k = 0; k < n; k++)
			text[k] = to[i + 2 * k];
		mask(w, piece, (struct span){ text, n }, MASK_TEXT);
		for (size_t k = 0; k < n; k++)
			to[i + 2 * k] = text[k];
	}
}

static void pack_memory(struct capture_writer *w, const char *moment, struct arena *mem,
			struct image *image)
{
	const char *bytes = arena_format(w->mem, "%s/memory.bytes", moment);

	sparse_pack(&w->recorder.sparse, mem, image);
	for (size_t i = 0; i < image->runs.count; i++) {
		struct image_run *run = &image->runs.at[i];
		struct span text = { image->bytes.at + run->offset, run->len };

		mask(w, bytes, text, MASK_TEXT);
		mask_utf16(w, bytes, run->start, text, mem);
	}
	packer_add(w->packer, arena_format(w->mem, "%s/memory.runs", moment),
		   image_print_runs(image, mem));
	packer_add(w->packer, bytes, image->bytes);
	w->written.memory_bytes += image->bytes.len;
	w->written.pieces += 2;
}

void capture_end_moment(struct capture_writer *w)
{
	struct manifest_moment *m;
	struct arena mem = { 0 };
	struct image image = { 0 };
	struct answers *a = &w->recorder.answers;

	if (!w->recording)
		return;
	m = &w->manifest.moments.at[w->manifest.moments.count - 1];
	learn_secrets(w, &mem);
	for (size_t i = 0; i < a->questions.count; i++)
		if (a->questions.at[i]->op == ANSWER_READ || a->questions.at[i]->op == ANSWER_MADE)
			pack_question(w, m->folder, a->questions.at[i]);
	pack_memory(w, m->folder, &mem, &image);
	m->has_memory = !image_is_empty(&image);
	packer_add(w->packer, arena_format(w->mem, "%s/index.json", m->folder),
		   index_print(a, &image, &mem));
	w->written.pieces++;
	recorder_close(&w->recorder);
	arena_drop(&mem);
	w->recording = false;
}

// Its pieces stay in the package, where nothing speaks of them.
void capture_drop_moment(struct capture_writer *w)
{
	if (w->recording)
		recorder_close(&w->recorder);
	w->recording = false;
	if (w->manifest.moments.count)
		w->manifest.moments.count--;
}

static void release(struct capture_writer *w)
{
	if (w->recording)
		recorder_close(&w->recorder);
	w->recording = false;
	names_drop(&w->names);
	if (w->packed)
		tdestroy(w->packed, keep);
	w->packed = NULL;
}

bool capture_finish(struct capture_writer *w, struct fail *why)
{
	capture_end_moment(w);
	w->written.moments = w->manifest.moments.count;
	packer_add(w->packer, MANIFEST_NAME, manifest_print(&w->manifest, w->mem));
	release(w);
	return packer_finish(w->packer, &w->written.size, why);
}

void capture_abort(struct capture_writer *w)
{
	release(w);
	packer_abort(w->packer);
}
