; Each version of a computed goto has a table of its own, with the addresses of its own blocks.
; RUN: %tiercel run --sync --hot=jump --dump=lowered:jump %s 2>&1 | FileCheck %s

; CHECK: ; tiercel: lowered: jump
; CHECK: @"table#p{{[0-9a-f]+}}" = internal {{.*}}constant [2 x ptr] [ptr blockaddress(@"jump#e[[ID:[0-9a-f]+]]", %one), ptr blockaddress(@"jump#e[[ID]]", %two)]
; CHECK: #c[[ID]]
; CHECK: indirectbr
; CHECK: ; tiercel: lowered: jump
; CHECK: @"table#p{{[0-9a-f]+}}" = internal {{.*}}constant [2 x ptr] [ptr blockaddress(@"jump#e[[ID]]"
; CHECK-NOT: #c
; CHECK: indirectbr
@table = internal constant [2 x ptr] [ptr blockaddress(@jump, %one), ptr blockaddress(@jump, %two)]

define i32 @jump(i64 %n) {
  %place = getelementptr [2 x ptr], ptr @table, i64 0, i64 %n
  %to = load ptr, ptr %place
  indirectbr ptr %to, [label %one, label %two]
one:
  ret i32 0
two:
  ret i32 1
}

define i32 @main() {
  %a = call i32 @jump(i64 1)
  %b = call i32 @jump(i64 0)
  %c = call i32 @jump(i64 1)
  %d = add i32 %a, %b
  %e = sub i32 %d, %c
  ret i32 %e
}
