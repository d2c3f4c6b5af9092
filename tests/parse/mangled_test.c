// SPDX-License-Identifier: Apache-2.0
#include "parse/mangled.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "base/arena.h"

static struct arena mem;

static void expect(const char *symbol, const char *name)
{
	cr_assert(eq(str, (char *)mangled_name(symbol, &mem), (char *)name));
}

Test(mangled, qualified_names_lose_their_parameters)
{
	expect("_ZN2os6mallocEm8MEMFLAGS", "os::malloc");
	expect("_ZN9metaspace16VirtualSpaceNode12commit_rangeEPP12MetaWordImplm",
	       "metaspace::VirtualSpaceNode::commit_range");
	expect("_ZNK5Klass4nameEv", "Klass::name");
	expect("_Z13universe_initv", "universe_init");
}

Test(mangled, constructors_and_destructors_have_their_class_s_name)
{
	expect("_ZN17ReservedCodeSpaceC1Em", "ReservedCodeSpace::ReservedCodeSpace");
	expect("_ZN11TemplateTblD0Ev", "TemplateTbl::~TemplateTbl");
}

Test(mangled, template_arguments_are_left_out)
{
	expect("_ZN13GrowableArrayIP5KlassE4growEi", "GrowableArray::grow");
	expect("_ZN4ListI1AXadL_Z7compareRKS0_S2_EELb1ELj4EE3addES0_", "List::add");
	expect("_ZN6HelperILm5EJ1A1BEE3runEv", "Helper::run");
}

Test(mangled, statics_locals_operators_and_lambdas_are_told)
{
	expect("_ZL10init_localP6Thread", "init_local");
	expect("_ZN12_GLOBAL__N_13fooEv", "(anonymous)::foo");
	expect("_ZZN6Thread4callEvE7counter", "Thread::call::counter");
	expect("_ZN5ArenanwEm", "Arena::operator new");
	expect("_ZZN3Foo3runEvENKUlvE_clEv", "Foo::run::(lambda)::operator()");
	expect("_ZNSt6vectorIiE4pushEi", "std::vector::push");
}

Test(mangled, suffixes_of_parts_are_cut_off)
{
	expect("_ZN2os6mallocEm.part.0", "os::malloc");
	expect("JVM_StartThread.cold", "JVM_StartThread");
}

Test(mangled, what_is_not_understood_comes_back_as_it_is)
{
	static const char *const RAW[] = {
		"JNI_CreateJavaVM",           "_ZTV5Klass", "_ZN", "_Z",
		"_ZN99999999999999999999foo", "_ZN3fo",     "",    "_ZNE",
		"_ZN1AIXplLi1ELi2EEE1bEv"
	};

	for (size_t i = 0; i < sizeof(RAW) / sizeof(RAW[0]); i++)
		expect(RAW[i], RAW[i]);
}

Test(mangled, depth_and_length_have_limits)
{
	char symbol[6000] = "_ZN1AI";

	for (size_t i = 6; i < sizeof(symbol) - 1; i++)
		symbol[i] = 'P';
	expect(symbol, symbol);
	strcpy(symbol, "_ZN");
	for (size_t i = 0; i < 500; i++)
		strcat(symbol, "4name");
	strcat(symbol, "Ev");
	expect(symbol, symbol);
}
