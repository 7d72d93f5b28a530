; A better CPU must not round differently: where the front end's target had no FMA, multiplication and addition stay
; apart. The results are the ones of the two targets, whatever this machine has.
; RUN: %tiercel run --tier=2 --dump=lowered:* %s 2>&1 | FileCheck %s
; RUN: %tiercel run --tier=0 %s
; RUN: %tiercel run --tier=3 %s

; CHECK-LABEL: ; tiercel: lowered: plain
; CHECK-NOT: fmuladd
; CHECK: fmul double
; CHECK: fadd double
; CHECK-LABEL: ; tiercel: lowered: contracted
; CHECK-NOT: contract double
; CHECK: ret double
; CHECK-LABEL: ; tiercel: lowered: fused
; CHECK: call double @llvm.fmuladd.f64
declare double @llvm.fmuladd.f64(double, double, double)

define double @plain(double %a, double %b, double %c) "target-cpu"="x86-64" "target-features"="+sse2" {
  %r = call double @llvm.fmuladd.f64(double %a, double %b, double %c)
  ret double %r
}

define double @contracted(double %a, double %b, double %c) "target-features"="+sse2" {
  %p = fmul contract double %a, %b
  %r = fadd contract double %p, %c
  ret double %r
}

define double @fused(double %a, double %b, double %c) "target-features"="+fma,+avx" {
  %r = call double @llvm.fmuladd.f64(double %a, double %b, double %c)
  ret double %r
}

declare i32 @__cpu_indicator_init()

; (1 + 2^-30)^2 - (1 + 2^-29): 0 when rounded twice, 2^-60 when fused
define i32 @main() {
  %a = fadd double 1.0, 0x3E10000000000000
  %x = call double @plain(double %a, double %a, double 0xBFF0000000800000)
  %y = call double @contracted(double %a, double %a, double 0xBFF0000000800000)
  %s = fadd double %x, %y
  %wrong = fcmp une double %s, 0.0
  br i1 %wrong, label %bad, label %good
bad:
  ret i32 1
good:
  %has = call i1 @hasFma()
  br i1 %has, label %fma, label %done
fma:
  %z = call double @fused(double %a, double %a, double 0xBFF0000000800000)
  %unfused = fcmp une double %z, 0x3C30000000000000
  %status = select i1 %unfused, i32 2, i32 0
  ret i32 %status
done:
  ret i32 0
}

@__cpu_model = external global { i32, i32, i32, [1 x i32] }
define i1 @hasFma() {
  %r = call i32 @__cpu_indicator_init()
  %w = load i32, ptr getelementptr (i8, ptr @__cpu_model, i64 12)
  %b = and i32 %w, 16384
  %c = icmp ne i32 %b, 0
  ret i1 %c
}
