// SPDX-License-Identifier: Apache-2.0
// What stands in a GC log beside its events: who wrote it, with which options, and the details that
// are known and not counted.
#include <stdio.h>

#include "gclog/dialects.h"
#include "gclog/scan.h"

const char *gclog_dialect_name(enum gclog_dialect d)
{
	static const char *const NAMES[] = { "unknown", "unified", "preunified", "foreign" };

	return NAMES[d];
}

const char *gclog_collector_name(enum gclog_collector c)
{
	static const char *const NAMES[GCLOG_COLLECTOR_COUNT] = {
		"",           "Serial",
		"Parallel",   "ParNew",
		"CMS",        "G1",
		"Shenandoah", "Shenandoah, generational",
		"ZGC",        "ZGC, generational",
		"Epsilon",
	};
	return NAMES[c];
}

void gclog_saw_collector(struct gclog_facts *f, enum gclog_collector c)
{
	if (c == GCLOG_COLLECTOR_UNKNOWN || f->collector == c)
		return;
	// ParNew runs with CMS and with the serial collector; a generational mode shows late.
	if (f->collector == GCLOG_COLLECTOR_UNKNOWN ||
	    (f->collector == GCLOG_PARNEW && (c == GCLOG_CMS || c == GCLOG_SERIAL)) ||
	    (f->collector == GCLOG_SERIAL && (c == GCLOG_CMS || c == GCLOG_PARNEW)) ||
	    (f->collector == GCLOG_SHENANDOAH && c == GCLOG_SHENANDOAH_GENERATIONAL) ||
	    (f->collector == GCLOG_ZGC && c == GCLOG_ZGC_GENERATIONAL))
		f->collector = f->collector == GCLOG_PARNEW && c == GCLOG_SERIAL   ? GCLOG_PARNEW
			       : f->collector == GCLOG_SERIAL && c == GCLOG_PARNEW ? GCLOG_PARNEW
										   : c;
}

void gclog_saw_words(struct gclog_facts *f, const char *words)
{
	static const struct {
		const char *begin;
		enum gclog_collector collector;
	} WORDS[] = {
		{ "G1", GCLOG_G1 },
		{ "Pause Young (Normal)", GCLOG_G1 },
		{ "Pause Young (Concurrent Start)", GCLOG_G1 },
		{ "Pause Mark Start", GCLOG_ZGC },
		{ "Pause Mark End", GCLOG_ZGC },
		{ "ZMarkStartYoung", GCLOG_ZGC_GENERATIONAL },
		{ "ZMark", GCLOG_ZGC },
		{ "XMark", GCLOG_ZGC },
		{ "Pause Init Mark", GCLOG_SHENANDOAH },
		{ "Pause Final Mark", GCLOG_SHENANDOAH },
		{ "Shenandoah", GCLOG_SHENANDOAH },
		{ "ParallelGC", GCLOG_PARALLEL },
		{ "ParallelCollect", GCLOG_PARALLEL },
		{ "SerialCollect", GCLOG_SERIAL },
		{ "SerialGC", GCLOG_SERIAL },
		{ "CMS_", GCLOG_CMS },
		{ "CMS Initial Mark", GCLOG_CMS },
		{ "CMS Final Remark", GCLOG_CMS },
	};

	if (f->collector != GCLOG_COLLECTOR_UNKNOWN)
		return;
	for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
		if (!strncmp(words, WORDS[i].begin, strlen(WORDS[i].begin)))
			gclog_saw_collector(f, WORDS[i].collector);
}

static void read_flag(struct gclog_facts *f, const char *p, const char *end)
{
	static const struct {
		const char *name;
		enum gclog_collector collector;
	} USES[] = {
		{ "+UseConcMarkSweepGC", GCLOG_CMS },
		{ "+UseG1GC", GCLOG_G1 },
		{ "+UseParallelGC", GCLOG_PARALLEL },
		{ "+UseParallelOldGC", GCLOG_PARALLEL },
		{ "+UseSerialGC", GCLOG_SERIAL },
		{ "+UseShenandoahGC", GCLOG_SHENANDOAH },
		{ "+UseZGC", GCLOG_ZGC },
		{ "+UseEpsilonGC", GCLOG_EPSILON },
	};
	const char *at = p;
	uint64_t bytes;

	for (size_t i = 0; i < sizeof(USES) / sizeof(USES[0]); i++)
		if (scan_word(&at, end, USES[i].name)) {
			gclog_saw_collector(f, USES[i].collector);
			return;
		}
	if (SCAN_TEXT(&at, end, "MaxHeapSize=") && scan_integer(&at, end, &bytes))
		f->max_heap = bytes;
	else if ((SCAN_TEXT(&at, end, "MaxMetaspaceSize=") ||
		  SCAN_TEXT(&at, end, "MaxPermSize=")) &&
		 scan_integer(&at, end, &bytes))
		f->max_meta = bytes;
}

static void read_flags(struct gclog_facts *f, const char *p, const char *end)
{
	while (p < end) {
		if (SCAN_TEXT(&p, end, "-XX:"))
			read_flag(f, p, end);
		else
			p++;
	}
}

// "... for linux-amd64 JRE (1.8.0_60-b27), built on"
static void read_version(struct gclog_facts *f, const char *p, const char *end)
{
	const char *at = scan_find(p, end, "JRE (");
	const char *q;

	if (!at)
		return;
	at += sizeof("JRE (") - 1;
	for (q = at; q < end && *q != ')' && *q != ' '; q++)
		;
	for (const char *b = at; b + 1 < q; b++)
		if (b[0] == '-' && b[1] == 'b')
			q = b;
	scan_copy(f->jdk, sizeof(f->jdk), at, q);
}

static void read_memory(const char *p, const char *end, uint64_t *to)
{
	double value;
	uint64_t bytes;
	const char *at = p;

	scan_blanks(&at, end);
	if (scan_size(&at, end, &bytes)) {
		*to = bytes;
		return;
	}
	at = p;
	scan_blanks(&at, end);
	if (scan_number(&at, end, &value) && value < 1e9)
		*to = (uint64_t)value << 20;
}

// "Memory: 4k page, physical 16393508k(1046272k free), swap 8388604k(8388604k free)"
static void read_swap(struct gclog_facts *f, const char *p, const char *end)
{
	static const char WORDS[] = ", swap ";
	const char *at = scan_find(p, end, WORDS);
	uint64_t all, left;

	if (!at)
		return;
	at += sizeof(WORDS) - 1;
	if (scan_integer(&at, end, &all) && SCAN_TEXT(&at, end, "k(") &&
	    scan_integer(&at, end, &left) && all < UINT64_MAX >> 10 && left <= all) {
		f->swap = all << 10;
		f->swap_free = left << 10;
	}
}

enum gclog_told gclog_header(struct gclog_facts *f, const char *p, const char *end)
{
	static const struct {
		const char *name;
		enum gclog_collector collector;
	} USING[] = {
		{ "G1", GCLOG_G1 },
		{ "Serial", GCLOG_SERIAL },
		{ "Parallel", GCLOG_PARALLEL },
		{ "Concurrent Mark Sweep", GCLOG_CMS },
		{ "Shenandoah", GCLOG_SHENANDOAH },
		{ "The Z Garbage Collector", GCLOG_ZGC },
		{ "Epsilon", GCLOG_EPSILON },
	};
	const char *at = p;
	uint64_t number;

	if (p == end || !((*p >= 'A' && *p <= 'Z') || scan_is_digit(*p)))
		return GCLOG_STRANGE;
	if (scan_is_digit(*p)) { // "2016-04-14 22:37:22 GC log file created gc.log.1"
		if (end - p < 30 || p[10] != ' ' ||
		    !SCAN_TEXT(&(const char *){ p + 19 }, end, " GC log file"))
			return GCLOG_STRANGE;
		return GCLOG_DETAIL;
	}
	if (SCAN_TEXT(&at, end, "Using ")) {
		for (size_t i = 0; i < sizeof(USING) / sizeof(USING[0]); i++)
			if (scan_word(&at, end, USING[i].name)) {
				gclog_saw_collector(f, USING[i].collector);
				return GCLOG_DETAIL;
			}
		return GCLOG_STRANGE;
	}
	if (SCAN_TEXT(&at, end, "Version: ")) {
		const char *q = at;

		while (q < end && *q != ' ' && *q != '+')
			q++;
		scan_copy(f->jdk, sizeof(f->jdk), at, q);
		return GCLOG_DETAIL;
	}
	if (SCAN_TEXT(&at, end, "Memory: ")) {
		read_swap(f, at, end);
		return GCLOG_DETAIL;
	}
	if (SCAN_TEXT(&at, end, "CPUs: ")) {
		if (scan_find(at, end, " total, ") &&
		    (at = scan_find(at, end, " total, ") + sizeof(" total, ") - 1,
		     scan_integer(&at, end, &number)))
			f->cpus = (unsigned)number;
		return GCLOG_DETAIL;
	}
	if (SCAN_TEXT(&at, end, "Heap Max Capacity:") || SCAN_TEXT(&at, end, "Max Capacity:")) {
		read_memory(at, end, &f->max_heap);
		return GCLOG_DETAIL;
	}
	if (SCAN_TEXT(&at, end, "Heap Region Size:") || SCAN_TEXT(&at, end, "Heap region size:")) {
		read_memory(at, end, &f->region);
		return GCLOG_DETAIL;
	}
	if (SCAN_TEXT(&at, end, "CommandLine flags:") || SCAN_TEXT(&at, end, "Command Line:")) {
		read_flags(f, at, end);
		return GCLOG_DETAIL;
	}
	if (SCAN_TEXT(&at, end, "Java HotSpot(TM) ") ||
	    (strchr("JOZS", *p) && scan_find(p, end, " VM (") && scan_find(p, end, "JRE ("))) {
		read_version(f, p, end);
		return GCLOG_DETAIL;
	}
	if (SCAN_TEXT(&at, end, "GC STATISTICS:") ||
	    SCAN_TEXT(&at, end, "All times are wall-clock")) {
		gclog_saw_collector(f, GCLOG_SHENANDOAH);
		return GCLOG_DETAIL;
	}
	if (scan_find(p, end, "GC log file created") ||
	    scan_find(p, end, "GC log file has reached"))
		return GCLOG_DETAIL;
	if (SCAN_TEXT(&at, end, "GC Workers: ") || SCAN_TEXT(&at, end, "Initialize mode: gen"))
		return GCLOG_DETAIL;
	return GCLOG_STRANGE;
}

// What begins so is a detail that holds no event, by its first letter.
static const char *const *const NOISE[128] = {
	['-'] = (const char *const[]){ "- age", "----", NULL },
	['/'] = (const char *const[]){ "/proc/meminfo", NULL },
	['A'] = (const char *const[]){ "After GC", "AdaptiveSize", "Av.", "All times are",
				       "Allocation pacing", "Application time", "Adaptive CSet",
				       NULL },
	['B'] = (const char *const[]){ "Before GC", NULL },
	['C'] = (const char *const[]){ "CMSCollector", "CMS: Large", "CardTable", "Checking for",
				       "Collectable Garbage", "Cancelling GC", "Compressed class",
				       "CMR:", "CSR:", "CTR:", "CWR", "CommandLine flags", NULL },
	['D'] = (const char *const[]){ "Desired survivor", NULL },
	['E'] = (const char *const[]){ "Evacuation", NULL },
	['F'] = (const char *const[]){ "Free:", "Failed to allocate", NULL },
	['G'] = (const char *const[]){ "GC threads", "GC log file", NULL },
	['H'] = (const char *const[]){ "Heap after", "Heap before", "Heap", "Humongous object",
				       "Hiccup", "Heuristics", NULL },
	['I'] = (const char *const[]){ "Initialize Shenandoah", NULL },
	['J'] = (const char *const[]){ "Java HotSpot", NULL },
	['L'] = (const char *const[]){ "Large block", NULL },
	['M'] = (const char *const[]){ "Max   Chunk", "Max TLAB", "Memory:", "Metaspace ", NULL },
	['N'] = (const char *const[]){ "Number of Blocks", "No shared spaces", "Now ", NULL },
	['O'] = (const char *const[]){ "OpenJDK ", NULL },
	['P'] = (const char *const[]){ "PSAdaptive", "Pacer for", "Pause ", "PSYoungGen ",
				       "ParOldGen ", "PSOldGen ", "PSPermGen ", NULL },
	['R'] = (const char *const[]){ "Reference processing", "Regions:", NULL },
	['S'] = (const char *const[]){ "Statistics for", "Shenandoah ", "Soft Max", NULL },
	['T'] = (const char *const[]){ "Total Free", "Total heap", "Tree ", "Trigger:", "Total ",
				       NULL },
	['U'] = (const char *const[]){ "Using ", NULL },
	['a'] = (const char *const[]){ "avg_", "active-", "all workers", NULL },
	['c'] = (const char *const[]){ "class space", "cms_", "concurrent-mark-sweep",
				       "contiguous_available", "compacting perm",
				       "concurrent mark-sweep", NULL },
	['d'] = (const char *const[]){ "def new generation", NULL },
	['e'] = (const char *const[]){ "eden space", NULL },
	['f'] = (const char *const[]){ "from space", "free=", "frag=", "from=", NULL },
	['g'] = (const char *const[]){ "garbage-first heap", NULL },
	['i'] = (const char *const[]){ "initiatingOccupancy", NULL },
	['m'] = (const char *const[]){ "metadata initialized", NULL },
	['n'] = (const char *const[]){ "num  ", "num ", NULL },
	['o'] = (const char *const[]){ "object space", "occupancy=", NULL },
	['p'] = (const char *const[]){ "par new generation", "promotion_rate", "promo_", NULL },
	['r'] = (const char *const[]){ "region size", "ro space", "rw space", NULL },
	['t'] = (const char *const[]){ "to space", "the space", "tenured generation", "time_until",
				       NULL },
	['w'] = (const char *const[]){ "waiting for", "workers.", NULL },
	['{'] = (const char *const[]){ "{Heap", NULL },
};

static bool is_histogram_row(const char *p, const char *end)
{
	uint64_t n;

	// "   1:   2050241   4701812112  [C"
	if (!scan_integer(&p, end, &n) || p == end || *p++ != ':' || p == end || *p != ' ')
		return false;
	scan_blanks(&p, end);
	if (!scan_integer(&p, end, &n) || p == end || *p != ' ')
		return false;
	scan_blanks(&p, end);
	return scan_integer(&p, end, &n) && p < end && *p == ' ';
}

// "[0x00000005c0000000, ..." of heaps before and after.
static bool has_address_range(const char *p, const char *end)
{
	const char *b = memchr(p, '[', (size_t)(end - p));

	return b && end - b > 2 && b[1] == '0' && b[2] == 'x';
}

// "  S: Thread Roots    235 us, workers (us):", "Concurrent Reset   22380 us"
static bool is_shenandoah_table(const char *p, const char *end)
{
	const char *at;

	// Its names begin with a letter and hold no bracket of a record.
	if (memchr(p, '[', (size_t)(end - p)))
		return false;
	at = scan_find(p, end, " us");
	return at && at > p && scan_is_digit(at[-1]) &&
	       (at + 3 == end || at[3] == ',' || at[3] == ' ');
}

bool gclog_tenuring(const char *p, const char *end, unsigned *threshold)
{
	uint64_t number;

	if (!SCAN_TEXT(&p, end, "Desired survivor size ") || !scan_integer(&p, end, &number) ||
	    !SCAN_TEXT(&p, end, " bytes, new threshold ") || !scan_integer(&p, end, &number))
		return false;
	if (number < 1000)
		*threshold = (unsigned)number;
	return true;
}

// "Total time for which application threads were stopped" stands apart: it is an event.
static bool is_stop(const char *p, const char *end)
{
	return SCAN_TEXT(&p, end, "Total time for which");
}

bool gclog_is_noise(const char *p, const char *end)
{
	if (p == end)
		return true;
	if (*p == '[' || *p == ',' || *p == ']')
		return false;
	if (scan_is_digit(*p))
		return is_histogram_row(p, end);
	if (is_stop(p, end))
		return false;
	if ((unsigned char)*p < 128 && NOISE[(unsigned char)*p])
		for (const char *const *word = NOISE[(unsigned char)*p]; *word; word++) {
			const char *at = p;

			if (scan_word(&at, end, *word))
				return true;
		}
	return has_address_range(p, end) || is_shenandoah_table(p, end);
}

const char *gclog_foreign(const char *p, const char *end)
{
	const char *at = p;
	double number;

	scan_blanks(&at, end);
	p = at;
	if (SCAN_TEXT(&at, end, "<verbosegc") || SCAN_TEXT(&at, end, "<exclusive-start") ||
	    SCAN_TEXT(&at, end, "<af type=") || SCAN_TEXT(&at, end, "<cycle-start") ||
	    SCAN_TEXT(&at, end, "<concurrent-kickoff"))
		return "IBM J9";
	if (SCAN_TEXT(&at, end, "<GC:")) {
		scan_blanks(&at, end);
		return at < end && scan_is_digit(*at) ? "HP-UX" : "IBM (1.2 to 1.4)";
	}
	if (SCAN_TEXT(&at, end, "<AF") || SCAN_TEXT(&at, end, "<GC(") ||
	    SCAN_TEXT(&at, end, "<GC["))
		return "IBM (1.2 to 1.4)";
	if (scan_find(p, end, "[memory ]") || scan_find(p, end, "][memory "))
		return "BEA JRockit";
	if (SCAN_TEXT(&at, end, "gc ") && scan_number(&at, end, &number) &&
	    SCAN_TEXT(&at, end, " @") && scan_number(&at, end, &number) &&
	    SCAN_TEXT(&at, end, "s "))
		return "the Go runtime";
	if (scan_find(p, end, "Background concurrent copying GC freed") ||
	    scan_find(p, end, " GC freed ") || scan_find(p, end, "GC_CONCURRENT freed") ||
	    scan_find(p, end, "GC_FOR_ALLOC freed"))
		return "Android (ART or Dalvik)";
	if (scan_find(p, end, " ms: Scavenge ") || scan_find(p, end, " ms: Mark-sweep ") ||
	    scan_find(p, end, " ms: Mark-Compact "))
		return "V8 (Node.js)";
	if (scan_find(p, end, "Incremental GC (") && scan_find(p, end, "(GraalVM"))
		return "GraalVM native image";
	return NULL;
}
