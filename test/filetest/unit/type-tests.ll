; Questions about types whose answers are only assumed are gone, and loads with a question are loads.
; RUN: %tiercel run --tier=0 --dump=input:test --dump=input:load --dump=input:relative %s 2>&1 | FileCheck --implicit-check-not=llvm.type %s
; RUN: %tiercel run --tier=2 %s
; RUN: %tiercel run --tier=3 %s

@table = constant [2 x ptr] [ptr null, ptr @seven]
@relative.table = constant [1 x i32] [i32 trunc (i64 sub (i64 ptrtoint (ptr @number to i64), i64 ptrtoint (ptr @relative.table to i64)) to i32)]
@number = constant i32 5

declare i1 @llvm.type.test(ptr, metadata)
declare i1 @llvm.public.type.test(ptr, metadata)
declare { ptr, i1 } @llvm.type.checked.load(ptr, i32, metadata)
declare { ptr, i1 } @llvm.type.checked.load.relative(ptr, i32, metadata)
declare void @llvm.assume(i1)

define i32 @seven() {
  ret i32 7
}
; CHECK-LABEL: define {{.*}}test
; CHECK: phi i1 [ true, %{{.*}} ], [ true, %{{.*}} ]
define i32 @test(ptr %p, i1 %c) {
entry:
  br i1 %c, label %a, label %b
a:
  %t = call i1 @llvm.type.test(ptr %p, metadata !"A")
  br label %end
b:
  %u = call i1 @llvm.public.type.test(ptr %p, metadata !"A")
  br label %end
end:
  %both = phi i1 [ %t, %a ], [ %u, %b ]
  call void @llvm.assume(i1 %both)
  ret i32 1
}
; CHECK-LABEL: define {{.*}}load
; CHECK: getelementptr i8, ptr %{{.*}}, i32 8
; CHECK-NEXT: load ptr
define i32 @load(ptr %p) {
  %both = call { ptr, i1 } @llvm.type.checked.load(ptr %p, i32 8, metadata !"A")
  %f = extractvalue { ptr, i1 } %both, 0
  %ok = extractvalue { ptr, i1 } %both, 1
  call void @llvm.assume(i1 %ok)
  %r = call i32 %f()
  ret i32 %r
}
; CHECK-LABEL: define {{.*}}relative
; CHECK: call ptr @llvm.load.relative
define i32 @relative(ptr %p) {
  %both = call { ptr, i1 } @llvm.type.checked.load.relative(ptr %p, i32 0, metadata !"A")
  %f = extractvalue { ptr, i1 } %both, 0
  %r = load i32, ptr %f
  ret i32 %r
}
define i32 @main() {
  %a = call i32 @test(ptr @table, i1 true)
  %b = call i32 @load(ptr @table)
  %c = call i32 @relative(ptr @relative.table)
  %ab = add i32 %a, %b
  %abc = add i32 %ab, %c
  %r = sub i32 %abc, 13
  ret i32 %r
}
