/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine is given that is to speak IKEv2 (struct ike_params). */
#ifndef MODSWAN_CORE_IKEV2_IKEV2_H
#define MODSWAN_CORE_IKEV2_IKEV2_H

struct ike_version;
extern const struct ike_version ikev2;

#endif
