// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Structures passed and returned by value through several small functions, as geometry code has them.

#include "kernel.h"

typedef struct {
  int x, y, z;
} Point;

typedef struct {
  Point low, high;
} Box;

enum { Boxes = 600 };
static Box boxes[Boxes];

static Point point(int x, int y, int z) { return (Point){x, y, z}; }
static Point add(Point a, Point b) { return point(a.x + b.x, a.y + b.y, a.z + b.z); }
static int least(int a, int b) { return a < b ? a : b; }
static int most(int a, int b) { return a > b ? a : b; }
static Point lower(Point a, Point b) { return point(least(a.x, b.x), least(a.y, b.y), least(a.z, b.z)); }
static Point upper(Point a, Point b) { return point(most(a.x, b.x), most(a.y, b.y), most(a.z, b.z)); }
static Box join(Box a, Box b) { return (Box){lower(a.low, b.low), upper(a.high, b.high)}; }
static Box moved(Box box, Point by) { return (Box){add(box.low, by), add(box.high, by)}; }
static int overlap(Box a, Box b) {
  return a.low.x < b.high.x && b.low.x < a.high.x && a.low.y < b.high.y && b.low.y < a.high.y &&
         a.low.z < b.high.z && b.low.z < a.high.z;
}

int main(int argc, char** argv) {
  unsigned state = 77;
  for (int i = 0; i < Boxes; ++i) {
    Point low = point((int)(kernel_random(&state) % 1000), (int)(kernel_random(&state) % 1000),
                      (int)(kernel_random(&state) % 1000));
    boxes[i] = (Box){low, add(low, point(60, 80, 100))};
  }
  for (long unit = 0, units = kernel_units(argc, argv); unit < units; ++unit) {
    unsigned long long pairs = 0;
    Box all = boxes[0];
    for (int i = 0; i < Boxes; ++i) {
      boxes[i] = moved(boxes[i], point((int)(unit % 7) - 3, (int)(unit % 5) - 2, i % 3 - 1));
      all = join(all, boxes[i]);
      for (int j = 0; j < i; ++j)
        pairs += (unsigned)overlap(boxes[i], boxes[j]);
    }
    kernel_tick(pairs * 1000003u + (unsigned)(all.high.x - all.low.x) * 31u + (unsigned)all.low.z);
  }
}
