// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Handlers are chosen by type: bases, references, pointers, qualifiers, fundamental types, catch-all, nested, rethrow.
#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <typeinfo>
struct Base {
  virtual ~Base() = default;
  virtual const char *name() const { return "Base"; }
};
struct Left : virtual Base {
  const char *name() const override { return "Left"; }
};
struct Right : virtual Base {};
struct Both : Left, Right {
  const char *name() const override { return "Both"; }
};
static void thrower(int kind) {
  static Both both;
  switch (kind) {
  case 0: throw 1;
  case 1: throw 2.5;
  case 2: throw "text";
  case 3: throw Left();
  case 4: throw Both();
  case 5: throw static_cast<Right *>(&both);
  case 6: throw std::out_of_range("range");
  case 7: throw nullptr;
  case 8: throw std::bad_alloc();
  case 9: throw std::string("string");
  case 10: throw &both;
  case 11: throw 'c';
  case 12: throw static_cast<long>(12);
  default: return;
  }
}
static std::string classify(int kind) {
  try {
    try {
      thrower(kind);
      return "nothing";
    } catch (const std::logic_error &e) {
      return std::string("logic ") + e.what();
    } catch (int i) {
      return "int " + std::to_string(i);
    } catch (const Base &b) {
      if (typeid(b) == typeid(Both))
        throw; // the same object goes on
      return std::string("base ") + b.name();
    } catch (const Base *b) {
      return std::string("pointer ") + (b ? b->name() : "null");
    } catch (std::string &s) {
      s += "!";
      throw;
    }
  } catch (Right &r) {
    return std::string("right of ") + r.name();
  } catch (const char *text) {
    return text;
  } catch (const std::string &s) {
    return s;
  } catch (double d) {
    return "double " + std::to_string(d);
  } catch (const std::exception &e) {
    return typeid(e).name();
  } catch (...) {
    return "other";
  }
}
int main() {
  for (int i = 0; i <= 13; ++i)
    std::printf("%d %s\n", i, classify(i).c_str());
  size_t length = 0;
  for (int i = 0; i < 3000; ++i)
    length += classify(i % 14).size();
  std::printf("%zu uncaught %d\n", length, std::uncaught_exceptions());
  try {
    try {
      throw std::runtime_error("inner");
    } catch (...) {
      std::throw_with_nested(std::logic_error("outer"));
    }
  } catch (const std::exception &e) {
    std::printf("%s", e.what());
    try {
      std::rethrow_if_nested(e);
    } catch (const std::exception &n) {
      std::printf(" <- %s\n", n.what());
    }
  }
}
