// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Virtual calls: one class at most places, a few at others, as object-oriented programs have them.

#include "kernel.h"

#include <memory>
#include <vector>

namespace {

class Shape {
public:
  virtual ~Shape() = default;
  virtual unsigned area() const = 0;
  virtual unsigned edges() const { return 4; }
  virtual void grow(unsigned by) = 0;
};

class Square : public Shape {
public:
  explicit Square(unsigned side) : side_(side) {}
  unsigned area() const override { return side_ * side_; }
  void grow(unsigned by) override { side_ = (side_ + by) & 255; }

private:
  unsigned side_;
};

class Rectangle : public Shape {
public:
  Rectangle(unsigned width, unsigned height) : width_(width), height_(height) {}
  unsigned area() const override { return width_ * height_; }
  void grow(unsigned by) override {
    width_ = (width_ + by) & 255;
    height_ = (height_ + 1) & 127;
  }

private:
  unsigned width_, height_;
};

class Triangle : public Shape {
public:
  Triangle(unsigned base, unsigned height) : base_(base), height_(height) {}
  unsigned area() const override { return base_ * height_ / 2; }
  unsigned edges() const override { return 3; }
  void grow(unsigned by) override { base_ = (base_ + by) & 255; }

private:
  unsigned base_, height_;
};

using Shapes = std::vector<std::unique_ptr<Shape>>;

unsigned long long total(const Shapes& shapes) {
  unsigned long long sum = 0;
  for (const auto& shape : shapes)
    sum += shape->area() * shape->edges();
  return sum;
}

void growAll(Shapes& shapes, unsigned by) {
  for (auto& shape : shapes)
    shape->grow(by);
}

} // namespace

int main(int argc, char** argv) {
  Shapes mostlySquares, mixed;
  unsigned state = 5;
  for (unsigned i = 0; i < 1000; ++i) {
    mostlySquares.push_back(std::make_unique<Square>(i & 63));
    switch (kernel_random(&state) % 3) {
    case 0:
      mixed.push_back(std::make_unique<Square>(i & 63));
      break;
    case 1:
      mixed.push_back(std::make_unique<Rectangle>(i & 63, 7));
      break;
    default:
      mixed.push_back(std::make_unique<Triangle>(i & 63, 9));
      break;
    }
  }
  mostlySquares[500] = std::make_unique<Triangle>(3, 4);
  for (long unit = 0, units = kernel_units(argc, argv); unit < units; ++unit) {
    unsigned long long sum = 0;
    for (unsigned i = 0; i < 60; ++i) {
      sum = sum * 3 + total(mostlySquares);
      growAll(mostlySquares, i & 3);
    }
    for (unsigned i = 0; i < 12; ++i) {
      sum = sum * 3 + total(mixed);
      growAll(mixed, i & 3);
    }
    kernel_tick(sum);
  }
}
