; Optimised code is for the CPU that runs it, not for the front end's; what a function asks for beyond it stays.
; RUN: %tiercel run --tier=2 --dump=lowered:* %s 2>&1 | FileCheck %s

; CHECK-LABEL: ; tiercel: lowered: main
; CHECK-LABEL: ; tiercel: lowered: plain
; CHECK-NOT: target-cpu
; CHECK-NOT: tune-cpu
; CHECK-NOT: target-features
; CHECK-LABEL: ; tiercel: lowered: less
; CHECK: "target-features"="{{.*}},-sse4.2"
; CHECK-LABEL: ; tiercel: lowered: more
; CHECK: "target-features"="{{.*}}+sse4.2{{.*}},+tbm"
; CHECK-LABEL: ; tiercel: lowered: wide
; CHECK: "target-cpu"="x86-64" "target-features"="+sse2"
define i32 @plain(i32 %x) "target-cpu"="x86-64" "tune-cpu"="generic" "target-features"="+fxsr,+sse2" {
  ret i32 %x
}

define i32 @less(i32 %x) "target-features"="+sse2,-sse4.2" {
  ret i32 %x
}

define i32 @more(i32 %x) "target-features"="+sse2,+tbm" {
  ret i32 %x
}

; Its features decide how the argument is passed.
define i32 @wide(<8 x i32> %x) "target-cpu"="x86-64" "target-features"="+sse2" {
  %r = extractelement <8 x i32> %x, i32 0
  ret i32 %r
}

define i32 @main() {
  %a = call i32 @plain(i32 0)
  %b = call i32 @less(i32 %a)
  %c = call i32 @more(i32 %b)
  %d = call i32 @wide(<8 x i32> zeroinitializer)
  ret i32 %d
}
