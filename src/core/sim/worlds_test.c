/* SPDX-License-Identifier: Apache-2.0 */
/* Worlds of many plutos, thousands of them. */
#include "core/sim/trial.h"
#include "core/sim/world.h"

int main(int argc, char **argv)
{
	static const struct trial worlds = { .thing = "world", .things = "worlds",
		.members = "plutos", .links = "connections", .word = "",
		.seeds = "src/core/sim/worlds.seeds", .each = 3000, .short_run = 2000,
		.also_from = 200000, .also = 1000, .memory = 50, .run = world_run };
	int status;

	if (!worlds_load())
		return 2;
	status = trial_main(&worlds, argc, argv);
	worlds_unload();
	return status;
}
