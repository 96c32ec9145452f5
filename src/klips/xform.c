/* SPDX-License-Identifier: Apache-2.0 */
#include "klips/xform.h"

#include <stddef.h>

static const struct klips_xform *const xforms[] = { &esp_xform, &ipip_xform };

const struct klips_xform *klips_xform_of(uint8_t protocol)
{
	unsigned i;

	for (i = 0; i < sizeof xforms / sizeof xforms[0]; i++)
		if (xforms[i]->protocol == protocol)
			return xforms[i];
	return NULL;
}
