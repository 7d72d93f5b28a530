; What a function refers to becomes a declaration with a link name; the host's things keep theirs.
; RUN: %tiercel run --dump=input:work %s 2>&1 | FileCheck %s

; CHECK: ; tiercel: input: work
; CHECK-DAG: @"counter#d{{[0-9a-f]+}}" = external dso_local global i32
; CHECK-DAG: @"local#t{{[0-9a-f]+}}" = external thread_local global i32
; CHECK-DAG: @"large#d{{[0-9a-f]+}}" = external global [17000000 x i8]
; CHECK-DAG: @stdout = external global ptr
; CHECK: define i32 @"work#e{{[0-9a-f]+}}"()
; CHECK: call i32 @"helper#f{{[0-9a-f]+}}"
; CHECK: call i32 @fflush
; CHECK-DAG: declare i32 @"helper#f{{[0-9a-f]+}}"() #[[NONLAZY:[0-9]+]]
; CHECK-DAG: declare i32 @fflush(ptr) #[[NONLAZY]]
; CHECK: attributes #[[NONLAZY]] = { nonlazybind }
; CHECK-NOT: unrelated
@counter = internal global i32 0
@local = internal thread_local global i32 0
@large = global [17000000 x i8] zeroinitializer
@stdout = external global ptr
declare i32 @fflush(ptr)

define internal i32 @helper() {
  ret i32 0
}

define i32 @work() {
  store i32 1, ptr @counter
  store i32 1, ptr @local
  store i8 1, ptr @large
  %a = call i32 @helper()
  %f = load ptr, ptr @stdout
  %b = call i32 @fflush(ptr %f)
  %s = add i32 %a, %b
  ret i32 %s
}

define void @unrelated() {
  ret void
}

define i32 @main() {
  %r = call i32 @work()
  ret i32 %r
}
