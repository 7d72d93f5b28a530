; The front end's -O0 marks go; noinline that somebody wrote stays.
; RUN: %tiercel run --tier=2 --dump=lowered:* %s 2>&1 | FileCheck %s

; CHECK-LABEL: ; tiercel: lowered: main
; CHECK-LABEL: ; tiercel: lowered: marked
; Optimised in spite of optnone.
; CHECK: define {{.*}}@"marked#e{{[0-9a-f]+}}"({{.*}}) {{.*}}#[[FREE:[0-9]+]]
; CHECK-NOT: alloca
; CHECK: attributes #[[FREE]] =
; CHECK-NOT: optnone
; CHECK-NOT: noinline
; CHECK-LABEL: ; tiercel: lowered: written
; CHECK: define {{.*}}@"written#e{{[0-9a-f]+}}"({{.*}}) {{.*}}#[[KEPT:[0-9]+]]
; CHECK: attributes #[[KEPT]] = {{{.*}}noinline
define i32 @marked(i32 %x) noinline optnone {
  %v = alloca i32
  store i32 %x, ptr %v
  %r = load i32, ptr %v
  ret i32 %r
}

define i32 @written(i32 %x) noinline {
  ret i32 %x
}

define i32 @main() {
  %a = call i32 @marked(i32 0)
  %b = call i32 @written(i32 %a)
  ret i32 %b
}
