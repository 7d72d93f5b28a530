; A function whose block addresses are kept where another version could meet them is compiled once, well, without
; counters, and said to be so.
; RUN: %tiercel run --sync --policy=threshold --threshold=2 --log=info --dump=lowered:keeps %s 2>&1 | FileCheck %s

; CHECK: ; tiercel: lowered: keeps
; CHECK-NOT: #c
; CHECK: tiercel: info: pinned keeps: addresses of its blocks may outlive one activation
; CHECK-NOT: ; tiercel: lowered: keeps
; CHECK-NOT: promoting keeps
@place = global ptr null

define i32 @keeps(i32 %n) {
  store ptr blockaddress(@keeps, %one), ptr @place
  %p = load ptr, ptr @place
  indirectbr ptr %p, [label %one, label %two]
one:
  ret i32 0
two:
  ret i32 1
}

define i32 @main() {
  %a = call i32 @keeps(i32 1)
  %b = call i32 @keeps(i32 2)
  %c = call i32 @keeps(i32 3)
  ret i32 %c
}
