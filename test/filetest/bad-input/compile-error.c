// The compiler's own diagnostics, then that the program cannot be loaded.
// RUN: %{fails} 125 %tiercel run %s | %{check} %s
// CHECK: compile-error.c:[[#@LINE+3]]:{{[0-9]+}}: error: use of undeclared identifier 'nothing'
// CHECK: tiercel: error: {{.*}}compile-error.c: {{.+}}
int main(void) {
  return nothing;
}
