// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Containers, algorithms, strings, smart pointers, ranges, variant, optional, function, regex.
// LEVELS: O0 O2
#include <algorithm>
#include <array>
#include <bitset>
#include <cstdio>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <queue>
#include <random>
#include <ranges>
#include <regex>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>
int main() {
  std::mt19937 random(42);
  std::vector<int> v(3000);
  std::ranges::generate(v, [&] { return static_cast<int>(random() % 1000); });
  std::map<int, int> counts;
  for (int x : v)
    ++counts[x];
  std::unordered_map<std::string, int> words;
  for (int x : v)
    words["word number " + std::to_string(x % 97)] += x;
  std::sort(v.begin(), v.end(), std::greater<>());
  std::printf("%d %d %zu %d\n", v.front(), v.back(), counts.size(), words["word number 13"]);
  std::set<std::string> keys;
  for (auto &[key, value] : words)
    keys.insert(key);
  std::printf("%s %s\n", keys.begin()->c_str(), keys.rbegin()->c_str());
  std::deque<int> deque(v.begin(), v.begin() + 100);
  std::rotate(deque.begin(), deque.begin() + 30, deque.end());
  std::list<int> list(deque.begin(), deque.end());
  list.sort();
  list.unique();
  std::priority_queue<int> heap(v.begin(), v.end());
  heap.pop();
  std::printf("%d %zu %d\n", deque[5], list.size(), heap.top());
  auto even = v | std::views::filter([](int x) { return x % 2 == 0; }) | std::views::transform([](int x) { return x / 2; })
              | std::views::take(500);
  int halves = 0;
  for (int x : even)
    halves += x;
  std::printf("%d\n", halves);
  std::variant<int, std::string, double> variant = "text";
  std::string visited;
  for (int i = 0; i < 3; ++i) {
    visited += std::visit([](auto &&x) -> std::string {
      if constexpr (std::is_same_v<std::decay_t<decltype(x)>, std::string>)
        return x;
      else
        return std::to_string(x);
    }, variant) + ";";
    if (i == 0)
      variant = 3;
    else
      variant = 2.5;
  }
  std::puts(visited.c_str());
  auto shared = std::make_shared<std::vector<std::string>>(5, "shared");
  std::weak_ptr<std::vector<std::string>> weak = shared;
  std::function<size_t()> size = [shared] { return shared->size(); };
  shared.reset();
  std::printf("%zu %ld\n", size(), weak.use_count());
  size = nullptr;
  std::printf("%d\n", weak.expired());
  std::bitset<100> bits;
  for (int x : v)
    bits.flip(static_cast<size_t>(x % 100));
  std::printf("%zu\n", bits.count());
  std::string text = "one 1, two 22, three 333";
  std::regex pattern("([a-z]+) ([0-9]+)");
  for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it)
    std::printf("%s=%s ", (*it)[1].str().c_str(), (*it)[2].str().c_str());
  auto [a, b, c] = std::make_tuple(1, 'x', std::optional<int>());
  std::printf("\n%d %c %d %d\n", a, b, c.value_or(-1), std::array{3, 1, 2}[1]);
}
