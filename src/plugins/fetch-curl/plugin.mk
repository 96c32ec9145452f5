# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += src/plugins/fetch-curl/README
if PLUGIN_FETCH_CURL
EXTRA_LTLIBRARIES += src/plugins/fetch-curl/fetch-curl.la
src_plugins_fetch_curl_fetch_curl_la_SOURCES = src/plugins/fetch-curl/fetch-curl.c
src_plugins_fetch_curl_fetch_curl_la_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
src_plugins_fetch_curl_fetch_curl_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version $(PLUGIN_FETCH_CURL_LDFLAGS)
src_plugins_fetch_curl_fetch_curl_la_LIBADD = libmodswan.la $(CURL_LIBS)
if HAVE_CMOCKA
check_PROGRAMS += src/plugins/fetch-curl/fetch-curl_test
TESTS += src/plugins/fetch-curl/fetch-curl_test
src_plugins_fetch_curl_fetch_curl_test_SOURCES = src/plugins/fetch-curl/fetch-curl_test.c \
	src/plugins/fetch-curl/fetch-curl.c
src_plugins_fetch_curl_fetch_curl_test_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
src_plugins_fetch_curl_fetch_curl_test_LDADD = libmodswan.la $(CURL_LIBS) $(CMOCKA_LIBS)
endif
endif
