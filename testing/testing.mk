# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	.ci/run \
	testing/README.md \
	testing/check \
	testing/clean \
	testing/cve/README.md \
	testing/rfc4322.md \
	testing/cve/numbers \
	testing/demo \
	testing/fuzz/campaign \
	testing/fuzz/fuzz.h \
	testing/in \
	testing/interop \
	testing/lib \
	testing/lint \
	testing/sim \
	testing/packages \
	testing/prepare \
	testing/run \
	testing/scenarios \
	testing/soak \
	testing/trixie

# Published vectors, each through every provider of its algorithm.
check_PROGRAMS += testing/vectors/vectors_test testing/vectors/wycheproof_test
TESTS += testing/vectors/vectors_test testing/vectors/wycheproof_test
testing_vectors_vectors_test_SOURCES = testing/vectors/vectors_test.c testing/vectors/providers.c \
	testing/vectors/providers.h
testing_vectors_vectors_test_LDADD = libmodswan.la $(LTDL_LIBS)
testing_vectors_vectors_test_LDFLAGS = $(AM_LDFLAGS) $(PLUGINS_PRELOAD)
testing_vectors_vectors_test_DEPENDENCIES = libmodswan.la $(PLUGINS_STATIC) $(PLUGINS_SHARED)
testing_vectors_wycheproof_test_SOURCES = testing/vectors/wycheproof_test.c \
	testing/vectors/providers.c testing/vectors/providers.h
testing_vectors_wycheproof_test_LDADD = libmodswan.la $(LTDL_LIBS)
testing_vectors_wycheproof_test_LDFLAGS = $(AM_LDFLAGS) $(PLUGINS_PRELOAD)
testing_vectors_wycheproof_test_DEPENDENCIES = libmodswan.la $(PLUGINS_STATIC) $(PLUGINS_SHARED)
EXTRA_DIST += \
	testing/vectors/aes-cbc.txt \
	testing/vectors/aes-ccm.txt \
	testing/vectors/aes-ctr.txt \
	testing/vectors/aes-gcm.txt \
	testing/vectors/chacha20-poly1305.txt \
	testing/vectors/integrity.txt \
	testing/vectors/legacy.txt \
	testing/vectors/wycheproof

# Every fuzz target with its seeds and some thousand inputs; testing/fuzz/campaign takes longer.
fuzz-smoke:
	@targets=`for t in $(TESTS); do case $$t in *_fuzz) echo $$t;; esac; done`; \
	$(MAKE) $(AM_MAKEFLAGS) $$targets && for t in $$targets; do \
		echo "$$t" && ./$$t || exit 1; done
.PHONY: fuzz-smoke

# What no compiler checks: where includes point to, licences, shapes, scripts.
lint:
	@$(top_srcdir)/testing/lint
.PHONY: lint
