# SPDX-License-Identifier: Apache-2.0
EXTRA_DIST += \
	testing/clean \
	testing/in \
	testing/lib \
	testing/packages \
	testing/prepare \
	testing/run \
	testing/scenarios
