// RUN: %{fails} 125 %tiercel run %s | %{check} %s
// CHECK: tiercel: error: {{.*}}compile-error.cpp: clang-22 cannot compile it:
// CHECK-NEXT: compile-error.cpp:[[#@LINE+1]]:{{[0-9]+}}: fatal error: 'no-such-header.h' file not found
#include "no-such-header.h"
int main() {}
