// SPDX-License-Identifier: Apache-2.0
#include "jvm/cds.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/units.h"
#include "jvm/hotspot.h"

enum { FILE_LIMIT = 4 }; // a static and a dynamic archive; one more of each to be safe

static const uint64_t SIZE_LIMIT = GIB(4);

struct file {
	uint64_t inode;
	uint32_t dev_major, dev_minor;
};

struct files {
	struct file at[FILE_LIMIT];
	size_t count;
};

static bool is_in_heap(const struct hotspot *vm, const struct mapping *m)
{
	return m->start < vm->heap_end && m->end > vm->heap_start;
}

static size_t find_file(const struct files *f, const struct mapping *m)
{
	size_t i = 0;

	while (i < f->count && (f->at[i].inode != m->inode || f->at[i].dev_major != m->dev_major ||
				f->at[i].dev_minor != m->dev_minor))
		i++;
	return i;
}

static void add_file(struct files *f, const struct mapping *m)
{
	if (m->inode && find_file(f, m) == f->count && f->count < FILE_LIMIT)
		f->at[f->count++] = (struct file){ m->inode, m->dev_major, m->dev_minor };
}

// 0, 0: the VM runs without an archive.
static bool read_bounds(const struct hotspot *vm, uint64_t *base, uint64_t *top, struct fail *why)
{
	if (!hotspot_read_u64(vm, FIELD_CDS_BASE, 0, base, why) ||
	    !hotspot_read_u64(vm, FIELD_CDS_TOP, 0, top, why))
		return false;
	if (!*base && !*top)
		return true;
	if (*base % PAGE_SIZE_BYTES || *base < PAGE_SIZE_BYTES || *top <= *base ||
	    *top - *base > SIZE_LIMIT || !maps_find(vm->maps, *base) ||
	    !maps_find(vm->maps, *top - 1) || (*base<vm->heap_end && * top> vm->heap_start))
		return fail(why, FAIL_CORRUPT,
			    "layout unknown: shared classes at 0x%" PRIx64 "-0x%" PRIx64, *base,
			    *top);
	return true;
}

static const char *name_of(size_t file)
{
	return file ? "dynamic archive" : "static archive";
}

static bool is_archive_name(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && !strcmp(name + len - 4, ".jsa");
}

// JDK 8 exports no bounds: what it maps of a file called *.jsa.
static bool read_by_name(const struct hotspot *vm, struct arena *mem, struct cds *out,
			 struct fail *why)
{
	VEC(struct cds_part) parts = { 0 };

	for (size_t i = 0; i < vm->maps->count; i++) {
		const struct mapping *m = &vm->maps->at[i];

		if (is_archive_name(m->path) && !is_in_heap(vm, m))
			vec_push(mem, &parts,
				 (struct cds_part){ m->start, m->end, name_of(0), false });
	}
	if (!parts.count)
		return fail(why, FAIL_ABSENT, "this VM does not export its shared classes");
	*out = (struct cds){ parts.at, parts.count };
	return true;
}

bool cds_read(const struct hotspot *vm, struct arena *mem, struct cds *out, struct fail *why)
{
	VEC(struct cds_part) parts = { 0 };
	struct files files = { 0 };
	uint64_t base, top;
	size_t current = 0; // the archive that anonymous pieces between its mappings belong to

	if (!hotspot_has(vm, FIELD_CDS_BASE) || !hotspot_has(vm, FIELD_CDS_TOP))
		return read_by_name(vm, mem, out, why);
	if (!read_bounds(vm, &base, &top, why))
		return false;
	for (size_t i = 0; i < vm->maps->count; i++) {
		const struct mapping *m = &vm->maps->at[i];

		if (m->start < top && m->end > base)
			add_file(&files, m);
	}
	for (size_t i = 0; i < vm->maps->count && top; i++) {
		const struct mapping *m = &vm->maps->at[i];
		size_t file = find_file(&files, m);
		struct cds_part p = { m->start, m->end, name_of(file), true };

		if (m->start < top && m->end > base) {
			current = file < files.count ? file : current;
			p.name = name_of(current);
			p.start = m->start > base ? m->start : base;
			p.end = m->end < top ? m->end : top;
			// The bounds end with the last byte used, the mapping with its page.
			if (file < files.count && m->end == units_page_up(top))
				p.end = m->end;
		} else if (file == files.count || is_in_heap(vm, m)) {
			continue;
		} else {
			p.exact = false;
		}
		vec_push(mem, &parts, p);
	}
	*out = (struct cds){ parts.at, parts.count };
	return true;
}
