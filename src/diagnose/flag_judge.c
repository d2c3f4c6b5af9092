// SPDX-License-Identifier: Apache-2.0
#include "diagnose/flag_judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "diagnose/flag_effects.h"
#include "diagnose/flag_values.h"
#include "diagnose/lifetimes.h"
#include "diagnose/vmview.h"

struct judge {
	struct vmview v;
	bool ignores_unknown; // -XX:+IgnoreUnrecognizedVMOptions
	struct arena *mem;
	struct flag_judgement *out;
};

// Options of that form which the VM reads without having a flag of the name.
static const char *const READ_BY_THE_WAY[] = { "Flags", "VMOptionsFile", "ManagementServer" };

const char *flag_state_name(enum flag_state state)
{
	static const char *const NAMES[] = {
		[FLAG_OBSOLETE] = "obsolete",     [FLAG_EXPIRED] = "expired",
		[FLAG_UNKNOWN] = "unknown",       [FLAG_WITHOUT_EFFECT] = "without effect",
		[FLAG_DEPRECATED] = "deprecated",
	};

	return NAMES[state];
}

static struct judged_flag row_of(const struct judge *j, const struct option_row *o,
				 enum flag_state state, const char *why)
{
	struct judged_flag f = {
		.flag = o->flag, .option = o->text, .where = o->where, .state = state, .why = why
	};
	size_t len = strcspn(o->text, ":=");

	f.given = o->form == GIVEN_ON ? "true" : o->form == GIVEN_OFF ? "false" : o->value;
	if (!f.flag) { // -Xloggc:FILE
		f.flag = arena_copy(j->mem, o->text, len);
		f.given = o->text[len] ? o->text + len + 1 : "";
	}
	f.jdk = j->v.jdk;
	return f;
}

static void add(struct judge *j, const struct option_row *o, enum flag_state state, const char *why)
{
	struct judged_flag f = row_of(j, o, state, why);

	f.refused = !j->v.live && !j->ignores_unknown &&
		    (state == FLAG_EXPIRED || state == FLAG_UNKNOWN);
	vec_push(j->mem, &j->out->ineffective, f);
}

static void add_refused(struct judge *j, const struct option_row *o, const char *why)
{
	struct judged_flag f = row_of(
		j, o, FLAG_UNKNOWN, arena_format(j->mem, "%s: the VM does not start with it", why));

	f.refused = true;
	vec_push(j->mem, &j->out->ineffective, f);
}

static void add_deprecated(struct judge *j, const struct option_row *o, const char *why)
{
	struct judged_flag f = row_of(j, o, FLAG_DEPRECATED, why);

	vec_push(j->mem, &j->out->deprecated, f);
}

static const char *since_text(struct judge *j, const char *what, unsigned since)
{
	return since ? arena_format(j->mem, "%s since JDK %u", what, since)
		     : arena_text(j->mem, what);
}

// "the VM does not start with it", or that it was told not to mind.
static const char *with_end(struct judge *j, const char *text)
{
	if (j->ignores_unknown)
		return arena_format(j->mem, "%s; ignored by -XX:+IgnoreUnrecognizedVMOptions",
				    text);
	return j->v.live ? text : arena_format(j->mem, "%s: the VM does not start with it", text);
}

static const char *expired_text(struct judge *j, const struct lifetime *l)
{
	unsigned last = lifetime_last(l);

	if (l->obsolete_since && l->obsolete_since <= j->v.jdk)
		return arena_format(j->mem, "its support ended with JDK %u, and its name is gone",
				    l->obsolete_since);
	return last ? arena_format(j->mem, "JDK %u still had it", last)
		    : arena_text(j->mem, "its name is gone");
}

// A name that the VM has no flag of.
static void judge_foreign(struct judge *j, const struct option_row *o, const struct lifetime *l,
			  enum lifetime_state state)
{
	switch (state) {
	case LIFETIME_OBSOLETE:
		add(j, o, FLAG_OBSOLETE,
		    since_text(j, "ignored with a warning: without support", l->obsolete_since));
		return;
	case LIFETIME_EXPIRED:
		add(j, o, FLAG_EXPIRED, with_end(j, expired_text(j, l)));
		return;
	case LIFETIME_LATER:
		add(j, o, FLAG_UNKNOWN,
		    with_end(j, arena_format(j->mem, "it came later: JDK %u has it",
					     lifetime_first(l))));
		return;
	case LIFETIME_NONE:
		add(j, o, FLAG_UNKNOWN, with_end(j, "no JDK from 8 on is known to have it"));
		return;
	default:
		// Its JDK is not among those that were asked: a VM that runs without being told to
		// ignore it has taken it.
		if (j->v.live && !j->ignores_unknown)
			add(j, o, FLAG_OBSOLETE,
			    "the VM has no such flag, and took it all the same");
		else
			add(j, o, FLAG_EXPIRED,
			    with_end(j, arena_format(j->mem, "gone between JDK %u and this one",
						     lifetime_last(l))));
	}
}

static bool is_locked(const struct judge *j, const char *unlock, size_t before)
{
	bool known;

	if (j->v.live)
		return !vmview_switch(&j->v, unlock, &known) && known;
	for (size_t i = 0; i < before; i++)
		if (vmview_sets(&j->v.s->options.at[i], unlock) &&
		    j->v.s->options.at[i].form == GIVEN_ON)
			return false;
	return true;
}

// Diagnostic and experimental flags need their key in front.
static bool judge_lock(struct judge *j, const struct option_row *o, enum lifetime_state state)
{
	const char *kind = state == LIFETIME_DIAGNOSTIC ? "diagnostic" : "experimental";
	const char *unlock = state == LIFETIME_DIAGNOSTIC ? "UnlockDiagnosticVMOptions"
							  : "UnlockExperimentalVMOptions";

	const char *why;

	// The keys count as what they unlock.
	if (!strncmp(o->flag, "Unlock", 6) ||
	    (state != LIFETIME_DIAGNOSTIC && state != LIFETIME_EXPERIMENTAL) ||
	    !is_locked(j, unlock, (size_t)(o - j->v.s->options.at)))
		return false;
	why = arena_format(j->mem, "%s, and -XX:+%s is not given before it", kind, unlock);
	// 9 and later refuse it whatever they are told to ignore.
	if (j->v.jdk == 8 && j->ignores_unknown)
		add(j, o, FLAG_WITHOUT_EFFECT, with_end(j, why));
	else if (!j->v.live)
		add_refused(j, o, why);
	else
		return false;
	return true;
}

// Another option, later in the list, sets the same flag to something else.
static const struct option_row *later_option(const struct judge *j, const struct option_row *o)
{
	const struct option_row *end = j->v.s->options.at + j->v.s->options.count;
	const struct option_row *last = NULL;

	for (const struct option_row *p = o + 1; p < end; p++)
		if (vmview_sets(p, o->flag))
			last = p;
	return last && !flag_values_equal(o, last) ? last : NULL;
}

static bool adds_up(const struct judge *j, const struct option_row *o, const struct lifetime *l)
{
	const struct flag_row *row = snapshot_find_flag(j->v.s, o->flag);

	return row ? !strcmp(row->type_name, "ccstrlist") : l && l->type == LIFETIME_LIST;
}

// A flag that the VM has.
static void judge_known(struct judge *j, const struct option_row *o, const struct lifetime *l)
{
	const struct option_row *later = later_option(j, o);
	const char *why;

	if (later && !adds_up(j, o, l)) {
		add(j, o, FLAG_WITHOUT_EFFECT,
		    arena_format(j->mem, "a later one wins: %s of %s", later->text, later->where));
		return;
	}
	if (j->v.live) {
		const struct flag_row *row = snapshot_find_flag(j->v.s, o->flag);

		why = adds_up(j, o, l) ? NULL : flag_values_differ(&j->v, o, row, j->mem);
	} else {
		why = flag_values_refused(&j->v, o, l, j->mem);
		if (why) { // 9 and later refuse it whatever they are told to ignore
			if (j->v.jdk == 8 && j->ignores_unknown)
				add(j, o, FLAG_WITHOUT_EFFECT, with_end(j, why));
			else
				add_refused(j, o, why);
			return;
		}
		why = flag_values_foreseen(&j->v, o, j->mem);
	}
	if (!why)
		why = flag_effects_none(&j->v, o, j->mem);
	if (why)
		add(j, o, FLAG_WITHOUT_EFFECT, why);
	else if (lifetime_is_deprecated(l, j->v.jdk))
		add_deprecated(j, o,
			       l->deprecated_since
				       ? since_text(j, "deprecated", l->deprecated_since)
				       : "the VM says so, and not since when");
}

static void judge_alias(struct judge *j, const struct option_row *o, const struct lifetime *l)
{
	add_deprecated(j, o,
		       l->stands_for ? arena_format(j->mem, "another name of %s", l->stands_for)
				     : "another name of what is there");
}

static bool is_read_by_the_way(const char *flag)
{
	for (size_t i = 0; i < sizeof(READ_BY_THE_WAY) / sizeof(READ_BY_THE_WAY[0]); i++)
		if (!strcmp(READ_BY_THE_WAY[i], flag))
			return true;
	return false;
}

static void judge_flag(struct judge *j, const struct option_row *o)
{
	const struct lifetime *l = lifetime_find(o->flag);
	enum lifetime_state state = lifetime_at(l, j->v.jdk);
	bool has = j->v.live ? snapshot_find_flag(j->v.s, o->flag) != NULL
			     : state == LIFETIME_TAKEN || state == LIFETIME_DIAGNOSTIC ||
				       state == LIFETIME_EXPERIMENTAL;

	if (is_read_by_the_way(o->flag))
		return;
	if (state == LIFETIME_ALIAS)
		judge_alias(j, o, l);
	else if (!has || state == LIFETIME_OBSOLETE) // some stand in the table all the same
		judge_foreign(j, o, l, state);
	else if (!judge_lock(j, o, state))
		judge_known(j, o, l);
}

static void judge_x(struct judge *j, const struct option_row *o)
{
	unsigned since, deprecated = flag_effects_x_deprecated(o->text, j->v.jdk);

	if (!strncmp(o->text, "-XX:", 4)) {
		add(j, o, FLAG_UNKNOWN,
		    with_end(j, "it is no -XX:+Flag, -XX:-Flag or -XX:Flag=value"));
		return;
	}
	switch (flag_effects_x(o->text, j->v.jdk, &since)) {
	case X_OPTION_TAKEN:
		if (deprecated)
			add_deprecated(j, o, since_text(j, "deprecated", deprecated));
		return;
	case X_OPTION_UNKNOWN:
		add(j, o, FLAG_UNKNOWN,
		    with_end(j, arena_format(j->mem, "it came with JDK %u", since)));
		return;
	case X_OPTION_OBSOLETE:
		add(j, o, FLAG_OBSOLETE,
		    since_text(j, "ignored with a warning: without support", since));
		return;
	case X_OPTION_EXPIRED:
		add(j, o, FLAG_EXPIRED,
		    with_end(j, arena_format(j->mem, "JDK %u still had it", since)));
		return;
	}
}

void flag_judge(const struct snapshot *s, unsigned jdk, struct arena *mem,
		struct flag_judgement *out)
{
	struct judge j = { .v = vmview_of(s, jdk), .mem = mem, .out = out };
	bool known;

	j.ignores_unknown = vmview_switch(&j.v, "IgnoreUnrecognizedVMOptions", &known);
	if (!j.v.jdk)
		return;
	for (size_t i = 0; i < s->options.count; i++) {
		const struct option_row *o = &s->options.at[i];

		if (o->unread)
			add(&j, o, FLAG_WITHOUT_EFFECT, o->unread);
		else if (o->flag)
			judge_flag(&j, o);
		else
			judge_x(&j, o);
	}
}
