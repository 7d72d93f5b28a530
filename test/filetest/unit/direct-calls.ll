; Above tier 0 calls of functions that the program defines are direct. The address-size prefix leaves the linker two
; places for the operand, and room for a call through the cell. Addresses that are taken need no load.
; RUN: %tiercel run --tier=2 --dump=object:work %s 2>%t.o
; RUN: llvm-objdump -dr %t.o | FileCheck %s
; RUN: %tiercel run --tier=2 --stats=%t.json %s
; RUN: FileCheck --check-prefix=STATS %s < %t.json
; RUN: %tiercel run --tier=2 --no-direct-calls --stats=%t.json %s
; RUN: FileCheck --check-prefix=OFF %s < %t.json
; RUN: %tiercel run --tier=0 --stats=%t.json %s
; RUN: FileCheck --check-prefix=OFF %s < %t.json

; CHECK-LABEL: <work#e{{[0-9a-f]+}}>:
; CHECK: 67 e8 00 00 00 00 {{.*}}callq
; CHECK-NEXT: R_X86_64_PLT32 helper#f
; CHECK: leaq
; CHECK-NEXT: R_X86_64_PC32 helper#f
; CHECK: 67 e8 00 00 00 00 {{.*}}callq
; CHECK-NEXT: R_X86_64_PLT32 helper#f
; CHECK: R_X86_64_GOTPCRELX nowhere#f
; CHECK: 67 e9 00 00 00 00 {{.*}}jmp
; CHECK-NEXT: R_X86_64_PLT32 helper#f

; Not every place fits, and not always the same ones.
; STATS: "calls": {"direct": {{[1-9]}}, "patches": {{[0-9]+}}}
; OFF: "calls": {"direct": 0, "patches": 0}
@pointer = global ptr null

define i32 @helper(i32 %x) {
  ret i32 %x
}

declare void @nowhere()

define i32 @work(i32 %x) {
  %a = call i32 @helper(i32 %x)
  %b = call i32 @helper(i32 %a)
  store ptr @helper, ptr @pointer
  %called = icmp eq i32 %b, 1
  br i1 %called, label %undefined, label %defined
undefined:
  call void @nowhere()
  br label %defined
defined:
  %c = tail call i32 @helper(i32 %b)
  ret i32 %c
}

define i32 @main() {
  %r = call i32 @work(i32 0)
  ret i32 %r
}
