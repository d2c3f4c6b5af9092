// SPDX-License-Identifier: Apache-2.0
#include "collect/peek.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/mask.h"
#include "base/units.h"
#include "collect/collector.h"
#include "collect/mappings.h"
#include "collect/peek_names.h"
#include "collect/taken.h"
#include "malloc/glibc.h"
#include "malloc/glibc_walk.h"
#include "malloc/view.h"
#include "os/remote.h"
#include "parse/content.h"

enum {
	FRAGMENTS = 4096, // sampled at most
	NAMES = 12,       // shown
	TEXTS = 12,
	SHORTEST_NAME = 6,
	TEXT_LEAST = 12,
	TEXT_MOST = 96,
	FREE_HEAD = 32, // of a free chunk, that malloc has overwritten
	HEADER = 16,
	FORGET_EVERY = 1024,
};

struct fragment {
	uint64_t at, len, stands_for;
};

struct peek {
	struct look *look;
	struct malloc_view view;
	const struct peek_question *question;
	struct peek_facts *out;
	// Sampling: a fragment each `stride` bytes of what passes.
	uint64_t stride, passed, next;
	bool want_free;
	VEC(struct fragment) fragments;
	struct range chunk; // of malloc's, that holds the address
	bool chunk_in_use;
	uint64_t by_kind[CONTENT_KINDS], all;
	struct peek_kind kinds[CONTENT_KINDS];
	struct peek_names *names, *texts;
};

// ---- what is sampled

static void offer(struct peek *p, uint64_t start, uint64_t end)
{
	if (end <= start)
		return;
	p->passed += end - start;
	while (p->next < p->passed && p->fragments.count < 2 * FRAGMENTS) {
		uint64_t at = end - (p->passed - p->next), len;

		// A small block is looked at as a whole.
		at = end - start <= CONTENT_MOST ? start : at & ~UINT64_C(7);
		len = end - at < CONTENT_MOST ? end - at : CONTENT_MOST;
		vec_push(p->look->mem, &p->fragments, (struct fragment){ at, len, p->stride });
		p->next += p->stride;
	}
}

static void offer_present(struct peek *p, uint64_t start, uint64_t end)
{
	for (uint64_t at = start; (at = view_next_present(&p->view, at, end)) < end;) {
		uint64_t until = units_page_down(at) + PAGE_SIZE_BYTES;

		offer(p, at, until < end ? until : end);
		at = until;
	}
}

static void start_sampling(struct peek *p, uint64_t bytes)
{
	p->stride = bytes / FRAGMENTS < CONTENT_MOST ? CONTENT_MOST : bytes / FRAGMENTS;
	p->next = p->stride / 2;
	p->out->resident = bytes;
}

static bool is_free(enum walk_use use)
{
	return use == WALK_BIN || use == WALK_FAST || use == WALK_CACHED || use == WALK_TOP;
}

static void visit(void *arg, uint64_t at, uint64_t size, enum walk_use use)
{
	struct peek *p = arg;
	bool free = is_free(use);
	uint64_t start = at + (free ? FREE_HEAD : HEADER);

	if (p->question->address >= at && p->question->address < at + size &&
	    (free || use == WALK_IN_USE)) {
		p->chunk = (struct range){ start, at + size };
		p->chunk_in_use = !free;
	}
	if (!p->question->address && (free || use == WALK_IN_USE) && free == p->want_free)
		offer_present(p, start, at + size);
}

static bool visit_chunks(struct peek *p, struct fail *why)
{
	const struct walk_visitor visitor = { visit, p };
	struct glibc_walk walk;

	return glibc_walk_visit(&p->view, p->look->glibc, &visitor, p->look->mem, &walk, why);
}

static bool sample_chunks(struct peek *p, bool want_free, struct fail *why)
{
	struct glibc_walk walk;

	if (!p->look->glibc)
		return fail(why, FAIL_ABSENT, "malloc is not glibc's, or could not be read");
	// Once for the sums, so that the sample is even.
	if (!glibc_walk(&p->view, p->look->glibc, NULL, p->look->mem, &walk, why))
		return false;
	p->want_free = want_free;
	p->out->what = want_free ? "malloc, freed" : "malloc, in use";
	start_sampling(p, want_free ? walk.sum.use[WALK_BIN].resident +
					      walk.sum.use[WALK_FAST].resident +
					      walk.sum.use[WALK_CACHED].resident +
					      walk.sum.use[WALK_TOP].resident
				    : walk.sum.use[WALK_IN_USE].resident + walk.mmapped_resident);
	for (size_t i = 0; !want_free && i < p->look->glibc->pieces.count; i++) {
		const struct glibc_piece *piece = &p->look->glibc->pieces.at[i];

		if (piece->part == GLIBC_CHUNK)
			offer_present(p, piece->start + HEADER, piece->end);
	}
	return visit_chunks(p, why);
}

static bool sample_account(struct peek *p, struct fail *why)
{
	const struct snapshot *s = p->look->out;
	const char *account = p->question->account;
	uint64_t bytes = 0;

	if (!strcmp(account, "malloc-in-use"))
		return sample_chunks(p, false, why);
	if (!strcmp(account, "malloc-freed") || !strcmp(account, "malloc-freed-returnable") ||
	    !strcmp(account, "malloc-freed-pinned"))
		return sample_chunks(p, true, why);
	p->out->what = account;
	for (size_t i = 0; i < s->claims.count; i++)
		if (!strcmp(s->claims.at[i].account, account))
			bytes += pages_between(&p->look->pages, s->claims.at[i].start,
					       s->claims.at[i].end, PAGE_PRESENT);
	if (!bytes)
		return fail(why, FAIL_ABSENT, "nothing of account %s is in memory", account);
	start_sampling(p, bytes);
	for (size_t i = 0; i < s->claims.count; i++)
		if (!strcmp(s->claims.at[i].account, account))
			offer_present(p, s->claims.at[i].start, s->claims.at[i].end);
	return true;
}

// The smallest claim that holds the address.
static const struct claim *claim_at(const struct snapshot *s, uint64_t at)
{
	const struct claim *best = NULL;

	for (size_t i = 0; i < s->claims.count; i++) {
		const struct claim *c = &s->claims.at[i];

		if (c->start <= at && c->end > at &&
		    (!best || c->end - c->start < best->end - best->start))
			best = c;
	}
	return best;
}

static bool sample_address(struct peek *p, struct fail *why)
{
	uint64_t at = p->question->address, start, end;
	const struct mapping *m = maps_find(&p->look->maps, at);
	const struct claim *c = claim_at(p->look->out, at);

	if (!m)
		return fail(why, FAIL_ABSENT, "nothing is mapped at 0x%" PRIx64, at);
	start = c && c->start > m->start ? c->start : m->start;
	end = c && c->end < m->end ? c->end : m->end;
	p->out->what = arena_format(p->look->mem, "%s%s%s, %s", c ? c->account : "unaccounted",
				    c && c->part ? ", " : "", c && c->part ? c->part : "",
				    m->path[0] ? m->path : "no file");
	if (c && !strcmp(c->account, "malloc") && c->table == CLAIM_OF_ARENA &&
	    visit_chunks(p, NULL) && p->chunk.end) {
		start = p->chunk.start;
		end = p->chunk.end;
		p->out->what = arena_format(p->look->mem, "malloc, a chunk that is %s",
					    p->chunk_in_use ? "in use" : "free");
	}
	p->out->start = start;
	p->out->end = end;
	start_sampling(p, pages_between(&p->look->pages, start, end, PAGE_PRESENT));
	p->next = 0;
	offer_present(p, start, end);
	return p->fragments.count || fail(why, FAIL_ABSENT, "no page of it is in memory");
}

// ---- what it is

// "java/util/function/Foo" counts for java/util/function; at most three parts.
static struct span package_of(struct span name)
{
	size_t len = 0, parts = 0;

	for (size_t i = 0; i < name.len; i++)
		if ((name.at[i] == '/' || name.at[i] == '.') && ++parts <= 3)
			len = i;
	name.len = len;
	return name;
}

static bool is_token_part(unsigned char c)
{
	return isalnum(c) || c == '+' || c == '/' || c == '=' || c == '_' || c == '-';
}

// Long runs of letters and digits mixed may be keys, whatever stands beside them.
static void hide_tokens(unsigned char *bytes, size_t len)
{
	enum { LEAST = 24, DIGITS = 3 };

	for (size_t i = 0; i < len;) {
		size_t start = i, digits = 0, letters = 0, slashes = 0;

		for (; i < len && is_token_part(bytes[i]); i++) {
			digits += isdigit(bytes[i]) != 0;
			letters += isalpha(bytes[i]) != 0;
			slashes += bytes[i] == '/';
		}
		if (i - start >= LEAST && digits >= DIGITS && letters && slashes * 8 < i - start)
			memset(bytes + start, '*', i - start);
		i += i == start;
	}
}

// Mostly letters, and not each of them alone.
static bool is_worded(struct span text)
{
	size_t letters = 0, pairs = 0;

	for (size_t i = 0; i < text.len; i++) {
		bool letter = isalpha((unsigned char)text.at[i]) || text.at[i] == '*';

		letters += letter;
		pairs += letter && i && isalpha((unsigned char)text.at[i - 1]);
	}
	return letters * 2 > text.len && pairs * 3 > text.len;
}

static void note_texts(struct peek *p, unsigned char *bytes, size_t len)
{
	struct span text;
	size_t at = 0;

	if (!p->question->unmask) {
		mask_bytes((char *)bytes, len, MASK_TEXT, NULL, NULL);
		hide_tokens(bytes, len);
	}
	while (content_take_name(bytes, len, &at, &text)) {
		struct span package = package_of(text);

		if (package.len >= SHORTEST_NAME)
			peek_names_count(p->names, package);
	}
	for (at = 0; content_take_text(bytes, len, TEXT_LEAST, &at, &text);) {
		if (!is_worded(text))
			continue;
		// One that the fragment cuts could hide the name beside a secret.
		if (text.at == (const char *)bytes || at == len)
			continue;
		if (text.len > TEXT_MOST)
			text.len = TEXT_MOST;
		peek_names_count(p->texts, text);
	}
}

static void look_into(struct peek *p, const struct fragment *f)
{
	_Alignas(8) unsigned char bytes[CONTENT_MOST];
	enum content_kind kind;

	if (!view_read(&p->view, f->at, bytes, f->len, NULL))
		return; // partly gone since
	kind = content_kind_of(bytes, f->len);
	if (!p->kinds[kind].fragments++)
		p->kinds[kind].example_at = f->at;
	p->by_kind[kind] += f->stands_for;
	p->all += f->stands_for;
	p->out->fragments++;
	p->out->read += f->len;
	if (kind != CONTENT_NUMBERS) // tables of small ones look like letters in a row
		note_texts(p, bytes, f->len);
	if (p->out->fragments % FORGET_EVERY == 0)
		memory_forget(p->view.memory);
}

static int by_share(const void *a, const void *b)
{
	const struct peek_kind *x = a, *y = b;

	return x->share > y->share ? -1 : x->share < y->share;
}

static void list(struct peek *p)
{
	struct peek_facts *out = p->out;

	for (int i = 0; i < CONTENT_KINDS; i++) {
		struct peek_kind *k = &p->kinds[i];

		if (!k->fragments)
			continue;
		k->id = CONTENT_INFO[i].id;
		k->title = CONTENT_INFO[i].title;
		k->share = (double)p->by_kind[i] / (double)p->all;
		vec_push(p->look->mem, &out->kinds, *k);
	}
	qsort(out->kinds.at, out->kinds.count, sizeof(*out->kinds.at), by_share);
	peek_names_list(p->names, NAMES, p->look->mem, &out->names.at, &out->names.count);
	peek_names_list(p->texts, TEXTS, p->look->mem, &out->texts.at, &out->texts.count);
	out->unmasked = p->question->unmask;
	out->known = true;
}

static int by_address(const void *a, const void *b)
{
	const struct fragment *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

// A walk may pass a chunk twice.
static void drop_repeated(struct peek *p)
{
	size_t kept = 0;

	if (p->fragments.count)
		qsort(p->fragments.at, p->fragments.count, sizeof(*p->fragments.at), by_address);
	for (size_t i = 0; i < p->fragments.count; i++)
		if (!i || p->fragments.at[i].at != p->fragments.at[i - 1].at)
			p->fragments.at[kept++] = p->fragments.at[i];
	p->fragments.count = kept;
}

static bool run(struct look *look, struct fail *why)
{
	struct peek *p;
	bool sampled;

	if (!look->target->peek)
		return true;
	if (!look->target->live || !look->has_pages)
		return fail(why, FAIL_ABSENT, "%s",
			    look->target->live ? "it is not known which pages are in memory"
					       : "a capture does not hold what memory contains");
	p = arena_new(look->mem, struct peek);
	p->look = look;
	p->question = look->target->peek;
	p->out = &look->out->peek;
	p->names = peek_names_new(look->mem);
	p->texts = peek_names_new(look->mem);
	taken_view(look, &p->view);
	sampled = p->question->address ? sample_address(p, why) : sample_account(p, why);
	drop_repeated(p);
	for (size_t i = 0; sampled && i < p->fragments.count; i++)
		look_into(p, &p->fragments.at[i]);
	memory_forget(look->target->memory);
	if (!sampled)
		return false;
	if (!p->out->fragments)
		return fail(why, FAIL_ABSENT, "nothing of it could be read");
	list(p);
	return true;
}

const struct collector collector_peek = {
	.name = "peek",
	.sentence = "what some of its memory contains",
	.needs = TIER_B,
	.plain = true,
	.run = run,
};

// ---- as it is

static bool copy_out(const struct target *t, const struct mapping *m, int fd, uint64_t *bytes)
{
	char page[PAGE_SIZE_BYTES];

	for (uint64_t at = m->start; at < m->end; at += PAGE_SIZE_BYTES) {
		if (memory_read(t->memory, at, page, sizeof(page), NULL)) {
			size_t zeros = 0;

			while (zeros < sizeof(page) && !page[zeros])
				zeros++;
			if (zeros < sizeof(page) &&
			    pwrite(fd, page, sizeof(page), (off_t)(at - m->start)) !=
				    (ssize_t)sizeof(page))
				return false;
			*bytes += zeros < sizeof(page) ? sizeof(page) : 0;
		}
		if ((at - m->start) % MIB(16) == 0)
			memory_forget(t->memory);
	}
	return !ftruncate(fd, (off_t)(m->end - m->start));
}

bool peek_dump(const struct target *t, uint64_t address, const char *path, struct arena *mem,
	       uint64_t *bytes, struct fail *why)
{
	const struct mapping *m;
	struct maps maps;
	bool done;
	int fd;

	if (t->memory_denied)
		return fail(why, FAIL_DENIED, "%s", t->memory_denied);
	if (!mappings_read(t->files, t->pid, mem, &maps, why))
		return false;
	m = maps_find(&maps, address);
	if (!m || !m->readable)
		return fail(why, FAIL_ABSENT, "nothing that can be read is mapped at 0x%" PRIx64,
			    address);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail_errno(why, errno, "%s", path);
	mappings_hand_over(t, &maps, mem);
	*bytes = 0;
	done = copy_out(t, m, fd, bytes) || fail_errno(why, errno, "%s", path);
	mappings_let_go(t);
	close(fd);
	return done;
}
