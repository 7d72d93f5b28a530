// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// C++ as anywhere else: static objects, the standard library, virtual calls, and an exception thrown in one
// just-compiled function and caught in another.
//
//     ./dev run examples/hello.cpp
//
// Output: constructed before main
// Output: Ada says hello
// Output: Grace says hello
// Output: caught: nobody to greet
// Output: destroyed after main
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct Lifetime {
  Lifetime() { std::cout << "constructed before main\n"; }
  ~Lifetime() { std::cout << "destroyed after main\n"; }
};

Lifetime lifetime;

struct Greeter {
  virtual ~Greeter() = default;
  virtual std::string greeting() const = 0;
};

class Person : public Greeter {
public:
  explicit Person(std::string name) : name_(std::move(name)) {}
  std::string greeting() const override { return name_ + " says hello"; }

private:
  std::string name_;
};

void greet(const std::vector<std::unique_ptr<Greeter>>& greeters) {
  if (greeters.empty())
    throw std::runtime_error("nobody to greet");
  for (const auto& greeter : greeters)
    std::cout << greeter->greeting() << '\n';
}

} // namespace

int main() {
  std::vector<std::unique_ptr<Greeter>> greeters;
  greeters.push_back(std::make_unique<Person>("Ada"));
  greeters.push_back(std::make_unique<Person>("Grace"));
  try {
    greet(greeters);
    greet({});
  } catch (const std::exception& error) {
    std::cout << "caught: " << error.what() << '\n';
  }
}
