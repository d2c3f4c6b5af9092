// SPDX-License-Identifier: Apache-2.0
#include "os/symtab.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/tree.h"
#include "base/units.h"
#include "os/mapped.h"

enum {
	CHUNK = 128 << 10, // read at once: fresh buffers cost more in page faults than the reading
	SECTION_LIMIT = 4096,
	SEGMENT_LIMIT = 64,
	NAME_LIMIT = 1024,
};

struct question {
	const struct mapped_file *file;
	const struct symtab_place *places;
	size_t count;
};

struct library {
	int fd;
	uint64_t size;  // of the file
	uint64_t first; // virtual address that the image starts at
	Elf64_Shdr symbols, strings;
};

struct answer {         // for the place of the same index
	uint64_t start; // of its function
	uint32_t name;
	bool found;
};

static bool read_at(const struct library *l, void *to, size_t len, uint64_t offset)
{
	char *at = to;

	if (offset > l->size || len > l->size - offset)
		return false;
	while (len) {
		ssize_t n = pread(l->fd, at, len, (off_t)offset);

		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return true;
}

static bool read_head(struct library *l, Elf64_Ehdr *head)
{
	uint64_t lowest = UINT64_MAX;

	if (!read_at(l, head, sizeof(*head), 0) || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 ||
	    head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_ident[EI_DATA] != ELFDATA2LSB ||
	    head->e_phentsize != sizeof(Elf64_Phdr) || head->e_phnum > SEGMENT_LIMIT)
		return false;
	for (size_t i = 0; i < head->e_phnum; i++) {
		Elf64_Phdr p;

		if (!read_at(l, &p, sizeof(p), head->e_phoff + i * sizeof(p)))
			return false;
		if (p.p_type == PT_LOAD && p.p_vaddr < lowest)
			lowest = p.p_vaddr;
	}
	l->first = units_page_down(lowest);
	return lowest != UINT64_MAX;
}

static bool find_sections(struct library *l, const struct mapped_file *file, struct fail *why)
{
	Elf64_Ehdr head;

	if (!read_head(l, &head))
		return fail(why, FAIL_CORRUPT, "%s is no 64-bit ELF library", file->path);
	if (head.e_shnum &&
	    (head.e_shentsize != sizeof(Elf64_Shdr) || head.e_shnum > SECTION_LIMIT))
		return fail(why, FAIL_CORRUPT, "%s: no table of sections", file->path);
	for (size_t i = 0; i < head.e_shnum; i++) {
		if (!read_at(l, &l->symbols, sizeof(l->symbols),
			     head.e_shoff + i * sizeof(l->symbols)))
			return fail(why, FAIL_CORRUPT, "%s: no table of sections", file->path);
		if (l->symbols.sh_type != SHT_SYMTAB)
			continue;
		if (l->symbols.sh_link >= head.e_shnum ||
		    !read_at(l, &l->strings, sizeof(l->strings),
			     head.e_shoff + l->symbols.sh_link * sizeof(l->strings)) ||
		    l->strings.sh_type != SHT_STRTAB)
			return fail(why, FAIL_CORRUPT, "%s: .symtab without names", file->path);
		return true;
	}
	return fail(why, FAIL_ABSENT, "%s is stripped of its .symtab", file->path);
}

static size_t first_not_below(const struct question *q, uint64_t at)
{
	size_t low = 0, high = q->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (q->places[mid].at < at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

// Of functions that lie in each other (parts, aliases) the one that begins last counts.
static void match(const struct question *q, const struct library *l, const Elf64_Sym *s,
		  struct answer *answers)
{
	uint64_t start = s->st_value - l->first;

	if (ELF64_ST_TYPE(s->st_info) != STT_FUNC || s->st_shndx == SHN_UNDEF || !s->st_size ||
	    s->st_value < l->first || start + s->st_size < start)
		return;
	for (size_t i = first_not_below(q, start);
	     i < q->count && q->places[i].at < start + s->st_size; i++)
		if (!answers[i].found || answers[i].start < start)
			answers[i] = (struct answer){ start, s->st_name, true };
}

// Calls `visit` for each symbol until it returns false; false: the file could not be read.
static bool each_symbol(const struct library *l, char *buffer,
			bool (*visit)(void *arg, const Elf64_Sym *s), void *arg)
{
	enum { STEP = CHUNK / sizeof(Elf64_Sym) * sizeof(Elf64_Sym) };
	uint64_t size = l->symbols.sh_size / sizeof(Elf64_Sym) * sizeof(Elf64_Sym);

	for (uint64_t offset = 0; offset < size; offset += STEP) {
		size_t len = size - offset < STEP ? (size_t)(size - offset) : STEP;

		if (!read_at(l, buffer, len, l->symbols.sh_offset + offset))
			return false;
		for (size_t at = 0; at < len; at += sizeof(Elf64_Sym)) {
			Elf64_Sym s;

			memcpy(&s, buffer + at, sizeof(s));
			if (!visit(arg, &s))
				return true;
		}
	}
	return true;
}

struct search {
	const struct question *q;
	const struct library *l;
	struct answer *answers;
};

static bool match_one(void *arg, const Elf64_Sym *s)
{
	const struct search *search = arg;

	match(search->q, search->l, s, search->answers);
	return true;
}

static bool find_symbols(const struct question *q, const struct library *l, char *buffer,
			 struct answer *answers)
{
	struct search search = { q, l, answers };

	return each_symbol(l, buffer, match_one, &search);
}

// A name that is none (empty, cut off by the table's end, not to be printed) is left out.
static const char *read_name(const struct library *l, uint32_t name, char to[NAME_LIMIT])
{
	uint64_t rest = name < l->strings.sh_size ? l->strings.sh_size - name : 0;
	size_t len = rest < NAME_LIMIT ? (size_t)rest : NAME_LIMIT;

	if (!len || !read_at(l, to, len, l->strings.sh_offset + name) || !*to ||
	    !memchr(to, '\0', len))
		return NULL;
	for (const char *c = to; *c; c++)
		if (*c <= ' ' || *c > '~')
			return NULL;
	return to;
}

static struct span print_answers(const struct question *q, const struct library *l,
				 const struct answer *answers, struct arena *mem)
{
	VEC(char) text = { 0 };

	for (size_t i = 0; i < q->count; i++) {
		char room[NAME_LIMIT];
		const char *line,
			*name = answers[i].found ? read_name(l, answers[i].name, room) : NULL;

		if (!name)
			continue;
		line = arena_format(mem, "%" PRIx64 " %" PRIx64 " %s\n", q->places[i].at,
				    q->places[i].at - answers[i].start, name);
		for (const char *c = line; *c; c++)
			vec_push(mem, &text, *c);
	}
	return (struct span){ text.at, text.count };
}

static bool make(void *arg, struct arena *mem, struct span *out, struct fail *why)
{
	const struct question *q = arg;
	struct answer *answers = arena_array(mem, struct answer, q->count + 1);
	struct library l = { 0 };
	struct stat st;
	bool ok;

	if (!mapped_open(q->file, &l.fd, why))
		return false;
	l.size = fstat(l.fd, &st) ? 0 : (uint64_t)st.st_size;
	ok = find_sections(&l, q->file, why);
	if (ok && !find_symbols(q, &l, arena_get(mem, CHUNK), answers))
		ok = fail(why, FAIL_CORRUPT, "%s: unreadable .symtab", q->file->path);
	if (ok)
		*out = print_answers(q, &l, answers, mem);
	close(l.fd);
	return ok;
}

bool symtab_parse(struct span text, struct symtab_place *places, size_t count, struct arena *mem,
		  struct fail *why)
{
	const struct question q = { NULL, places, count };
	struct span line;

	while (span_take_line(&text, &line)) {
		uint64_t at, offset;
		size_t i;

		if (!span_take_hex(&line, &at) || !span_take_char(&line, ' ') ||
		    !span_take_hex(&line, &offset) || !span_take_char(&line, ' ') || !line.len ||
		    memchr(line.at, '\0', line.len))
			return fail(why, FAIL_CORRUPT, "damaged list of functions");
		i = first_not_below(&q, at);
		if (i >= count || places[i].at != at)
			continue;
		places[i].name = arena_copy(mem, line.at, line.len);
		places[i].offset = offset;
	}
	return true;
}

bool symtab_name(const struct tree *files, const struct mapped_file *file, const char *asked,
		 struct symtab_place *places, size_t count, struct arena *mem, struct fail *why)
{
	struct question q = { file, places, count };
	struct symtab_place *named = arena_array(mem, struct symtab_place, count + 1);
	struct span text;

	for (size_t i = 0; i < count; i++)
		named[i].at = places[i].at;
	if (!tree_made(files, asked, make, &q, mem, &text, why) ||
	    !symtab_parse(text, named, count, mem, why))
		return false;
	memcpy(places, named, count * sizeof(*places));
	return true;
}

// ---- one object by its name

struct wanted {
	const struct mapped_file *file;
	const char *name;
};

// Where the name stands in the table of names, by itself or (linkers share ends) as the end of another;
// false: nowhere.
static bool find_text(const struct library *l, const char *name, bool by_itself, char *buffer,
		      uint32_t *index)
{
	size_t before = by_itself, len = before + strlen(name) + 1, kept = 0;
	char text[NAME_LIMIT] = "";

	if (len > sizeof(text))
		return false;
	memcpy(text + before, name, len - before);
	for (uint64_t offset = 0; offset < l->strings.sh_size;) {
		uint64_t rest = l->strings.sh_size - offset;
		size_t n = rest < CHUNK - kept ? (size_t)rest : CHUNK - kept;
		const char *hit;

		if (!read_at(l, buffer + kept, n, l->strings.sh_offset + offset))
			return false;
		hit = memmem(buffer, kept + n, text, len);
		if (hit) {
			*index = (uint32_t)(offset - kept + (uint64_t)(hit - buffer) + before);
			return true;
		}
		offset += n;
		// A name may lie across the end of what was read.
		n += kept;
		kept = n < len - 1 ? n : len - 1;
		memmove(buffer, buffer + n - kept, kept);
	}
	return false;
}

static bool find_name(const struct library *l, const char *name, char *buffer, uint32_t *index)
{
	return find_text(l, name, true, buffer, index) || find_text(l, name, false, buffer, index);
}

struct object {
	uint32_t name;  // its place in the table of names
	uint64_t first; // address that `at` counts from
	uint64_t at;
	bool found;
};

static bool is_not_it(void *arg, const Elf64_Sym *s)
{
	struct object *o = arg;

	if (s->st_name != o->name || ELF64_ST_TYPE(s->st_info) != STT_OBJECT ||
	    s->st_shndx == SHN_UNDEF || s->st_value < o->first)
		return true;
	o->at = s->st_value - o->first;
	o->found = true;
	return false;
}

static bool find_object(const struct library *l, uint32_t name, char *buffer, uint64_t *at)
{
	struct object o = { .name = name, .first = l->first };

	if (!each_symbol(l, buffer, is_not_it, &o) || !o.found)
		return false;
	*at = o.at;
	return true;
}

static bool make_object(void *arg, struct arena *mem, struct span *out, struct fail *why)
{
	const struct wanted *w = arg;
	char *buffer = arena_get(mem, CHUNK);
	struct library l = { 0 };
	struct stat st;
	uint32_t name = 0;
	uint64_t at = 0;
	bool ok;

	if (!mapped_open(w->file, &l.fd, why))
		return false;
	l.size = fstat(l.fd, &st) ? 0 : (uint64_t)st.st_size;
	ok = find_sections(&l, w->file, why);
	if (ok && (!find_name(&l, w->name, buffer, &name) || !find_object(&l, name, buffer, &at)))
		ok = fail(why, FAIL_ABSENT, "%s has no %s", w->file->path, w->name);
	if (ok) {
		const char *line = arena_format(mem, "%" PRIx64 "\n", at);

		*out = (struct span){ line, strlen(line) };
	}
	close(l.fd);
	return ok;
}

bool symtab_find(const struct tree *files, const struct mapped_file *file, const char *asked,
		 const char *name, struct arena *mem, uint64_t *at, struct fail *why)
{
	struct wanted w = { file, name };
	struct span text;
	uint64_t found;

	if (!tree_made(files, asked, make_object, &w, mem, &text, why))
		return false;
	if (!span_take_hex(&text, &found))
		return fail(why, FAIL_CORRUPT, "damaged answer of the table of symbols");
	*at = found;
	return true;
}
