// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// iostream: cin, cout, formatting, string streams, user-defined operators, buffers of its own.
// STDIN: 3 4.5 word\nsecond line here\n17 0x2a\nrest
#include <iomanip>
#include <iostream>
#include <sstream>
#include <string>
struct Point {
  int x, y;
};
static std::ostream &operator<<(std::ostream &out, const Point &p) { return out << '(' << p.x << ',' << p.y << ')'; }
static std::istream &operator>>(std::istream &in, Point &p) {
  char c;
  return in >> c >> p.x >> c >> p.y >> c;
}
struct Upper : std::streambuf {
  std::streambuf *next;
  explicit Upper(std::streambuf *n) : next(n) {}
  int overflow(int c) override { return c == EOF ? 0 : next->sputc(static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c)); }
};
int main() {
  int i;
  double d;
  std::string word, line;
  std::cin >> i >> d >> word;
  std::getline(std::cin >> std::ws, line);
  std::cout << i << ' ' << d << ' ' << word << " [" << line << "]\n";
  std::cin >> i >> std::hex >> i;
  std::cout << i << ' ' << std::cin.good() << std::endl;
  std::cout << std::setw(8) << std::setfill('*') << 42 << '|' << std::left << std::setw(6) << "ab" << '|' << std::hex
            << std::showbase << 255 << std::dec << '|' << std::fixed << std::setprecision(3) << 3.14159 << '|'
            << std::scientific << 12345.678 << '|' << std::boolalpha << true << '\n';
  std::stringstream stream;
  long sum = 0;
  for (int n = 0; n < 3000; ++n) {
    stream.str("");
    stream.clear();
    stream << Point{n, -n};
    Point p{};
    stream >> p;
    sum += p.x - p.y;
  }
  std::cout << sum << '\n';
  Upper upper(std::cout.rdbuf());
  std::ostream loud(&upper);
  loud << "loud " << Point{1, 2} << std::endl;
  std::cerr << "to stderr\n";
  std::clog << "logged\n";
  std::cin >> word >> word;
  std::cout << std::cin.eof() << std::cin.fail() << '\n';
}
