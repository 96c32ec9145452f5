/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listings as files below the run directory: RUNDIR/ipsec_eroute and so on, where the family had
 * /proc/net/ipsec_eroute.
 *
 * Each second, what has changed is written anew, into a file beside it that then takes its place, so
 * that a reader always sees a whole listing.  Packet counts are changes too; seconds that pass are
 * not.  A large table is written piece by piece between other work, at most a fiftieth of the time,
 * so its file may be older than a second; and a file never has more than some megaoctets: its last
 * line then says that there is more, which `ipsec eroute` shows.  Control thread only.
 */
#ifndef KLIPS_LISTING_FILE_H
#define KLIPS_LISTING_FILE_H

struct klips;
struct listing_files;

/* NULL: no memory. */
struct listing_files *listing_files_new(struct klips *k);
/* Takes the files away. */
void listing_files_free(struct listing_files **f);
/* Each second. */
void listing_files_tick(struct listing_files *f);

#endif
