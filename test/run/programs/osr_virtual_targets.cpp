// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Virtual calls and members whose target changes in mid-loop: by object, by a type made later, in a constructor.
// LEVELS: O0 frontend O2
#include <cstdio>
#include <memory>
#include <new>
struct Shape {
  virtual ~Shape() = default;
  virtual long area(long x) const { return x; }
  virtual const char *name() const { return "shape"; }
};
struct Square : Shape {
  long side;
  explicit Square(long s) : side(s) {}
  long area(long x) const override { return side * side + x; }
  const char *name() const override { return "square"; }
};
struct Other { virtual long other() { return 7; } };
struct Thin : Other, Shape {
  long area(long x) const override { return x ^ 0x5a; }
  const char *name() const override { return "thin"; }
};
struct Late final : Square {
  using Square::Square;
  long area(long x) const override { return Square::area(x) * 3 % 10007; }
};
[[gnu::noinline]] static long total(Shape **shapes, int n) {
  long sum = 0;
  for (int i = 0; i < n; ++i)
    sum = (sum + shapes[i * 4 / n]->area(i)) % 1000000007;
  return sum;
}
// The object at one address becomes another in the middle of the loop.
[[gnu::noinline]] static long replaced(int n) {
  alignas(Thin) alignas(Late) unsigned char place[sizeof(Thin) > sizeof(Late) ? sizeof(Thin) : sizeof(Late)];
  Shape *shape = new (place) Square(3);
  long sum = 0;
  for (int i = 0; i < n; ++i) {
    sum = (sum * 3 + shape->area(i)) % 1000003;
    if (i == n / 2 || i == n / 4 * 3) {
      shape->~Shape();
      shape = i == n / 2 ? static_cast<Shape *>(new (place) Late(4)) : new (place) Thin;
      std::printf("%s\n", shape->name());
    }
  }
  shape->~Shape();
  return sum;
}
struct Base {
  long sum = 0;
  Base() { run(50000); } // calls step of Base, not of Derived
  virtual ~Base() { run(20000); }
  virtual long step(long i) { return i; }
  [[gnu::noinline]] void run(int n) {
    for (int i = 0; i < n; ++i)
      sum = (sum * 5 + step(i)) % 1000003;
    std::printf("%ld\n", sum);
  }
};
struct Derived : Base {
  Derived() { run(50000); }
  ~Derived() override { run(20000); }
  long step(long i) override { return -i; }
};
[[gnu::noinline]] static long members(int n) {
  struct Calculator {
    long x = 1;
    long add(long i) { return x += i; }
    long times(long i) { return x = x * (i | 1) % 1000003; }
  } calculator;
  long (Calculator::*member)(long) = &Calculator::add;
  for (int i = 0; i < n; ++i) {
    (calculator.*member)(i);
    if (i % 30000 == 29999)
      member = member == &Calculator::add ? &Calculator::times : &Calculator::add;
  }
  return calculator.x;
}
int main() {
  Square square(5);
  Shape plain;
  Thin thin;
  Late late(6);
  Shape *shapes[] = {&square, &plain, &thin, &late};
  std::printf("%ld\n", total(shapes, 200000));
  std::printf("%ld\n", replaced(200000));
  { Derived derived; }
  std::printf("%ld\n", members(200000));
}
