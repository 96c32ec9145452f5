# SPDX-License-Identifier: Apache-2.0
# the algorithm registry, its tests, proposals
libmodswan_la_SOURCES += \
	src/lib/crypto/ckaid.c \
	src/lib/crypto/kat.c \
	src/lib/crypto/kat.h \
	src/lib/crypto/kat_data.c \
	src/lib/crypto/kat_rsa.c \
	src/lib/crypto/prfplus.c \
	src/lib/crypto/prfplus.h \
	src/lib/crypto/proposal.c \
	src/lib/crypto/proposal_text.c \
	src/lib/crypto/registry.c \
	src/lib/crypto/registry.h \
	src/lib/crypto/suite.c \
	src/lib/crypto/transforms.c \
	src/lib/crypto/transforms.h \
	src/lib/crypto/words.c \
	src/lib/crypto/words.h

check_PROGRAMS += src/lib/crypto/proposal_fuzz
TESTS += src/lib/crypto/proposal_fuzz
src_lib_crypto_proposal_fuzz_SOURCES = src/lib/crypto/proposal_fuzz.c testing/fuzz/driver.c \
	src/lib/crypto/fake_provider_test.h
src_lib_crypto_proposal_fuzz_LDADD = libmodswan.la

if HAVE_CMOCKA
crypto_tests = \
	src/lib/crypto/proposal_test \
	src/lib/crypto/registry_test \
	src/lib/crypto/suite_test
check_PROGRAMS += $(crypto_tests)
TESTS += $(crypto_tests)
src_lib_crypto_proposal_test_SOURCES = src/lib/crypto/proposal_test.c \
	src/lib/crypto/fake_provider_test.h
src_lib_crypto_proposal_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
src_lib_crypto_registry_test_SOURCES = src/lib/crypto/registry_test.c \
	src/lib/crypto/fake_provider_test.h
src_lib_crypto_registry_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
src_lib_crypto_suite_test_SOURCES = src/lib/crypto/suite_test.c src/lib/crypto/fake_provider_test.h
src_lib_crypto_suite_test_LDADD = libmodswan.la $(CMOCKA_LIBS)
endif
