// SPDX-License-Identifier: Apache-2.0
#include "collect/generators.h"

#include <criterion/criterion.h>

#include "collect/families.h"

Test(generators, marks_are_known_in_any_package)
{
	static const struct {
		const char *name, *loader, *generator;
	} CLASSES[] = {
		{ "shop/ASMSerializer_12_Order", NULL, "fastjson" },
		{ "x/Foo$$EnhancerByCGLIB$$1a2b3c4d", NULL, "CGLIB" },
		{ "x/Foo$$EnhancerBySpringCGLIB$$ab12cd3", NULL, "Spring CGLIB" },
		{ "x/Foo$$SpringCGLIB$$0", NULL, "Spring CGLIB" },
		{ "x/Foo$ByteBuddy$aB3x", NULL, "Byte Buddy" },
		{ "x/Foo_$$_jvst3a_1", NULL, "Javassist" },
		{ "x/Order$JaxbAccessorF_name", NULL, "JAXB" },
		{ "com/sun/proxy/$Proxy17", NULL, "Proxy" },
		{ "own/$Proxy17", "own.Loader", "Proxy" },
		{ "jdk/internal/reflect/GeneratedMethodAccessor123", NULL, "reflection" },
		{ "sun/reflect/GeneratedConstructorAccessor1", NULL, "reflection" },
		{ "java/lang/invoke/LambdaForm$MH+0x0000000800c03c00", NULL, "LambdaForms" },
		{ "java/lang/invoke/BoundMethodHandle$Species_LLI", NULL, "MethodHandles" },
		{ "a/Main$$Lambda$14+0x0000000800c03000", NULL, "lambda" },
		{ "Script1", "relocated.GroovyClassLoader$InnerLoader", "Groovy" },
		{ "Script1", "own.Loader", NULL },
		{ "org/mozilla/javascript/gen/x_js_7", NULL, "Rhino" },
		{ "c7", "shaded.DefiningClassLoader", "Rhino" },
		{ "jdk/nashorn/internal/scripts/Script$Recompilation$2$f", NULL, "Nashorn" },
		{ "user$eval123", NULL, "Clojure" },
		{ "x/Bean$Access4JacksonSerializer7", NULL, "Jackson Afterburner" },
		{ "die/verwandlung/GregorSamsa", "x.TemplatesImpl$TransletClassLoader",
		  "XSLT translets" },
		{ "app/Order$1", NULL, NULL },
		{ "app/Order", "app.Loader", NULL },
		{ "app/Proxy12", NULL, NULL },
	};
	char family[FAMILIES_NAME_LIMIT];

	for (size_t i = 0; i < sizeof(CLASSES) / sizeof(*CLASSES); i++) {
		const char *got;

		families_fold(CLASSES[i].name, family, sizeof(family));
		got = generators_find(family, CLASSES[i].loader);
		if (CLASSES[i].generator)
			cr_expect_str_eq(got ? got : "none", CLASSES[i].generator, "%s",
					 CLASSES[i].name);
		else
			cr_expect_null(got, "%s became %s", CLASSES[i].name, got);
	}
}
