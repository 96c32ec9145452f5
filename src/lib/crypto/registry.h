/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of the registry's users need beside <modswan/registry.h>. */
#ifndef LIB_CRYPTO_REGISTRY_H
#define LIB_CRYPTO_REGISTRY_H

#include "lib/crypto/kat.h"

#include <modswan/registry.h>

/* ms_crypto_register() with other tests than the known-answer tests. */
ms_err ms_crypto_register_tested(const struct ms_crypto_ops *ops, const char *provider,
	const struct kat_suite *tests) MS_MUST_CHECK;

#endif
