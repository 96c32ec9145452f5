/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks over a table that may change under way: long listings and dumps are made piece by piece, so
 * that the control thread is free in between.
 *
 * Items stand in a list; each walk knows the item that comes next and is told when that one goes.
 * What is added during a walk may or may not be met by it; nothing is met twice.  Control thread
 * only.
 */
#ifndef KLIPS_WALK_H
#define KLIPS_WALK_H

#include <urcu/list.h>

#include <stddef.h>

struct walk_list {
	struct cds_list_head items, walks;
};

struct walk {
	struct cds_list_head node; /* of walk_list.walks */
	struct cds_list_head *next;
};

static inline void walk_list_init(struct walk_list *l)
{
	CDS_INIT_LIST_HEAD(&l->items);
	CDS_INIT_LIST_HEAD(&l->walks);
}

static inline void walk_list_add(struct walk_list *l, struct cds_list_head *item)
{
	cds_list_add_tail(item, &l->items);
}

static inline void walk_list_remove(struct walk_list *l, struct cds_list_head *item)
{
	struct walk *w;

	cds_list_for_each_entry(w, &l->walks, node)
		if (w->next == item)
			w->next = item->next;
	cds_list_del(item);
}

/* At the same place. */
static inline void walk_list_replace(struct walk_list *l, struct cds_list_head *old,
	struct cds_list_head *item)
{
	cds_list_add(item, old);
	walk_list_remove(l, old);
}

static inline void walk_start(struct walk *w, struct walk_list *l)
{
	w->next = l->items.next;
	cds_list_add(&w->node, &l->walks);
}

/* The next item, or NULL at the end. */
static inline struct cds_list_head *walk_next(struct walk *w, struct walk_list *l)
{
	struct cds_list_head *item = w->next;

	if (item == &l->items)
		return NULL;
	w->next = item->next;
	return item;
}

static inline void walk_end(struct walk *w)
{
	cds_list_del(&w->node);
}

#endif
