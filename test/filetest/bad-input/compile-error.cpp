// RUN: %{fails} 125 %tiercel run %s | %{check} %s
// CHECK: compile-error.cpp:[[#@LINE+2]]:{{[0-9]+}}: fatal error: 'no-such-header.h' file not found
// CHECK: tiercel: error: {{.*}}compile-error.cpp: {{.+}}
#include "no-such-header.h"
int main() {}
