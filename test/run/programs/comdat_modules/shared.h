// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
extern int constructed;
inline int next_number() { return ++constructed; }
inline int inlined = next_number();
template <class T> struct Holder {
  static T value;
};
template <class T> T Holder<T>::value = static_cast<T>(sizeof(T));
struct Base {
  virtual ~Base() = default;
  virtual const char *name() const { return "Base"; }
};
struct Derived : Base {
  const char *name() const override { return "Derived"; }
};
template <class T> int twice(T x) { return x + x; }
inline int &counter() {
  static int value = next_number() * 0 + 5;
  return value;
}
struct Addresses {
  int (*function)(int);
  int *variable, *local, *instance;
  const void *vtable;
  const Base *polymorphic;
};
Addresses first();
Addresses second();
Addresses object();
#define DEFINE(name)                                                                                                   \
  Addresses name() {                                                                                                   \
    static Derived derived;                                                                                            \
    return {twice<int>, &inlined, &counter(), &Holder<int>::value, *reinterpret_cast<const void **>(&derived), &derived}; \
  }
