// SPDX-License-Identifier: Apache-2.0
#include "jvm/cds.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/units.h"
#include "jvm/flags.h"
#include "jvm/hotspot.h"
#include "jvm/vmstructs.h"

enum {
	FILE_LIMIT = 4,   // a static and a dynamic archive; one more of each to be safe
	REGION_LIMIT = 9, // JDK 11 has nine, later ones four or five
	REGION_BYTES_LIMIT = 256,
};

static const uint64_t SIZE_LIMIT = GIB(4);
static const char AOT_CACHE[] = "AOT cache";

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

// What the VM has on file about the archive's regions: where it mapped each, and its length.
struct region {
	uint64_t base, used;
};

struct regions {
	struct region at[REGION_LIMIT];
	size_t count;
};

// FileMapInfo::_current_info -> header -> regions.  Those that are no whole file mapping (not
// mapped, read into the heap, a bitmap) are passed over; without the table there are none.
static void read_regions(const struct hotspot *vm, struct regions *out)
{
	uint64_t info, header, stride = vmstructs_size(vm->tables, "CDSFileMapRegion");

	out->count = 0;
	if (!stride || stride > REGION_BYTES_LIMIT || !hotspot_has_offset(vm, FIELD_CDS_REGIONS) ||
	    !hotspot_has_offset(vm, FIELD_CDS_REGION_BASE) ||
	    !hotspot_has_offset(vm, FIELD_CDS_REGION_USED) ||
	    !hotspot_read_pointer(vm, FIELD_CDS_CURRENT, 0, &info, NULL) ||
	    !hotspot_read_pointer(vm, FIELD_CDS_HEADER, info, &header, NULL))
		return;
	for (uint64_t i = 0; i < REGION_LIMIT; i++) {
		uint64_t at = hotspot_at(vm, FIELD_CDS_REGIONS, header) + i * stride;
		const struct mapping *m;
		struct region r;

		if (!hotspot_read_u64(vm, FIELD_CDS_REGION_BASE, at, &r.base, NULL) ||
		    !hotspot_read_u64(vm, FIELD_CDS_REGION_USED, at, &r.used, NULL))
			return;
		m = r.base >= PAGE_SIZE_BYTES && r.used ? maps_find(vm->maps, r.base) : NULL;
		if (m && m->inode && !is_in_heap(vm, m) && r.base % PAGE_SIZE_BYTES == 0 &&
		    r.used <= m->end - r.base)
			out->at[out->count++] = r;
	}
}

static bool is_region(const struct regions *regions, const struct mapping *m)
{
	for (size_t i = 0; i < regions->count; i++)
		if (regions->at[i].base == m->start &&
		    units_page_up(regions->at[i].used) == m->end - m->start)
			return true;
	return false;
}

static uint64_t last_byte_of_regions(const struct regions *regions, uint64_t *base)
{
	uint64_t top = 0;

	*base = 0;
	for (size_t i = 0; i < regions->count; i++) {
		const struct region *r = &regions->at[i];

		*base = !*base || r->base < *base ? r->base : *base;
		top = r->base + r->used > top ? r->base + r->used : top;
	}
	return top;
}

static bool has_bounds(const struct hotspot *vm)
{
	return hotspot_has(vm, FIELD_CDS_BASE) && hotspot_has(vm, FIELD_CDS_TOP);
}

// 0, 0: the VM runs without an archive.  JDK 11 has no bounds but regions, which follow each other.
static bool read_bounds(const struct hotspot *vm, const struct regions *regions, uint64_t *base,
			uint64_t *top, struct fail *why)
{
	if (!has_bounds(vm))
		*top = last_byte_of_regions(regions, base);
	else if (!hotspot_read_u64(vm, FIELD_CDS_BASE, 0, base, why) ||
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

static const char *text_flag(const struct hotspot *vm, const char *name)
{
	const struct flags_entry *flag = flags_find(vm->flags, name);
	struct flags_value value = { 0 };

	if (flag)
		flags_read(vm, flag, vm->mem, &value, NULL);
	return value.text ? value.text : "";
}

// The archive that is mapped first.  An AOT cache is a static archive with more in it; -XX:AOTCache
// names its file.
static const char *base_name(const struct hotspot *vm)
{
	return *text_flag(vm, "AOTCache") ? AOT_CACHE : "static archive";
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), want = strlen(end);

	return len >= want && !strcmp(text + len - want, end);
}

static bool is_archive_name(const char *name)
{
	return strlen(name) > 4 && ends_with(name, ".jsa");
}

// JDK 8 maps its archive where it was dumped, private, and encodes class pointers from there on: a
// file of such a name elsewhere is the program's.
static bool is_in_class_range(const struct hotspot *vm, const struct mapping *m)
{
	return !m->shared && m->start >= vm->narrow_klass_base &&
	       m->end - vm->narrow_klass_base <= SIZE_LIMIT;
}

// JDK 8 exports nothing: what it maps of the file that -XX:SharedArchiveFile names, or of one
// called *.jsa.  (JDK 11 without an archive exports as little.)
static bool read_by_name(const struct hotspot *vm, struct arena *mem, struct cds *out,
			 struct fail *why)
{
	const char *named = text_flag(vm, "SharedArchiveFile");
	VEC(struct cds_part) parts = { 0 };
	uint64_t shared;

	if (hotspot_flag(vm, "UseSharedSpaces", &shared) && !shared) {
		*out = (struct cds){ 0 };
		return true;
	}
	for (size_t i = 0; i < vm->maps->count; i++) {
		const struct mapping *m = &vm->maps->at[i];
		bool is_named = *named && m->path[0] == '/' && ends_with(m->path, named);

		if ((is_named || is_archive_name(m->path)) && is_in_class_range(vm, m))
			vec_push(mem, &parts,
				 (struct cds_part){ m->start, m->end, "static archive", false });
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
	struct regions regions;
	uint64_t base, top;
	const char *names[] = { base_name(vm), "dynamic archive" };
	size_t current = 0; // the archive that anonymous pieces between its mappings belong to

	read_regions(vm, &regions);
	if (!has_bounds(vm) && !regions.count)
		return read_by_name(vm, mem, out, why);
	if (!read_bounds(vm, &regions, &base, &top, why))
		return false;
	for (size_t i = 0; i < vm->maps->count; i++) {
		const struct mapping *m = &vm->maps->at[i];

		if (m->start < top && m->end > base)
			add_file(&files, m);
	}
	for (size_t i = 0; i < vm->maps->count && top; i++) {
		const struct mapping *m = &vm->maps->at[i];
		size_t file = find_file(&files, m);
		struct cds_part p = { m->start, m->end, names[file != 0], true };

		if (m->start < top && m->end > base) {
			current = file < files.count ? file : current;
			p.name = names[current != 0];
			p.start = m->start > base ? m->start : base;
			p.end = m->end < top ? m->end : top;
			// The bounds end with the last byte used, the mapping with its page.
			if (file < files.count && m->end == units_page_up(top))
				p.end = m->end;
		} else if (file == files.count || is_in_heap(vm, m)) {
			continue;
		} else {
			p.exact = is_region(&regions, m);
			if (p.exact && p.name == AOT_CACHE) // its one part that lies elsewhere
				p.name = "AOT code";
		}
		vec_push(mem, &parts, p);
	}
	*out = (struct cds){ parts.at, parts.count };
	return true;
}
