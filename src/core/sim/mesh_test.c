/* SPDX-License-Identifier: Apache-2.0 */
/* Meshes of hosts with policy groups and opportunism; as a test, a scan of a network too. */
#include "core/sim/mesh.h"
#include "core/sim/trial.h"

#include <stdio.h>

static void summary(const struct story_result *s)
{
	printf(" (%u encrypted, %u clear, %u not answered, %u stopped; up to %u cells in one), "
	       "%llu questions",
		s->encrypted, s->clear, s->unanswered, s->blocked, s->cells,
		(unsigned long long)s->questions);
}

int main(int argc, char **argv)
{
	static const struct trial meshes = { .thing = "mesh", .things = "meshes",
		.members = "hosts", .links = "flows", .word = " --mesh",
		.seeds = "src/core/sim/meshes.seeds", .each = 300, .short_run = 40, .also_from = 200000,
		.also = 30, .scans = true, .mesh = true,
		.run = mesh_run, .summary = summary };
	int status;

	if (!mesh_load())
		return 2;
	status = trial_main(&meshes, argc, argv);
	mesh_unload();
	return status;
}
