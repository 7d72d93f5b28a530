// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls through a table of function pointers: an event loop whose handlers are short and one of which takes
// most events.

#include "kernel.h"

typedef struct {
  unsigned kind, value;
} Event;

typedef struct {
  unsigned long long sum;
  unsigned errors, depth;
} State;

static void on_add(State* state, unsigned value) { state->sum += value; }
static void on_scale(State* state, unsigned value) { state->sum = state->sum * 5 + value; }
static void on_enter(State* state, unsigned value) { state->depth = (state->depth + (value & 3)) & 255; }
static void on_leave(State* state, unsigned value) { state->depth -= state->depth ? value & 1 : 0; }
static void on_error(State* state, unsigned value) { state->errors += value & 1; }
static void on_mix(State* state, unsigned value) { state->sum ^= state->sum >> 7 ^ value; }

typedef void Handler(State*, unsigned);
static Handler* handlers[] = {on_add, on_scale, on_enter, on_leave, on_error, on_mix};

enum { Events = 4096 };
static Event events[Events];

static void deliver(State* state, const Event* first, const Event* last) {
  for (; first != last; ++first)
    handlers[first->kind](state, first->value);
}

int main(int argc, char** argv) {
  unsigned seed = 11;
  for (int i = 0; i < Events; ++i) {
    unsigned choice = kernel_random(&seed) % 16;
    events[i].kind = choice < 11 ? 0 : choice - 10;
    events[i].value = kernel_random(&seed);
  }
  State state = {1, 0, 0};
  for (long unit = 0, units = kernel_units(argc, argv); unit < units; ++unit) {
    for (int i = 0; i < 60; ++i)
      deliver(&state, events, events + Events);
    kernel_tick(state.sum + state.errors + state.depth);
  }
}
