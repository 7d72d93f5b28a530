// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One round of bench/closures.py: what closures cost, ours and libffi's, with a plain function and
// std::function to compare. Prints lines of measurement, contender and figure, separated by tabs: nanoseconds
// per call, or closures per second.
#include <tiercel/closure.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ffi.h>
#include <functional>
#include <thread>
#include <vector>

namespace {

struct Point {
  double x, y;
};

using OneInt = int(int);
using TwoDoubles = double(double, double);
using SevenInts = int(int, int, int, int, int, int, int);
using PointAndDouble = Point(Point, double);

int added = 1; ///< what plain functions have instead of captured data

[[gnu::noinline]] int plainOneInt(int a) { return a + added; }
[[gnu::noinline]] double plainTwoDoubles(double a, double b) { return a + b * added; }
[[gnu::noinline]] int plainSevenInts(int a, int, int, int, int, int, int g) { return a + g + added; }
[[gnu::noinline]] Point plainPoint(Point p, double d) { return {p.x + d, p.y + added}; }

auto oneInt(int k) {
  return [k](int a) { return a + k; };
}
auto twoDoubles(int k) {
  return [k](double a, double b) { return a + b * k; };
}
auto sevenInts(int k) {
  return [k](int a, int, int, int, int, int, int g) { return a + g + k; };
}
auto pointAndDouble(int k) {
  return [k](Point p, double d) { return Point{p.x + d, p.y + k}; };
}

template <typename T> T& argument(void** arguments, int n) { return *static_cast<T*>(arguments[n]); }
// Integer results narrower than a register go there whole (ffi_arg).
void ffiOneInt(ffi_cif*, void* result, void** a, void* k) {
  *static_cast<ffi_arg*>(result) = ffi_arg(argument<int>(a, 0) + *static_cast<int*>(k));
}
void ffiTwoDoubles(ffi_cif*, void* result, void** a, void* k) {
  *static_cast<double*>(result) = argument<double>(a, 0) + argument<double>(a, 1) * *static_cast<int*>(k);
}
void ffiSevenInts(ffi_cif*, void* result, void** a, void* k) {
  *static_cast<ffi_arg*>(result) = ffi_arg(argument<int>(a, 0) + argument<int>(a, 6) + *static_cast<int*>(k));
}
void ffiPoint(ffi_cif*, void* result, void** a, void* k) {
  const Point p = argument<Point>(a, 0);
  *static_cast<Point*>(result) = {p.x + argument<double>(a, 1), p.y + *static_cast<int*>(k)};
}

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

using FfiHandler = void (*)(ffi_cif*, void*, void**, void*);

/// A closure of libffi's.
struct FfiClosure {
  FfiClosure(ffi_cif& cif, FfiHandler handler, void* data) {
    closure = static_cast<ffi_closure*>(ffi_closure_alloc(sizeof(ffi_closure), &code));
    if (!closure || ffi_prep_closure_loc(closure, &cif, handler, data, code) != FFI_OK)
      fail("libffi makes no closure");
  }
  ~FfiClosure() {
    if (closure)
      ffi_closure_free(closure);
  }
  FfiClosure(FfiClosure&& other) noexcept
      : closure(std::exchange(other.closure, nullptr)), code(other.code) {}

  ffi_closure* closure;
  void* code;
};

ffi_type* pointFields[] = {&ffi_type_double, &ffi_type_double, nullptr};
ffi_type pointType = {0, 0, FFI_TYPE_STRUCT, pointFields};

struct FfiSignature {
  FfiSignature(ffi_type* result, std::vector<ffi_type*> list) : arguments(std::move(list)) {
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, unsigned(arguments.size()), result, arguments.data()) != FFI_OK)
      fail("libffi refuses a signature");
  }
  std::vector<ffi_type*> arguments;
  ffi_cif cif;
};

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void print(const char* measurement, const char* contender, double figure) {
  std::printf("%s\t%s\t%.4f\n", measurement, contender, figure);
}

// Each call's result is an argument of the next, and the function is read from memory every time.
template <typename Function> void call(Function& f, int& value) {
  if constexpr (std::is_invocable_v<Function&, int>)
    value = f(value);
  else
    value = f(value, 1, 2, 3, 4, 5, -6);
}
template <typename Function> void call(Function& f, double& value) { value = f(value, 1.0); }
template <typename Function> void call(Function& f, Point& value) { value = f(value, 1.0); }

template <typename Value, typename Function> double nanosecondsPerCall(Function& function, int calls) {
  Value value{};
  const auto start = Clock::now();
  for (int i = 0; i < calls; ++i) {
    asm volatile("" : "+m"(function)); // may have changed
    call(function, value);
  }
  const double seconds = secondsSince(start);
  asm volatile("" ::"m"(value));
  return seconds * 1e9 / calls;
}

template <typename Sig, typename Value, typename Callable>
void measureCalls(const char* name, Sig* plain, Callable callable, FfiSignature& signature,
                  FfiHandler handler, int calls) {
  print(name, "plain function", nanosecondsPerCall<Value>(plain, calls));
  {
    std::function<Sig> function(callable);
    print(name, "std::function", nanosecondsPerCall<Value>(function, calls));
  }
  {
    auto closure = tiercel::makeClosure<Sig>(callable);
    if (!closure)
      fail(closure.error().message().c_str());
    Sig* function = closure->get();
    print(name, "tiercel", nanosecondsPerCall<Value>(function, calls));
  }
  {
    FfiClosure closure(signature.cif, handler, &added);
    Sig* function = reinterpret_cast<Sig*>(closure.code);
    print(name, "libffi", nanosecondsPerCall<Value>(function, calls));
  }
}

/// Closures per second: pairs of making and freeing, then `live` made and kept, then those freed.
template <typename Make> void measureMaking(const char* where, const char* contender, int live, Make make) {
  const auto label = [&](const char* what) { return std::string(what) + where; };
  auto start = Clock::now();
  for (int i = 0; i < live; ++i) {
    auto closure = make();
    asm volatile("" ::"m"(closure));
  }
  print(label("make and free").c_str(), contender, live / secondsSince(start));

  std::vector<decltype(make())> kept;
  kept.reserve(size_t(live));
  start = Clock::now();
  for (int i = 0; i < live; ++i)
    kept.push_back(make());
  print(label("make, keep").c_str(), contender, live / secondsSince(start));
  start = Clock::now();
  kept.clear();
  print(label("free what was kept").c_str(), contender, live / secondsSince(start));
}

void measureMakingOfAll(const char* where, int live, FfiSignature& signature) {
  measureMaking(where, "tiercel", live, [] {
    auto closure = tiercel::makeClosure<OneInt>(oneInt(added));
    if (!closure)
      fail(closure.error().message().c_str());
    return std::move(*closure);
  });
  measureMaking(where, "libffi", live, [&] { return FfiClosure(signature.cif, ffiOneInt, &added); });
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 3)
    fail("usage: measure_closures CALLS LIVE");
  const int calls = std::atoi(argv[1]), live = std::atoi(argv[2]);
  FfiSignature oneIntFfi(&ffi_type_sint, {&ffi_type_sint});
  FfiSignature twoDoublesFfi(&ffi_type_double, {&ffi_type_double, &ffi_type_double});
  FfiSignature sevenIntsFfi(&ffi_type_sint, std::vector<ffi_type*>(7, &ffi_type_sint));
  FfiSignature pointFfi(&pointType, {&pointType, &ffi_type_double});

  measureCalls<OneInt, int>("int(int)", plainOneInt, oneInt(added), oneIntFfi, ffiOneInt, calls);
  measureCalls<TwoDoubles, double>("double(double, double)", plainTwoDoubles, twoDoubles(added),
                                   twoDoublesFfi, ffiTwoDoubles, calls);
  measureCalls<SevenInts, int>("int(int × 7)", plainSevenInts, sevenInts(added), sevenIntsFfi, ffiSevenInts,
                               calls);
  measureCalls<PointAndDouble, Point>("Point(Point, double)", plainPoint, pointAndDouble(added), pointFfi,
                                      ffiPoint, calls);

  measureMakingOfAll("", live, oneIntFfi);
  // Another thread that enters closures all the time: freeing has to wait for it.
  auto other = tiercel::makeClosure<OneInt>(oneInt(added));
  if (!other)
    fail(other.error().message().c_str());
  std::atomic<bool> stop{false};
  std::atomic<bool> started{false};
  std::thread caller([&] {
    for (int value = 0; !stop; started = true)
      value = other->get()(value);
  });
  while (!started)
    std::this_thread::yield();
  measureMakingOfAll(", another thread calling", live, oneIntFfi);
  stop = true;
  caller.join();
  return 0;
}
