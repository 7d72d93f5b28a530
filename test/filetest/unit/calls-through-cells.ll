; Without direct calls, calls of the program's functions load their target from memory, which the linker makes the
; function's cell. Data near code is reached relative to it.
; RUN: %tiercel run --tier=2 --no-direct-calls --dump=object:work %s 2>%t.o
; RUN: llvm-objdump -dr %t.o | FileCheck %s

; CHECK: <work#e{{[0-9a-f]+}}>:
; CHECK: callq *{{.*}}(%rip)
; CHECK-NEXT: R_X86_64_GOTPCRELX helper#f
; CHECK: R_X86_64_PC32 counter#d
; CHECK-NOT: R_X86_64_PLT32
define i32 @helper(i32 %x) {
  ret i32 %x
}

@counter = global i32 0

define i32 @work(i32 %x) {
  %a = call i32 @helper(i32 %x)
  store i32 %a, ptr @counter
  ret i32 %a
}

define i32 @main() {
  %r = call i32 @work(i32 0)
  ret i32 %r
}
