# SPDX-License-Identifier: Apache-2.0
libmodswan_la_SOURCES += \
	src/lib/plugin/dso.c src/lib/plugin/dso.h \
	src/lib/plugin/graph.c \
	src/lib/plugin/loader.c src/lib/plugin/loader.h src/lib/plugin/loader_priv.h

if HAVE_CMOCKA
check_PROGRAMS += src/lib/plugin/loader_test
TESTS += src/lib/plugin/loader_test
src_lib_plugin_loader_test_SOURCES = src/lib/plugin/loader_test.c
src_lib_plugin_loader_test_LDADD = libmodswan.la $(CMOCKA_LIBS)

# Plugins with one fault each.
TEST_MODULE_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -rpath /nowhere
check_LTLIBRARIES += \
	src/lib/plugin/test/t-good.la \
	src/lib/plugin/test/t-abi.la \
	src/lib/plugin/test/t-liar.la \
	src/lib/plugin/test/t-symbol.la \
	src/lib/plugin/test/t-fails.la \
	src/lib/plugin/test/t-needy.la \
	src/lib/plugin/test/t-partly.la
src_lib_plugin_test_t_good_la_SOURCES = src/lib/plugin/test/module.c
src_lib_plugin_test_t_good_la_CPPFLAGS = $(AM_CPPFLAGS) -DT_IDENT=t_good -DT_NAME=\"t-good\"
src_lib_plugin_test_t_good_la_LDFLAGS = -module $(TEST_MODULE_LDFLAGS)
src_lib_plugin_test_t_good_la_LIBADD = libmodswan.la
src_lib_plugin_test_t_abi_la_SOURCES = src/lib/plugin/test/module.c
src_lib_plugin_test_t_abi_la_CPPFLAGS = $(AM_CPPFLAGS) -DT_ABI=4711 -DT_NAME=\"t-abi\"
src_lib_plugin_test_t_abi_la_LDFLAGS = -module $(TEST_MODULE_LDFLAGS)
src_lib_plugin_test_t_abi_la_LIBADD = libmodswan.la
src_lib_plugin_test_t_liar_la_SOURCES = src/lib/plugin/test/module.c
src_lib_plugin_test_t_liar_la_CPPFLAGS = $(AM_CPPFLAGS) -DT_IDENT=t_honest -DT_NAME=\"t-honest\"
src_lib_plugin_test_t_liar_la_LDFLAGS = -module $(TEST_MODULE_LDFLAGS)
src_lib_plugin_test_t_liar_la_LIBADD = libmodswan.la
src_lib_plugin_test_t_symbol_la_SOURCES = src/lib/plugin/test/module.c
src_lib_plugin_test_t_symbol_la_CPPFLAGS = $(AM_CPPFLAGS) -DT_IDENT=t_symbol -DT_NAME=\"t-symbol\" -DT_MISSING
src_lib_plugin_test_t_symbol_la_LDFLAGS = -module $(TEST_MODULE_LDFLAGS)
src_lib_plugin_test_t_symbol_la_LIBADD = libmodswan.la
src_lib_plugin_test_t_fails_la_SOURCES = src/lib/plugin/test/module.c
src_lib_plugin_test_t_fails_la_CPPFLAGS = $(AM_CPPFLAGS) -DT_IDENT=t_fails -DT_NAME=\"t-fails\" -DT_FAILS
src_lib_plugin_test_t_fails_la_LDFLAGS = -module $(TEST_MODULE_LDFLAGS)
src_lib_plugin_test_t_fails_la_LIBADD = libmodswan.la
src_lib_plugin_test_t_needy_la_SOURCES = src/lib/plugin/test/module.c
src_lib_plugin_test_t_needy_la_CPPFLAGS = $(AM_CPPFLAGS) -DT_IDENT=t_needy -DT_NAME=\"t-needy\" -DT_NEEDS=\"t-good\"
src_lib_plugin_test_t_needy_la_LDFLAGS = -module $(TEST_MODULE_LDFLAGS)
src_lib_plugin_test_t_needy_la_LIBADD = libmodswan.la
src_lib_plugin_test_t_partly_la_SOURCES = src/lib/plugin/test/module.c
src_lib_plugin_test_t_partly_la_CPPFLAGS = $(AM_CPPFLAGS) -DT_IDENT=t_partly -DT_NAME=\"t-partly\" -DT_SECOND=\"t-nowhere\"
src_lib_plugin_test_t_partly_la_LDFLAGS = -module $(TEST_MODULE_LDFLAGS)
src_lib_plugin_test_t_partly_la_LIBADD = libmodswan.la
endif
