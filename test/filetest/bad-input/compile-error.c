// That the program cannot be loaded, then the compiler's own words.
// RUN: %{fails} 125 %tiercel run %s | %{check} %s
// CHECK: tiercel: error: {{.*}}compile-error.c: clang-22 cannot compile it:
// CHECK-NEXT: compile-error.c:[[#@LINE+2]]:{{[0-9]+}}: error: use of undeclared identifier 'nothing'
int main(void) {
  return nothing;
}
