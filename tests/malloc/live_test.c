// SPDX-License-Identifier: Apache-2.0
// A program that prints all it makes (tests/live/alloc_target.c) against what is found from
// outside, page by page.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/tree.h"
#include "base/units.h"
#include "malloc/allocator.h"
#include "malloc/glibc.h"
#include "malloc/rtld.h"
#include "os/live.h"
#include "os/pages.h"
#include "os/remote.h"
#include "parse/maps.h"

struct made {
	char kind[16];
	uint64_t start, end;
};

struct process {
	struct arena mem;
	int pid, input;
	VEC(struct made) made;
	struct live live;
	struct tree files;
	struct maps maps;
	struct pages pages;
	struct memory memory;
	struct remote *remote;
	struct malloc_view view;
};

static void start(struct process *p, const char *how)
{
	char path[PATH_MAX], line[128];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 32);
	int in[2], out[2];
	FILE *lines;

	cr_assert(n > 0 && !pipe(in) && !pipe(out));
	path[n] = '\0';
	strcpy(strrchr(path, '/'), "/malloc/alloc-target");
	p->pid = fork();
	if (!p->pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		execl(path, path, how, (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	p->input = in[1];
	lines = fdopen(out[0], "r");
	while (fgets(line, sizeof(line), lines) && strcmp(line, "ready\n")) {
		struct made m;

		cr_assert(eq(int, sscanf(line, "%15s %lx %lx", m.kind, &m.start, &m.end), 3));
		vec_push(&p->mem, &p->made, m);
	}
	fclose(lines);
	cr_assert(p->made.count > 1000, "%s said %zu things", path, p->made.count);
}

static void look(struct process *p)
{
	struct fail why = { 0 };
	struct span text;
	struct page_range *ranges;
	struct remote_mapping *mappings;
	size_t count = 0;

	p->files = live_tree(&p->live, "");
	cr_assert(tree_read(&p->files, arena_format(&p->mem, "/proc/%d/maps", p->pid), &p->mem,
			    &text, &why),
		  "%s", why.text);
	cr_assert(maps_parse(text, &p->mem, &p->maps, &why), "%s", why.text);
	ranges = arena_array(&p->mem, struct page_range, p->maps.count);
	mappings = arena_array(&p->mem, struct remote_mapping, p->maps.count);
	for (size_t i = 0; i < p->maps.count; i++) {
		const struct mapping *m = &p->maps.at[i];

		mappings[i] =
			(struct remote_mapping){ m->start,     m->end,       m->offset,   m->inode,
						 m->dev_major, m->dev_minor, m->readable, m->shared,
						 m->deleted,   m->path };
		if (m->end <= REMOTE_END)
			ranges[count++] =
				(struct page_range){ m->start, m->end, !m->inode && !m->shared };
	}
	cr_assert(pages_read(&p->files, p->pid, ranges, count, &p->mem, &p->pages, &why), "%s",
		  why.text);
	p->remote = remote_open(p->pid, &p->mem);
	remote_set_mappings(p->remote, mappings, p->maps.count);
	remote_set_pages(p->remote, &p->pages);
	memory_init(&p->memory, &p->mem);
	memory_add_segment(&p->memory, 0, REMOTE_END, &REMOTE_SOURCE, p->remote);
	p->view =
		(struct malloc_view){ .memory = &p->memory, .maps = &p->maps, .pages = &p->pages };
}

static void stop(struct process *p)
{
	remote_close(p->remote);
	close(p->input);
	waitpid(p->pid, NULL, 0);
	arena_drop(&p->mem);
}

static uint64_t covered(const struct glibc *g, uint64_t start, uint64_t end)
{
	uint64_t sum = 0;

	for (uint64_t page = units_page_down(start); page < end; page += PAGE_SIZE_BYTES)
		sum += glibc_holds(g, page, page + 1);
	return sum;
}

// Every page of every block is malloc's, no page of anything else is.
static void check_pages(const struct process *p, const struct glibc *g)
{
	for (size_t i = 0; i < p->made.count; i++) {
		const struct made *m = &p->made.at[i];
		uint64_t pages =
			(units_page_up(m->end) - units_page_down(m->start)) / PAGE_SIZE_BYTES;
		uint64_t got = covered(g, m->start, m->end);

		cr_assert(eq(u64, got, strcmp(m->kind, "malloc") ? 0 : pages), "%s at 0x%lx",
			  m->kind, m->start);
	}
}

static void check(const char *how, bool quiet)
{
	struct process p = { 0 };
	struct fail why = { 0 };
	struct glibc g;

	start(&p, how);
	look(&p);
	cr_assert(glibc_read(&p.view, &p.mem, &g, &why), "%s", why.text);
	check_pages(&p, &g);
	cr_assert(eq(sz, g.arenas.count, 7));
	if (quiet) {
		cr_assert(eq(sz, g.doubts.count, 0), "%s", g.doubts.count ? g.doubts.at[0] : "");
		cr_assert(g.params.known);
		cr_assert(eq(u64, g.chunks, g.counters.mmaps));
		cr_assert(eq(u64, g.chunk_bytes, g.counters.mmapped));
	}
	stop(&p);
}

Test(malloc_live, every_page_of_a_program_stands_where_it_says)
{
	check("plain", true);
}

Test(malloc_live, the_same_with_brk_blocked)
{
	check("blocked", true);
}

Test(malloc_live, data_that_looks_like_headers_is_nobodys)
{
	check("lookalike", true);
}

Test(malloc_live, the_same_while_all_threads_allocate)
{
	check("busy", false);
}

Test(malloc_live, what_is_left_are_the_libraries_own_pages_and_the_programs_mappings)
{
	struct process p = { 0 };
	struct fail why = { 0 };
	struct glibc g;
	struct rtld rtld;
	uint64_t left = 0;

	start(&p, "plain");
	look(&p);
	cr_assert(glibc_read(&p.view, &p.mem, &g, &why));
	rtld_read(&p.view, &g, p.pid, &p.mem, &rtld);
	for (size_t i = 0; i < rtld.pieces.count; i++)
		cr_assert(eq(u64, covered(&g, rtld.pieces.at[i].start, rtld.pieces.at[i].end), 0));
	for (size_t i = 0; i < p.maps.count; i++) {
		const struct mapping *m = &p.maps.at[i];
		bool is_bss = i && p.maps.at[i - 1].path[0] && p.maps.at[i - 1].end == m->start;

		if (!mapping_is_anonymous(m) || is_bss)
			continue;
		for (uint64_t at = m->start; (at = view_next_present(&p.view, at, m->end)) < m->end;
		     at += PAGE_SIZE_BYTES) {
			bool known = glibc_holds(&g, at, at + 1);

			for (size_t k = 0; k < rtld.pieces.count && !known; k++)
				known = at >= rtld.pieces.at[k].start && at < rtld.pieces.at[k].end;
			for (size_t k = 0; k < p.made.count && !known; k++)
				known = at >= units_page_down(p.made.at[k].start) &&
					at < p.made.at[k].end;
			left += !known;
		}
	}
	cr_assert(eq(u64, left, 0), "%lu pages have no owner", left);
	stop(&p);
}

Test(malloc_live, libc_says_its_version)
{
	struct process p = { 0 };
	struct allocator a;

	start(&p, "plain");
	look(&p);
	allocator_find(&p.files, p.pid, &p.maps, &p.mem, &a);
	cr_assert(eq(str, (char *)a.name, "glibc"));
	cr_assert(eq(int, strncmp(a.version, "2.", 2), 0), "%s", a.version);
	stop(&p);
}
