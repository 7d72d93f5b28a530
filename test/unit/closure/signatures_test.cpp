// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every way in which arguments and results travel. Each closure checks its arguments against the values sent,
// so an argument in the wrong place fails, and returns something made of what it captured, so a wrong slot
// does.
#include "tiercel/closure.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <tuple>

namespace tiercel {
namespace {

/// The n-th value of a type that travels: different for every n and in every byte that matters.
template <typename T> T sample(int n) {
  if constexpr (std::is_pointer_v<T>)
    return reinterpret_cast<T>(uintptr_t(0x1234567890) + uintptr_t(n));
  else if constexpr (std::is_enum_v<T>)
    return T(n + 3);
  else if constexpr (std::is_floating_point_v<T>)
    return T(n) + T(0.5);
  else if constexpr (std::is_same_v<T, bool>)
    return n % 2 == 0;
  else if constexpr (std::is_integral_v<T>)
    return T(n % 2 == 0 ? 100 + n : -100 - n);
  else
    return T::sample(n);
}

template <typename R, typename... Args, size_t... I> void checkSignature(std::index_sequence<I...>) {
  const std::tuple<Args...> sent{sample<Args>(int(I) + 1)...};
  // Two closures of one type, so that the right one of two slots must be found; one of them too large to be
  // stored inline.
  const std::array<long, 8> large{1, 2, 3, 4, 5, 6, 7, 8};
  int calls = 0;
  auto makeOne = [&](int id) {
    return makeClosure<R(Args...)>(
        [&, id](Args... args) -> R { // NOLINT(performance-unnecessary-value-param): the signature's
          EXPECT_TRUE(((args == std::get<I>(sent)) && ... && true));
          calls += id;
          if constexpr (!std::is_void_v<R>)
            return sample<R>(id);
        });
  };
  auto first = makeOne(1), second = makeOne(10);
  auto third =
      makeClosure<R(Args...)>([&, large](Args... args) -> R { // NOLINT(performance-unnecessary-value-param)
        EXPECT_TRUE(((args == std::get<I>(sent)) && ... && true));
        calls += 100 * int(large[0]);
        if constexpr (!std::is_void_v<R>)
          return sample<R>(int(large[6]));
      });
  ASSERT_TRUE(first && second && third);
  // Through volatile, so that the compiler cannot see through the pointer.
  R (*volatile functions[])(Args...) = {first->get(), second->get(), third->get()};
  const int expected[] = {1, 10, 7};
  auto call = [&](int i) {
    if constexpr (std::is_void_v<R>)
      functions[i](sample<Args>(int(I) + 1)...);
    else
      EXPECT_TRUE(functions[i](sample<Args>(int(I) + 1)...) == sample<R>(expected[i]));
  };
  for (int i = 0; i < 3; ++i) {
    call(i);
    std::thread(call, i).join(); // the first call of a thread has a longer way
  }
  EXPECT_EQ(calls, 222);
}

template <typename Sig> struct Checked;
template <typename R, typename... Args> struct Checked<R(Args...)> {
  static void check() { checkSignature<R, Args...>(std::index_sequence_for<Args...>()); }
};

template <typename R, typename T, size_t> using Repeat = T;
template <typename R, typename T, size_t... I> void checkRepeated(std::index_sequence<I...>) {
  SCOPED_TRACE(sizeof...(I));
  Checked<R(Repeat<R, T, I>...)>::check();
}
template <typename R, typename T, size_t... N> void checkUpTo(std::index_sequence<N...>) {
  (checkRepeated<R, T>(std::make_index_sequence<N>()), ...);
}

// Structs of every class of the psABI (3.2.3).
#define TIERCEL_TEST_STRUCT(name, fields, ...)                                                               \
  struct name {                                                                                              \
    fields bool operator==(const name&) const = default;                                                     \
    static name sample(int n) { return {__VA_ARGS__}; }                                                      \
  }
TIERCEL_TEST_STRUCT(Byte, char a;, char(n));
TIERCEL_TEST_STRUCT(TwoInts, int a; int b;, n, -n);
TIERCEL_TEST_STRUCT(TwoLongs, long a; long b;, n, -n);
TIERCEL_TEST_STRUCT(TwoFloats, float a; float b;, float(n), float(-n));
TIERCEL_TEST_STRUCT(TwoDoubles, double a; double b;, double(n), double(-n));
TIERCEL_TEST_STRUCT(LongAndDouble, long a; double b;, n, double(-n));
TIERCEL_TEST_STRUCT(DoubleAndInt, double a; int b;, double(n), -n);
TIERCEL_TEST_STRUCT(OneLongDouble, long double a;, (long double)(n));
TIERCEL_TEST_STRUCT(Three, long a; double b; char c;, n, double(-n), 'x');
TIERCEL_TEST_STRUCT(Many, int a[25];, {n, 1, 2, n});
#undef TIERCEL_TEST_STRUCT
struct alignas(32) Aligned {
  long a, b;
  bool operator==(const Aligned&) const = default;
  static Aligned sample(int n) { return {n, -n}; }
};
static_assert(sizeof(Three) == 24 && sizeof(Aligned) == 32);
/// More than what the slot goes in front of can keep.
struct alignas(64) AlignedTooFar {};
static_assert(detail::keepsAlignment<Aligned>() && !detail::keepsAlignment<AlignedTooFar>() &&
              detail::keepsAlignment<AlignedTooFar&>() && detail::keepsAlignment<AlignedTooFar*>());

/// Travels by a hidden pointer, whatever its size.
struct Owning {
  std::string text;
  bool operator==(const Owning&) const = default;
  static Owning sample(int n) { return {std::string(size_t(n) + 20, 'a')}; }
};

using Vector = float __attribute__((vector_size(16)));
enum class Small : unsigned char {};
enum class Large : long {};

TEST(ClosureSignatures, ZeroToTenOfOneType) {
  using Numbers = std::make_index_sequence<11>;
  checkUpTo<int, int>(Numbers());
  checkUpTo<void, signed char>(Numbers());
  checkUpTo<long, long>(Numbers());
  checkUpTo<double, double>(Numbers());
  checkUpTo<float, float>(Numbers());
  checkUpTo<long double, long double>(Numbers());
  checkUpTo<void*, const char*>(Numbers());
  checkUpTo<bool, bool>(Numbers());
  checkUpTo<Small, Large>(Numbers());
}

TEST(ClosureSignatures, Mixed) {
  Checked<double(int, double, const char*, float, long double, unsigned short)>::check();
  Checked<long double(double, int, double, int, double, int, double, int, double, int, double, int)>::check();
  // Both kinds of registers full, more of each in memory.
  Checked<int(double, double, double, double, double, double, double, double, double, int, int, int, int, int,
              int, int, float, char)>::check();
  // Five integer arguments, others in memory: the sixth register is the slot's.
  Checked<float(int, int, int, int, int, double, double, double, double, double, double, double, double,
                double, long double, float)>::check();
  Checked<int(long double, int, int, int, int, int, int, int, long double)>::check();
}

template <typename S> void checkStruct() {
  Checked<S()>::check();
  Checked<void(S)>::check();
  Checked<S(S)>::check();
  Checked<S(int, S, double, S)>::check();
  Checked<S(S, S, S, S, S, S)>::check();
  Checked<int(int, int, int, int, int, S, int, S, double)>::check(); // one integer register left for S
  Checked<S(int, int, int, int, int, int, int, S, char)>::check();
  Checked<S(double, double, double, double, double, double, double, S, double, S, int)>::check();
}

TEST(ClosureSignatures, StructsByValue) {
  checkStruct<Byte>();
  checkStruct<TwoInts>();
  checkStruct<TwoLongs>();
  checkStruct<TwoFloats>();
  checkStruct<TwoDoubles>();
  checkStruct<LongAndDouble>();
  checkStruct<DoubleAndInt>();
  checkStruct<OneLongDouble>();
  checkStruct<Three>();
  checkStruct<Many>();
  checkStruct<Aligned>();
  checkStruct<Owning>();
}

TEST(ClosureSignatures, WideIntegersAndVectors) {
  using Wide = __int128;
  auto wide = makeClosure<Wide(int, Wide, Wide, int, Wide)>(
      [](int a, Wide b, Wide c, int d, Wide e) { return a + b * 10 + c * 100 + Wide(d) * 1000 + e * 10000; });
  ASSERT_TRUE(wide);
  EXPECT_TRUE(wide->get()(1, 2, 3, 4, Wide(5) << 70) == 1 + 20 + 300 + 4000 + (Wide(5) << 70) * 10000);
  auto vector =
      makeClosure<Vector(Vector, int, Vector)>([](Vector a, int b, Vector c) { return a + float(b) * c; });
  ASSERT_TRUE(vector);
  const auto four = makeClosure<Wide(Wide, Wide, Wide, Wide)>(
      [](Wide a, Wide b, Wide c, Wide d) { return a + b * 10 + c * 100 + d * 1000; });
  ASSERT_TRUE(four);
  std::thread([&] {
    EXPECT_TRUE(four->get()(1, 2, 3, Wide(4) << 70) == 321 + (Wide(4) << 70) * 1000);
  }).join();
  const Vector sum = vector->get()(Vector{1, 2, 3, 4}, 10, Vector{1, 1, 2, 2});
  EXPECT_EQ(sum[0], 11);
  EXPECT_EQ(sum[3], 24);
}

TEST(ClosureSignatures, ReferencesAndMoveOnlyArguments) {
  int target = 0;
  auto closure = makeClosure<int&(int&, const std::string&, std::unique_ptr<int>, int&&)>(
      [](int& out, const std::string& text, std::unique_ptr<int> owned, int&& moved) -> int& {
        out = int(text.size()) + *owned + moved;
        return out;
      });
  ASSERT_TRUE(closure);
  int& result = closure->get()(target, "four", std::make_unique<int>(30), 200);
  EXPECT_EQ(&result, &target);
  EXPECT_EQ(target, 234);
}

/// Neither copied nor moved: built where the caller wants it.
struct Immovable {
  explicit Immovable(int v) : value(v), self(this) {}
  Immovable(const Immovable&) = delete;
  int value;
  Immovable* self;
};

TEST(ClosureSignatures, ImmovableResult) {
  auto closure = makeClosure<Immovable(int)>([](int value) { return Immovable(value); });
  ASSERT_TRUE(closure);
  const Immovable made = closure->get()(7);
  EXPECT_EQ(made.value, 7);
  EXPECT_EQ(made.self, &made);
}

TEST(ClosureSignatures, ConvertedResultsAndMembers) {
  auto converted = makeClosure<double(int)>([](long value) { return int(value) + 1; });
  auto ignored = makeClosure<void(int)>([](int value) { return value; });
  auto member = makeClosure<int(const TwoInts&)>(&TwoInts::b);
  ASSERT_TRUE(converted && ignored && member);
  EXPECT_EQ(converted->get()(3), 4.0);
  ignored->get()(3);
  EXPECT_EQ(member->get()(TwoInts{1, 2}), 2);
}

TEST(ClosureSignatures, OverAlignedThingsByReferenceAndAsResults) {
  auto closure =
      makeClosure<AlignedTooFar(const AlignedTooFar&)>([](const AlignedTooFar& given) { return given; });
  ASSERT_TRUE(closure);
  const AlignedTooFar there = closure->get()(AlignedTooFar());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(&there) % 64, 0u);
}

TEST(ClosureSignatures, Noexcept) {
  auto closure = makeClosure<int(int) noexcept>([](int value) noexcept { return value + 1; });
  ASSERT_TRUE(closure);
  int (*function)(int) noexcept = closure->get();
  EXPECT_EQ(function(1), 2);
}

TEST(ClosureSignatures, KindsFollowThePsabi) {
  using detail::closureKind;
  EXPECT_EQ((closureKind<void>()), 0u);
  EXPECT_EQ((closureKind<int, double, char*, long double, Small, int&>()), 3u);
  EXPECT_EQ((closureKind<void, int, int, int, int, int>()), 5u);
  EXPECT_EQ((closureKind<void, int, int, int, int, int, int>()), detail::kClosureOnStack);
  EXPECT_EQ((closureKind<Byte>()), detail::kClosureOnStack);
  EXPECT_EQ((closureKind<int, Owning>()), detail::kClosureOnStack);
  EXPECT_EQ((closureKind<int, __int128>()), detail::kClosureOnStack);
}

} // namespace
} // namespace tiercel
