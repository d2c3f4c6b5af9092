// SPDX-License-Identifier: Apache-2.0
#include "base/tree.h"

bool tree_read(const struct tree *t, const char *path, struct arena *mem, struct span *out,
	       struct fail *why)
{
	return t->ops->read(t->self, path, mem, out, why);
}

bool tree_list(const struct tree *t, const char *path, struct arena *mem, struct tree_names *out,
	       struct fail *why)
{
	return t->ops->list(t->self, path, mem, out, why);
}

bool tree_link(const struct tree *t, const char *path, struct arena *mem, const char **out,
	       struct fail *why)
{
	return t->ops->link(t->self, path, mem, out, why);
}

bool tree_stat(const struct tree *t, const char *path, struct tree_stat *out, struct fail *why)
{
	return t->ops->stat(t->self, path, out, why);
}

bool tree_made(const struct tree *t, const char *name, tree_maker *make, void *arg,
	       struct arena *mem, struct span *out, struct fail *why)
{
	return t->ops->made(t->self, name, make, arg, mem, out, why);
}
