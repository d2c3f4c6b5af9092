// SPDX-License-Identifier: Apache-2.0
#include "jvm/classes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "jvm/addresses.h"
#include "jvm/heapclock.h"
#include "jvm/hotspot.h"
#include "jvm/loaderlist.h"
#include "jvm/loaders.h"
#include "jvm/metaspace.h"
#include "jvm/vmstructs.h"
#include "os/patience.h"

enum {
	LIST_TRIES = 9,
	CLASS_TRIES = 3,
	SOUND_TRIES = 4,
	LOADER_LIMIT = 1000000,
	CLASS_LIMIT = 5000000,
	RECORD_LIMIT = 512, // bytes of a ClassLoaderData or Klass up to the last member asked for
	NAME_LIMIT = 65535,
	// JDK 8 does not export these; every class that is read proves two of them by pointing back,
	// the flag of anonymous classes' data must be one and not set in the boot loader's.
	CLD_KLASSES_8 = 40,
	CLD_HIDDEN_8 = 34,
	KLASS_NEXT_BEFORE_CLD_8 = 8,
	PREFETCH_STEP = 4 << 20,
	SYMBOL_GAP = 512,  // Symbols nearer than this are fetched together
	SYMBOL_USUAL = 64, // bytes that hold most
	KIND_REF_ARRAY = 8,
	KIND_FLAT_ARRAY = 9, // Klass::_kind of JDK 28
};

// Offsets in the two records, looked up once.
struct layout {
	uint64_t cld_next, cld_loader, cld_klasses, cld_hidden, cld_size;
	uint64_t name, next, cld, layout_helper, kind, klass_size;
	uint64_t constants;
	bool has_hidden, has_kind, has_constants;
};

struct walk {
	const struct hotspot *vm;
	struct arena *mem;
	struct layout at;
	struct hotspot_classes *out;
	struct addresses seen; // Klass* -> number of the attempt that saw it last
	uint32_t attempt;
};

static bool offset_of(const struct hotspot *vm, enum field_id id, uint64_t *out)
{
	if (!hotspot_has_offset(vm, id))
		return false;
	*out = vm->field[id]->offset;
	return true;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static bool find_layout(const struct hotspot *vm, struct layout *out, struct fail *why)
{
	struct layout l = { 0 };

	if (!offset_of(vm, FIELD_CLD_NEXT, &l.cld_next) ||
	    !offset_of(vm, FIELD_CLD_LOADER, &l.cld_loader) ||
	    !offset_of(vm, FIELD_KLASS_NAME, &l.name) || !offset_of(vm, FIELD_KLASS_CLD, &l.cld) ||
	    !offset_of(vm, FIELD_KLASS_LAYOUT, &l.layout_helper))
		return fail(why, FAIL_ABSENT, "this VM does not export its class loader data");
	l.has_hidden = offset_of(vm, FIELD_CLD_HIDDEN, &l.cld_hidden);
	if (!offset_of(vm, FIELD_CLD_KLASSES, &l.cld_klasses)) {
		l.cld_klasses = CLD_KLASSES_8;
		l.cld_hidden = CLD_HIDDEN_8;
		l.has_hidden = true;
	}
	if (!offset_of(vm, FIELD_KLASS_NEXT, &l.next)) {
		if (l.cld < KLASS_NEXT_BEFORE_CLD_8)
			return fail(why, FAIL_CORRUPT, "layout unknown: Klass");
		l.next = l.cld - KLASS_NEXT_BEFORE_CLD_8;
	}
	l.has_kind = offset_of(vm, FIELD_KLASS_KIND, &l.kind);
	l.has_constants = offset_of(vm, FIELD_IK_CONSTANTS, &l.constants);
	l.cld_size =
		larger(larger(l.cld_next, l.cld_loader), larger(l.cld_klasses, l.cld_hidden)) + 8;
	l.klass_size = larger(larger(l.name, l.next), larger(l.cld, l.layout_helper)) + 8;
	l.klass_size = larger(l.klass_size, l.kind + 8);
	if (l.cld_size > RECORD_LIMIT || l.klass_size > RECORD_LIMIT)
		return fail(why, FAIL_CORRUPT, "layout unknown: class records of %" PRIu64 " bytes",
			    larger(l.cld_size, l.klass_size));
	*out = l;
	return true;
}

static uint64_t word(const uint8_t *record, uint64_t offset)
{
	uint64_t w;

	memcpy(&w, record + offset, sizeof(w));
	return w;
}

// One pass over the list of loaders.  It is whole only when it ends at the boot loader: the one
// that has no loader object and is not a hidden class's own.
static bool read_list_once(struct walk *w, struct fail *why)
{
	struct arena frame = { 0 };
	struct addresses seen;
	uint64_t at, required = 0, last = 0;
	uint8_t record[RECORD_LIMIT];
	bool ok = false;

	addresses_init(&seen, &frame);
	w->out->loaders.count = 0;
	if (hotspot_has(w->vm, FIELD_CLD_BOOT) &&
	    !hotspot_read_pointer(w->vm, FIELD_CLD_BOOT, 0, &required, why))
		goto out;
	if (!hotspot_read_pointer(w->vm, FIELD_CLD_HEAD, 0, &at, why))
		goto out;
	for (; at; at = word(record, w->at.cld_next)) {
		struct hotspot_loader l = { .at = at, .parent = LOADER_NONE };

		if (seen.count == LOADER_LIMIT || !hotspot_is_pointer(at) ||
		    !addresses_put(&seen, at, 0, NULL)) {
			fail(why, FAIL_CORRUPT,
			     "the list of class loaders runs in a circle or wild");
			goto out;
		}
		if (!memory_read(w->vm->memory, at, record, w->at.cld_size, why))
			goto out;
		l.object_at = word(record, w->at.cld_loader); // the handle, for now
		l.first = word(record, w->at.cld_klasses);    // the first Klass*, for now
		l.hidden = w->at.has_hidden && record[w->at.cld_hidden];
		l.of_boot = !l.object_at;
		l.boot = l.of_boot && !l.hidden;
		vec_push(w->mem, &w->out->loaders, l);
		last = at;
	}
	if (!last || !w->out->loaders.at[w->out->loaders.count - 1].boot ||
	    (required && last != required)) {
		fail(why, FAIL_CORRUPT,
		     "the list of class loaders does not end at the boot loader");
		goto out;
	}
	w->out->boot_at = last;
	ok = true;
out:
	arena_drop(&frame);
	return ok;
}

static bool read_list(struct walk *w, struct fail *why)
{
	for (int try = 0; try < LIST_TRIES; try++) {
		w->out->clock = heapclock_restart(w->vm);
		if (read_list_once(w, why))
			return true;
		w->out->list_restarts++;
	}
	return fail_while(why, "reading the class loaders %d times", LIST_TRIES);
}

static void prefetch(const struct hotspot *vm, uint64_t start, uint64_t end)
{
	for (; start < end; start += PREFETCH_STEP)
		memory_prefetch(vm->memory, start,
				end - start < PREFETCH_STEP ? end : start + PREFETCH_STEP);
}

// Klass structures lie in the committed part of class space and, spread thinly, in the archives.
static void prefetch_classes(struct walk *w)
{
	struct arena frame = { 0 };
	struct metaspace_node node;
	struct range *ranges;
	size_t count;

	if (metaspace_class_space(w->vm, w->out->boot_at, &node, NULL) &&
	    metaspace_node_committed(w->vm, &node, &frame, &ranges, &count, NULL))
		for (size_t i = 0; i < count; i++)
			prefetch(w->vm, ranges[i].start, ranges[i].end);
	arena_drop(&frame);
}

static struct hotspot_class class_of(const struct walk *w, uint64_t at, const uint8_t *record)
{
	struct hotspot_class c = { .at = at, .symbol = word(record, w->at.name) };
	uint32_t layout;
	uint16_t kind = 0;

	// Negative: an array; the top two bits then tell primitives (3) from references (2).
	memcpy(&layout, record + w->at.layout_helper, sizeof(layout));
	if (layout >> 31)
		c.kind = layout >> 30 == 3 ? CLASS_TYPE_ARRAY : CLASS_OBJECT_ARRAY;
	if (w->at.has_kind)
		memcpy(&kind, record + w->at.kind, sizeof(kind));
	c.extra = kind == KIND_REF_ARRAY || kind == KIND_FLAT_ARRAY;
	return c;
}

// The classes of one loader: each points back to it, has a name, and comes once.
static bool read_classes_of(struct walk *w, struct hotspot_loader *l, uint64_t first_klass,
			    struct fail *why)
{
	size_t first = w->out->classes.count;
	uint8_t record[RECORD_LIMIT];
	uint32_t attempt = ++w->attempt, extra = 0;

	for (uint64_t at = first_klass; at; at = word(record, w->at.next)) {
		struct hotspot_class c;
		uint32_t before = 0;

		if (!hotspot_is_pointer(at) || w->out->classes.count == CLASS_LIMIT ||
		    !memory_read(w->vm->memory, at, record, w->at.klass_size, why) ||
		    word(record, w->at.cld) != l->at ||
		    (!addresses_put(&w->seen, at, attempt, &before) && before == attempt))
			goto bad;
		c = class_of(w, at, record);
		if (!hotspot_is_pointer(c.symbol))
			goto bad;
		if (c.kind == CLASS_INSTANCE && w->at.has_constants)
			memory_read_u64(w->vm->memory, at + w->at.constants, &c.constants_at, NULL);
		extra += c.extra;
		vec_push(w->mem, &w->out->classes, c);
	}
	l->first = first;
	l->count = w->out->classes.count - first;
	l->extra = extra;
	return true;
bad:
	w->out->classes.count = first;
	return fail(why, FAIL_CORRUPT,
		    "the class list of the loader at 0x%" PRIx64 " changed while it was read",
		    l->at);
}

// All loaders in one pass over prefetched memory; those that changed meanwhile again, together.
static void read_classes(struct walk *w)
{
	struct hotspot_loader *l = w->out->loaders.at;
	size_t bad = 0;

	prefetch_classes(w);
	for (size_t i = 0; i < w->out->loaders.count; i++) {
		l[i].unreadable = !read_classes_of(w, &l[i], l[i].first, NULL);
		bad += l[i].unreadable;
	}
	for (int try = 1; try < CLASS_TRIES && bad; try++) {
		w->out->clock = heapclock_restart(w->vm);
		for (size_t i = 0; i < w->out->loaders.count; i++) {
			uint64_t first;

			if (!l[i].unreadable)
				continue;
			w->out->retries++;
			if (!memory_read_u64(w->vm->memory, l[i].at + w->at.cld_klasses, &first,
					     NULL) ||
			    !read_classes_of(w, &l[i], first, NULL))
				continue;
			l[i].unreadable = false;
			bad--;
		}
	}
	for (size_t i = 0; i < w->out->loaders.count; i++)
		if (l[i].unreadable) {
			l[i].unloading = true;
			l[i].first = l[i].count = 0;
		}
	w->out->unreadable = bad;
}

static int by_address(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

// The text of a Symbol without control characters; NULL when it makes no sense.
static const char *symbol_text(struct walk *w, uint64_t symbol)
{
	uint64_t length_at = hotspot_at(w->vm, FIELD_SYMBOL_LENGTH, symbol);
	uint64_t body_at = hotspot_at(w->vm, FIELD_SYMBOL_BODY, symbol);
	uint16_t len;
	char *text;

	if (!length_at || !body_at || !memory_read_u16(w->vm->memory, length_at, &len, NULL) ||
	    !len)
		return NULL;
	text = arena_get(w->mem, (size_t)len + 1);
	if (!memory_read(w->vm->memory, body_at, text, len, NULL))
		return NULL;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20)
			return NULL;
	return text;
}

// Reads each distinct Symbol once, in the order of addresses, neighbours fetched together.
static void read_names(struct walk *w, size_t from)
{
	struct arena frame = { 0 };
	struct addresses index;
	VEC(const char *) texts = { 0 };
	uint64_t *symbols;
	size_t count = 0, n = 0;

	addresses_init(&index, &frame);
	symbols = arena_array(&frame, uint64_t, w->out->classes.count + 1);
	for (size_t i = from; i < w->out->classes.count; i++)
		if (addresses_put(&index, w->out->classes.at[i].symbol, 0, NULL))
			symbols[count++] = w->out->classes.at[i].symbol;
	if (count)
		qsort(symbols, count, sizeof(*symbols), by_address);
	for (size_t i = 0; i < count; i++) {
		if (i == n) { // the end of what was fetched
			while (n + 1 < count && symbols[n + 1] - symbols[n] < SYMBOL_GAP)
				n++;
			memory_prefetch(w->vm->memory, symbols[i], symbols[n] + SYMBOL_USUAL);
			n++;
		}
		addresses_put(&index, symbols[i], (uint32_t)texts.count, NULL);
		vec_push(&frame, &texts, symbol_text(w, symbols[i]));
	}
	for (size_t i = from; i < w->out->classes.count; i++) {
		uint32_t k = 0;

		if (addresses_find(&index, w->out->classes.at[i].symbol, &k) && k < texts.count)
			w->out->classes.at[i].name = texts.at[k];
	}
	arena_drop(&frame);
}

// A class without a name that makes sense takes its whole loader's validity with it.
static void drop_nameless(struct hotspot_classes *c)
{
	for (size_t i = 0; i < c->loaders.count; i++) {
		struct hotspot_loader *l = &c->loaders.at[i];

		for (size_t k = 0; k < l->count; k++)
			if (!c->classes.at[l->first + k].name) {
				l->unreadable = l->unloading = true;
				l->first = l->count = l->extra = 0;
				c->unreadable++;
			}
	}
}

bool classes_any_listed(const struct hotspot *vm, const uint64_t *at, size_t count)
{
	struct hotspot_classes c = { 0 };
	struct arena frame = { 0 };
	struct walk w = { .vm = vm, .mem = &frame, .out = &c };
	struct addresses wanted;
	bool listed = false;
	uint32_t any;

	addresses_init(&wanted, &frame);
	for (size_t i = 0; i < count; i++)
		addresses_put(&wanted, at[i], 0, NULL);
	if (!find_layout(vm, &w.at, NULL) || !read_list(&w, NULL))
		listed = true;
	for (size_t i = 0; i < c.loaders.count && !listed; i++)
		listed = addresses_find(&wanted, c.loaders.at[i].at, &any);
	arena_drop(&frame);
	return listed;
}

bool classes_are_current(const struct hotspot *vm, const struct hotspot_classes *c)
{
	struct hotspot_classes now = { 0 };
	struct arena frame = { 0 };
	struct walk w = { .vm = vm, .mem = &frame, .out = &now };
	bool same = find_layout(vm, &w.at, NULL) && read_list(&w, NULL) &&
		    now.loaders.count == c->loaders.count;

	for (size_t i = 0; same && i < now.loaders.count; i++)
		same = now.loaders.at[i].at == c->loaders.at[i].at;
	arena_drop(&frame);
	return same;
}

static bool read_all(const struct hotspot *vm, struct arena *mem, struct hotspot_classes *out,
		     struct fail *why)
{
	struct hotspot_classes c = { 0 };
	struct walk w = { .vm = vm, .mem = mem, .out = &c };
	struct arena frame = { 0 };

	if (!find_layout(vm, &w.at, why) || !read_list(&w, why))
		return false;
	addresses_init(&w.seen, &frame);
	read_classes(&w);
	arena_drop(&frame);
	read_names(&w, 0);
	drop_nameless(&c);
	*out = c;
	return true;
}

// The loaders that can't be read now and could not before: `stuck` holds those, and loses the
// others.
static void keep_stuck(const struct hotspot_classes *c, bool first, struct arena *mem,
		       struct addresses *stuck)
{
	struct addresses now;
	uint32_t any;

	addresses_init(&now, mem);
	for (size_t i = 0; i < c->loaders.count; i++)
		if (c->loaders.at[i].unreadable &&
		    (first || addresses_find(stuck, c->loaders.at[i].at, &any)))
			addresses_put(&now, c->loaders.at[i].at, 0, NULL);
	*stuck = now;
}

// A loader that goes away can't be read once, and another may stand in its place the next time; one
// that can't be read in any of several whole walks is damaged.
static bool read_until_sound(const struct hotspot *vm, struct arena *mem,
			     struct hotspot_classes *out, struct fail *why)
{
	struct addresses stuck;

	for (int try = 0; try < SOUND_TRIES; try++) {
		if (!read_all(vm, mem, out, why))
			return false;
		keep_stuck(out, !try, mem, &stuck);
		if (!out->unreadable || !stuck.count)
			return true;
	}
	return fail(why, FAIL_CORRUPT, "layout unknown: the classes of %zu loaders", stuck.count);
}

// Loaders that have gone since they were read: their memory may have been another's when their names
// were read.
static void drop_unlisted(const struct hotspot *vm, struct hotspot_classes *c)
{
	struct hotspot_classes now = { 0 };
	struct arena frame = { 0 };
	struct walk w = { .vm = vm, .mem = &frame, .out = &now };
	struct addresses listed;
	uint32_t any;

	addresses_init(&listed, &frame);
	if (find_layout(vm, &w.at, NULL) && read_list(&w, NULL))
		for (size_t i = 0; i < now.loaders.count; i++)
			addresses_put(&listed, now.loaders.at[i].at, 0, NULL);
	loaders_forget(c, true);
	for (size_t i = 0; i < c->loaders.count; i++) {
		struct hotspot_loader *l = &c->loaders.at[i];

		if (l->boot || addresses_find(&listed, l->at, &any))
			continue;
		c->unreadable += !l->unreadable;
		l->unreadable = l->unloading = true;
		l->first = l->count = l->extra = 0;
	}
	arena_drop(&frame);
}

bool classes_read(const struct hotspot *vm, struct arena *mem, struct hotspot_classes *out,
		  struct fail *why)
{
	struct patience patience = patience_start(vm->memory);
	struct hotspot_classes c;
	bool of_one_moment = false;

	do {
		if (!read_until_sound(vm, mem, &c, why))
			return false;
		if (c.loaders.at[c.loaders.count - 1].unreadable)
			return fail(why, FAIL_CORRUPT,
				    "layout unknown: the classes of the boot loader");
		c.class_loader_klass = classes_find(&c, "java/lang/ClassLoader");
		of_one_moment = loaders_identify(vm, mem, &c) && loaderlist_kept(vm, &c);
	} while (!of_one_moment && patience_again(&patience));
	if (!of_one_moment && !loaderlist_kept(vm, &c))
		drop_unlisted(vm, &c);
	*out = c;
	return true;
}

uint64_t classes_find(const struct hotspot_classes *c, const char *name)
{
	const struct hotspot_loader *boot = &c->loaders.at[c->loaders.count - 1];

	for (size_t i = 0; i < boot->count; i++)
		if (!strcmp(c->classes.at[boot->first + i].name, name))
			return c->classes.at[boot->first + i].at;
	return 0;
}
