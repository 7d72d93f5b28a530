; The unit as read, as given to the code generator, and as an object file.
; RUN: %tiercel run --dump=input:work --dump=lowered:work --tier=2 %s 2>&1 | FileCheck --implicit-check-not='lowered: main' %s
; RUN: %tiercel run --dump=object:work %s 2>%t.o
; RUN: llvm-readelf -hs %t.o | FileCheck --check-prefix=OBJECT %s
; RUN: %tiercel run --dump=input:none* %s 2>&1 | FileCheck --allow-empty --check-prefix=NONE --implicit-check-not=define %s

; NONE-NOT: tiercel
; CHECK: ; tiercel: input: work
; CHECK: alloca i32
; CHECK: ; tiercel: lowered: work
; CHECK-NOT: alloca
; CHECK: ret i32 %0

; OBJECT: REL (Relocatable file)
; OBJECT: FUNC GLOBAL DEFAULT {{.*}} work#e
define i32 @work(i32 %x) {
  %slot = alloca i32
  store i32 %x, ptr %slot
  %r = load i32, ptr %slot
  ret i32 %r
}

define i32 @main() {
  %r = call i32 @work(i32 0)
  ret i32 %r
}
