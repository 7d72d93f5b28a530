// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Exceptions that the C++ library throws are caught by the program, again and again.
#include <any>
#include <cstdio>
#include <functional>
#include <future>
#include <limits>
#include <map>
#include <new>
#include <optional>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <typeinfo>
#include <variant>
#include <vector>
struct Polymorphic {
  virtual ~Polymorphic() = default;
};
struct Derived : Polymorphic {};
static volatile size_t huge = static_cast<size_t>(std::numeric_limits<long>::max()) - 4096;
static const char *attempt(int kind) {
  try {
    switch (kind) {
    case 0: return std::vector<int>(3).at(7) ? "a" : "b";
    case 1: return std::stoi("not a number") ? "a" : "b";
    case 2: return std::stoi("99999999999999") ? "a" : "b";
    case 3: return std::string("abc").substr(9).empty() ? "a" : "b";
    case 4: return ::operator new(huge) ? "a" : "b";
    case 5: return std::map<int, int>().at(1) ? "a" : "b";
    case 6: {
      std::istringstream in("x");
      in.exceptions(std::ios::failbit);
      int value;
      in >> value;
      return "b";
    }
    case 7: return std::function<int()>()() ? "a" : "b";
    case 8: return std::any_cast<int>(std::any(1.5)) ? "a" : "b";
    case 9: return std::get<int>(std::variant<int, double>(2.0)) ? "a" : "b";
    case 10: return std::optional<int>().value() ? "a" : "b";
    case 11: {
      Polymorphic p;
      return dynamic_cast<Derived &>(p).~Derived(), "b";
    }
    case 12: {
      Polymorphic *volatile null = nullptr;
      Polymorphic *p = null;
      return typeid(*p).name();
    }
    case 13: throw std::system_error(std::make_error_code(std::errc::io_error));
    case 14: {
      std::promise<int> promise;
      promise.get_future();
      return promise.get_future().valid() ? "a" : "b"; // a second time
    }
    default: return "none";
    }
  } catch (const std::out_of_range &) {
    return "out_of_range";
  } catch (const std::invalid_argument &) {
    return "invalid_argument";
  } catch (const std::bad_alloc &) {
    return "bad_alloc";
  } catch (const std::ios_base::failure &) {
    return "ios failure";
  } catch (const std::bad_function_call &) {
    return "bad_function_call";
  } catch (const std::bad_any_cast &) {
    return "bad_any_cast";
  } catch (const std::bad_variant_access &) {
    return "bad_variant_access";
  } catch (const std::bad_optional_access &) {
    return "bad_optional_access";
  } catch (const std::bad_cast &) {
    return "bad_cast";
  } catch (const std::bad_typeid &) {
    return "bad_typeid";
  } catch (const std::future_error &) {
    return "future_error";
  } catch (const std::system_error &) {
    return "system_error";
  } catch (...) {
    return "unknown";
  }
}
int main() {
  for (int i = 0; i < 16; ++i)
    std::printf("%d %s\n", i, attempt(i));
  size_t sum = 0;
  for (int i = 0; i < 2000; ++i)
    sum += attempt(i % 6)[0];
  std::printf("%zu\n", sum);
}
