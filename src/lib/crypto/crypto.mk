# SPDX-License-Identifier: Apache-2.0
libmodswan_la_SOURCES += \
	src/lib/crypto/kat.c \
	src/lib/crypto/kat.h \
	src/lib/crypto/kat_data.c \
	src/lib/crypto/prfplus.c \
	src/lib/crypto/prfplus.h \
	src/lib/crypto/registry.c \
	src/lib/crypto/registry.h \
	src/lib/crypto/transforms.c \
	src/lib/crypto/transforms.h
