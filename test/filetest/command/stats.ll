; The keys of --stats=FILE are an interface.
; RUN: %tiercel run --sync --policy=window --threshold=2 --stats=%t.json %s
; RUN: python3 -m json.tool %t.json | FileCheck %s
; RUN: %tiercel run --stats %s 2>&1 | FileCheck --check-prefix=TEXT %s

; CHECK: "wall_ms": {{[0-9.]+}},
; CHECK: "startup_ms": {{[0-9.]+}},
; CHECK: "functions": {
; CHECK-NEXT: "total": 3,
; CHECK-NEXT: "compiled_tier0": 2,
; CHECK-NEXT: "promoted": 1,
; CHECK-NEXT: "osr_entries": 0,
; CHECK-NEXT: "failed": 0,
; CHECK-NEXT: "fatal": 0,
; CHECK-NEXT: "retired": 1,
; CHECK-NEXT: "freed": 0,
; CHECK: "compile_ms": {
; CHECK-NEXT: "foreground": {{[0-9]}}
; CHECK-NEXT: "background": 0.0
; CHECK: "code_bytes": {
; CHECK-NEXT: "live": {{[1-9]}}
; CHECK-NEXT: "retired": {{[1-9]}}
; CHECK-NEXT: "freed": 0
; CHECK: "memory": {
; CHECK-NEXT: "mapping": "dual",
; CHECK-NEXT: "code_committed": 2097152,
; CHECK-NEXT: "code_used": {{[1-9][0-9]*}},
; CHECK-NEXT: "code_free": {{[1-9][0-9]*}},
; CHECK-NEXT: "code_fragmentation": 0.0
; CHECK: "calls": {
; CHECK-NEXT: "direct": 0,
; CHECK-NEXT: "patches": 0
; CHECK: "tiers": [
; CHECK: "tier": 0,
; CHECK-NEXT: "functions": 2,
; CHECK-NEXT: "compile_ms":
; CHECK-NEXT: "bytes":
; CHECK: "tier": 1,
; CHECK-NEXT: "functions": 1,
; CHECK: "queue": {
; CHECK-NEXT: "max_depth": 1,
; CHECK-NEXT: "dropped": 0
; CHECK: "sampling": {
; CHECK-NEXT: "source": "counters",
; CHECK-NEXT: "samples": 1
; CHECK: "cache": {
; CHECK-NEXT: "hits": 0,
; CHECK-NEXT: "misses": 0,
; CHECK-NEXT: "bytes": 0

; TEXT: tiercel: stats: {{.*}}stats.ll: {{[0-9.]+}} ms
; TEXT: functions  3 known, 2 compiled at tier 0, 0 promoted
; TEXT: sampling   off, 0 samples
define i32 @called(i32 %x) {
  ret i32 %x
}

define i32 @unused(i32 %x) {
  ret i32 %x
}

define i32 @main() {
  %a = call i32 @called(i32 0)
  %b = call i32 @called(i32 %a)
  ret i32 %b
}
