// SPDX-License-Identifier: Apache-2.0
// No Metaspace limit is in force, only flags of PermGen, which JDK 8 took away.
//
// A risk: somebody meant to set a limit, and there is none.
#include <string.h>

#include "diagnose/rule.h"
#include "diagnose/weigh.h"

static const char *find_perm_option(const struct snapshot *s)
{
	for (size_t i = 0; i < s->options.count; i++)
		if (strstr(s->options.at[i].text, "PermSize="))
			return s->options.at[i].text;
	return NULL;
}

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct snapshot *now = e->now;
	const struct fact *line = &now->fact[F_COMMAND_LINE];
	const char *option = find_perm_option(now);

	if (!now->fact[F_METASPACE_USED].known)
		return cannot_tell(out, mem, "Metaspace and its limit", out->cause->how);
	if (now->fact[F_METASPACE_MAX].known)
		return ruled_out(out, mem, "MaxMetaspaceSize is %s",
				 weigh_size(mem, now->fact[F_METASPACE_MAX].value));
	if (!option && line->known && strstr(line->text, "PermSize="))
		option = "-XX:MaxPermSize";
	if (!option)
		return now->options_whole || line->known
			       ? ruled_out(out, mem,
					   "Metaspace has no limit, and no option pretends one")
			       : cannot_tell(out, mem, "the options that the JVM was given",
					     out->cause->how);
	out->bytes = 0;
	out->culprit.kind = "flag";
	out->culprit.name = arena_text(mem, option);
	add_evidence(out, mem, "option.perm", 1, "options",
		     "%s was given, and Metaspace has no limit", option);
	weigh_remedy(out, mem, out->cause->remedy);
	return confirmed(
		out, mem,
		"%s has no effect since JDK 8: Metaspace has no limit but the machine's or the "
		"container's (%s used).",
		option, weigh_size(mem, now->fact[F_METASPACE_USED].value));
}

const struct rule rule_metaspace_unlimited = { .cause = "metaspace-unlimited", .judge = judge };
