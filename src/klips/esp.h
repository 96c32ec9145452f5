/* SPDX-License-Identifier: Apache-2.0 */
/* ESP; see esp.c. */
#ifndef KLIPS_ESP_H
#define KLIPS_ESP_H

struct klips_sa;

/* Octets to which payload, padding and trailer are filled up. */
unsigned esp_align(const struct klips_sa *sa);
unsigned esp_icv_octets(const struct klips_sa *sa);

#endif
