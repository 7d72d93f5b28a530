; The version of the top tier has no counters, and a recursive call in it is a direct one.
; RUN: %tiercel run --sync --hot=walk --dump=lowered:walk %s 2>&1 | FileCheck %s

; CHECK: ; tiercel: lowered: walk
; CHECK: define i32 @"walk#e[[ID:[0-9a-f]+]]"
; CHECK: #c[[ID]]
; CHECK: call i32 @"walk#f[[ID]]"
; CHECK: ; tiercel: lowered: walk
; CHECK: define {{.*}}i32 @"walk#e[[ID]]"
; CHECK-NOT: #c
; CHECK-NOT: #f
; CHECK: call {{.*}}@"walk#e[[ID]]"
; CHECK-NOT: ; tiercel:
define i32 @walk(i32 %n) {
  %zero = icmp ule i32 %n, 1
  br i1 %zero, label %stop, label %more
stop:
  ret i32 0
more:
  %a = lshr i32 %n, 1
  %x = call i32 @walk(i32 %a)
  %b = sub i32 %n, %a
  %y = call i32 @walk(i32 %b)
  %s = xor i32 %x, %y
  ret i32 %s
}

define i32 @main() {
  %r = call i32 @walk(i32 20)
  ret i32 %r
}
