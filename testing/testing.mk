# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	.ci/run \
	testing/README.md \
	testing/check \
	testing/clean \
	testing/demo \
	testing/in \
	testing/lib \
	testing/lint \
	testing/sim \
	testing/packages \
	testing/prepare \
	testing/run \
	testing/scenarios \
	testing/soak \
	testing/trixie

# What no compiler checks: where includes point to, licences, shapes, scripts.
lint:
	@$(top_srcdir)/testing/lint
.PHONY: lint
