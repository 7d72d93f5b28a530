// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <typeinfo>
// No key function: every module has its own copy of the type information, and all of them have to be taken for one.
struct Shape {
  int sides;
  explicit Shape(int n) : sides(n) {}
  virtual ~Shape() {}
};
struct Square : Shape {
  Square() : Shape(4) {}
};
#define DECLARE(prefix)                                                                                                \
  void prefix##_call(void (*)(int), int);                                                                              \
  void prefix##_throw();                                                                                               \
  int prefix##_guards();                                                                                               \
  int prefix##_catch(void (*)(int));                                                                                   \
  const std::type_info *prefix##_type();
DECLARE(bitcode)
DECLARE(object)
DECLARE(library)
#define DEFINE(prefix)                                                                                                 \
  static int prefix##_count;                                                                                           \
  namespace {                                                                                                          \
  struct Guard {                                                                                                       \
    ~Guard() { ++prefix##_count; }                                                                                     \
  };                                                                                                                   \
  }                                                                                                                    \
  void prefix##_call(void (*function)(int), int n) {                                                                   \
    Guard guard;                                                                                                       \
    function(n);                                                                                                       \
  }                                                                                                                    \
  void prefix##_throw() {                                                                                              \
    Guard guard;                                                                                                       \
    throw Square();                                                                                                    \
  }                                                                                                                    \
  int prefix##_guards() { return prefix##_count; }                                                                     \
  int prefix##_catch(void (*function)(int)) {                                                                          \
    try {                                                                                                              \
      function(12);                                                                                                    \
    } catch (const Shape &s) {                                                                                         \
      return s.sides;                                                                                                  \
    }                                                                                                                  \
    return -1;                                                                                                         \
  }                                                                                                                    \
  const std::type_info *prefix##_type() { return &typeid(Square); }
