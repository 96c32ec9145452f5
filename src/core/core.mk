# SPDX-License-Identifier: Apache-2.0
# libcore: the sans-I/O core.
noinst_LTLIBRARIES += libcore.la
libcore_la_SOURCES = \
	src/core/conn/build.c src/core/conn/conn.c src/core/conn/conn.h src/core/conn/conn_priv.h \
	src/core/conn/find.c src/core/conn/intern.c src/core/conn/orient.c src/core/conn/table.c \
	src/core/creds/creds.c src/core/creds/creds.h \
	src/core/host.h
libcore_la_LIBADD = libmodswan.la
