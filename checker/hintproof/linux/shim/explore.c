/*
 * Every state of a driver in its small world, breadth first; or random walks through it. A state is known by 128 bits
 * of hash; only the snapshots of the states that are still to be expanded are kept.
 */
#include <stdlib.h>

#include "moves.h"
#include "snapshot.h"

enum { PATH = 4096 };

struct outcome { u64 states, transitions; u32 depth, verdict, path_length, state; u8 path[PATH]; };

struct seen { u64 hash[2]; };
struct origin { u32 parent; u8 move; };
struct waiting { u8 *lines; u32 size; };

static struct seen *seen;
static struct origin *origins;
static struct waiting *frontier;
static u32 *table, table_size, room, count, next, level_end, most;
static u64 transitions;
static u32 depth;
static u8 *base, *buffer, *fresh;

static void drop(void)
{
	for (u32 i = next; i < count; i++)
		free(frontier[i].lines);
	free(seen);
	free(origins);
	free(frontier);
	free(table);
	free(base);
	free(buffer);
	free(fresh);
	seen = NULL;
	origins = NULL;
	frontier = NULL;
	table = NULL;
	base = buffer = fresh = NULL;
	count = next = room = table_size = 0;
}

static void grow(void)
{
	room = room ? room * 2 : 4096;
	table_size = room * 2;
	seen = realloc(seen, room * sizeof(*seen));
	origins = realloc(origins, room * sizeof(*origins));
	frontier = realloc(frontier, room * sizeof(*frontier));
	table = realloc(table, table_size * sizeof(*table));
	memset(table, 0xff, table_size * sizeof(*table));
	for (u32 i = 0; i < count; i++) {
		u32 at = seen[i].hash[0] & (table_size - 1);

		while (table[at] != ~0U)
			at = (at + 1) & (table_size - 1);
		table[at] = i;
	}
}

/* Keep the state as it is now, unless it is known. 1 if it is new. */
static int meet(u32 parent, int move)
{
	u32 size = hp_gather(fresh), at;
	struct seen here;

	if (!count)
		memcpy(base, fresh, size);
	if (count == room)
		grow();
	hp_hash(fresh, size, here.hash);
	for (at = here.hash[0] & (table_size - 1); table[at] != ~0U; at = (at + 1) & (table_size - 1))
		if (!memcmp(&seen[table[at]], &here, sizeof(here)))
			return 0;
	table[at] = count;
	seen[count] = here;
	origins[count] = (struct origin){ parent, move };
	frontier[count++] = (struct waiting){ hp_squeeze(fresh, size, base), size };
	return 1;
}

static enum verdict expand(u32 number)
{
	struct waiting *here = &frontier[number];
	u8 moves[MOVES];
	int many;

	hp_unsqueeze(here->lines, here->size, base, buffer);
	free(here->lines);
	hp_scatter(buffer);
	many = hp_moves(moves);
	for (int i = 0; i < many; i++) {
		if (i)
			hp_scatter(buffer);
		hp_event_count = 0;
		transitions++;
		if (hp_move(moves[i]) < 0) {
			origins[count < room ? count : room - 1] = (struct origin){ number, moves[i] };
			return FAULTED;
		}
		if (meet(number, moves[i]) && hp_judge() != GOES_ON)
			return hp_judge();
	}
	return GOES_ON;
}

static void tell_path(struct outcome *out, u32 last)
{
	u32 length = 0;

	for (u32 at = last; at; at = origins[at].parent)
		length++;
	out->path_length = length;
	for (u32 at = last; at; at = origins[at].parent)
		if (--length < PATH)
			out->path[length] = origins[at].move;
}

/* A search begins from the state as it is now. */
void hp_explore_begin(u32 most_states)
{
	drop();
	most = most_states;
	transitions = depth = 0;
	base = calloc(1, hp_snapshot_max + 2 * LINE);
	buffer = calloc(1, hp_snapshot_max + 2 * LINE);
	fresh = calloc(1, hp_snapshot_max + 2 * LINE);
	meet(0, 0);
	level_end = 1;
}

/*
 * Expand some states; GOES_ON, or how it ended: DISTRUSTED where a critical section can't be one step, see sections.c.
 * Afterwards the machine is in some state or other.
 */
int hp_explore(u32 expansions, struct outcome *out)
{
	enum verdict verdict = GOES_ON;

	memset(out, 0, sizeof(*out));
	while (verdict == GOES_ON && expansions--) {
		if (next == count) {
			verdict = EXHAUSTED;
			break;
		}
		if (next == level_end) {
			depth++;
			level_end = count;
		}
		verdict = count > most ? LIMITED : expand(next++);
		if (verdict == GOES_ON && hp_sections_broken())
			verdict = DISTRUSTED;
	}
	out->states = count;
	out->transitions = transitions;
	out->depth = depth;
	out->verdict = verdict;
	if (verdict == FAULTED || verdict == DEADLOCKED || verdict == LEAKED || verdict == RACED)
		tell_path(out, verdict == FAULTED ? (count < room ? count : room - 1) : count - 1);
	if (verdict != GOES_ON)
		drop();
	return verdict;
}

static u64 draw(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Random walks from the present state; the first with a fault ends them. */
int hp_walks(u64 seed, u32 walks, u32 length, struct outcome *out)
{
	u8 *start = malloc(hp_snapshot_max + 2 * LINE), moves[MOVES];
	u64 state = seed * 2 + 1;

	memset(out, 0, sizeof(*out));
	hp_gather(start);
	out->verdict = GOES_ON;
	length = length < PATH ? length : PATH;
	for (u32 w = 0; w < walks && out->verdict == GOES_ON; w++) {
		hp_scatter(start);
		for (u32 i = 0; i < length && out->verdict == GOES_ON; i++) {
			int many = hp_moves(moves);

			if (!many)
				break;
			hp_event_count = 0;
			out->path[i] = moves[draw(&state) % many];
			out->path_length = i + 1;
			out->transitions++;
			out->verdict = hp_move(out->path[i]) < 0 ? FAULTED : hp_judge();
		}
	}
	free(start);
	return out->verdict;
}
