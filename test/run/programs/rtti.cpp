// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// typeid, dynamic_cast in every direction, virtual inheritance, covariant returns, pointers to members.
// LEVELS: O0 frontend O2
#include <cstdio>
#include <memory>
#include <typeindex>
#include <typeinfo>
#include <unordered_map>
#include <vector>
struct Shape {
  int id = 1;
  virtual ~Shape() = default;
  virtual double area() const = 0;
  virtual Shape *clone() const = 0;
};
struct Named {
  int tag = 2;
  virtual ~Named() = default;
  virtual const char *name() const { return "?"; }
};
struct Box : virtual Shape, Named {
  double w, h;
  Box(double a, double b) : w(a), h(b) {}
  double area() const override { return w * h; }
  Box *clone() const override { return new Box(*this); }
  const char *name() const override { return "Box"; }
};
struct Colored : virtual Shape {
  int color = 3;
};
struct ColoredBox final : Box, Colored {
  using Box::Box;
  ColoredBox *clone() const override { return new ColoredBox(*this); }
  const char *name() const override { return "ColoredBox"; }
  double area() const override { return Box::area() + color; }
};
static int probe(Shape *s) {
  int result = 0;
  if (auto *b = dynamic_cast<Box *>(s))
    result += 1 + b->tag;
  if (auto *c = dynamic_cast<Colored *>(s))
    result += 10 * c->color;
  if (auto *n = dynamic_cast<Named *>(s)) // across
    result += n->name()[0];
  return result + (dynamic_cast<void *>(s) != static_cast<void *>(s) ? 1000 : 0);
}
int main() {
  std::vector<std::unique_ptr<Shape>> shapes;
  shapes.emplace_back(new Box(2, 3));
  shapes.emplace_back(new ColoredBox(4, 5));
  shapes.emplace_back(shapes[1]->clone());
  double area = 0;
  long sum = 0;
  for (int i = 0; i < 20000; ++i) {
    area += shapes[i % 3]->area();
    sum += probe(shapes[i % 3].get());
  }
  std::printf("%.1f %ld\n", area, sum);
  std::unordered_map<std::type_index, int> map;
  for (auto &s : shapes)
    ++map[typeid(*s)];
  std::printf("%d %d %s %d\n", map[typeid(Box)], map[typeid(ColoredBox)], typeid(*shapes[1]).name(),
              typeid(*shapes[1]) == typeid(*shapes[2]));
  double (Shape::*virtual_member)() const = &Shape::area;
  const char *(Named::*name)() const = &Named::name;
  double Box::*data = &Box::h;
  ColoredBox box(6, 7);
  Box &as_box = box;
  std::printf("%.1f %s %.1f %d\n", (box.*virtual_member)(), (box.*name)(), as_box.*data, virtual_member == &Shape::area);
}
