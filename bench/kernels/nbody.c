// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Planets under gravity: floating-point arithmetic on an array of structures, one short function called in a
// loop.

#include "kernel.h"

#include <math.h>

typedef struct {
  double x, y, z, vx, vy, vz, mass;
} Body;

enum { Bodies = 5, Steps = 6000 };

static const Body Initial[Bodies] = {
    {0, 0, 0, 0, 0, 0, 39.478417604357432},
    {4.841431442464721, -1.1603200440274284, -0.10362204447112311, 0.606326392995832, 2.81198684491626,
     -0.02521836165988763, 0.03769367487038949},
    {8.34336671824458, 4.124798564124305, -0.4035234171143214, -1.0107743461787924, 1.8256623712304119,
     0.008415761376584154, 0.011286326131968767},
    {12.894369562139131, -15.111151401698631, -0.22330757889265573, 1.0827910064415354, 0.8687130181696082,
     -0.010832637401363636, 0.0017237240570597112},
    {15.379697114850917, -25.919314609987964, 0.17925877295037118, 0.979090732243898, 0.5946989986476762,
     -0.034755955550407804, 0.002033686869924631}};

static Body bodies[Bodies];

static void advance(double step) {
  for (int i = 0; i < Bodies; ++i)
    for (int j = i + 1; j < Bodies; ++j) {
      double dx = bodies[i].x - bodies[j].x, dy = bodies[i].y - bodies[j].y, dz = bodies[i].z - bodies[j].z;
      double square = dx * dx + dy * dy + dz * dz;
      double strength = step / (square * sqrt(square));
      bodies[i].vx -= dx * bodies[j].mass * strength;
      bodies[i].vy -= dy * bodies[j].mass * strength;
      bodies[i].vz -= dz * bodies[j].mass * strength;
      bodies[j].vx += dx * bodies[i].mass * strength;
      bodies[j].vy += dy * bodies[i].mass * strength;
      bodies[j].vz += dz * bodies[i].mass * strength;
    }
  for (int i = 0; i < Bodies; ++i) {
    bodies[i].x += step * bodies[i].vx;
    bodies[i].y += step * bodies[i].vy;
    bodies[i].z += step * bodies[i].vz;
  }
}

static double energy(void) {
  double sum = 0;
  for (int i = 0; i < Bodies; ++i) {
    const Body* b = &bodies[i];
    sum += 0.5 * b->mass * (b->vx * b->vx + b->vy * b->vy + b->vz * b->vz);
    for (int j = i + 1; j < Bodies; ++j) {
      double dx = b->x - bodies[j].x, dy = b->y - bodies[j].y, dz = b->z - bodies[j].z;
      sum -= b->mass * bodies[j].mass / sqrt(dx * dx + dy * dy + dz * dz);
    }
  }
  return sum;
}

int main(int argc, char** argv) {
  for (long unit = 0, units = kernel_units(argc, argv); unit < units; ++unit) {
    for (int i = 0; i < Bodies; ++i)
      bodies[i] = Initial[i];
    bodies[1].x += 0.125 * (double)(unit % 8);
    for (int i = 0; i < Steps; ++i)
      advance(0.001);
    kernel_tick((unsigned long long)(-energy() * 1e6));
  }
}
