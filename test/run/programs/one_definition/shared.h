// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What both the program and its libraries define, and is to be there once.
#pragma once
#include <cstdio>
struct Registry {
  static Registry &get() {
    static Registry registry;
    return registry;
  }
  static inline int shared = 5;
  int value = 1;
  Registry() { std::puts("registry made"); }
  ~Registry() { std::printf("registry gone %d %d\n", value, shared); }
};
template <class T> struct Holder {
  static T slot;
};
template <class T> T Holder<T>::slot = T(11);
template <class T> int nextNumber() {
  static int number = 100;
  return ++number;
}
inline int countCalls() {
  static thread_local int calls = 0;
  return ++calls;
}
struct Early {
  int value;
  Early() : value(42) { std::puts("early made"); }
  ~Early() { std::printf("early gone %d\n", value); }
};
inline Early early;
inline thread_local int perThread = 9;
struct Base {
  virtual ~Base() = default;
  virtual int kind() const { return 1; }
};
struct Thrown : Base {
  int number = 0;
  int kind() const override { return 2; }
};
inline int (*inlineFunction())(int) {
  struct Local {
    static int function(int x) { return x + Registry::shared; }
  };
  return Local::function;
}
