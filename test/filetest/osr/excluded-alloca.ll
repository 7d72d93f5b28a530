; Stack blocks of a size known only at run time stay in the old frame and are used there. A stack pointer saved before the
; loop and restored behind its header is one of the old frame: that loop is not left.
; RUN: %tiercel run --mode=osr-always --log=debug %s 2>&1 | FileCheck --implicit-check-not='continuation of restoring' %s

; CHECK-DAG: loops of restoring run to their end: no on-stack replacement: it restores a stack pointer saved before a loop
; CHECK-DAG: continuation of dynamic at tier
; CHECK-DAG: continuation of scoped at tier
declare ptr @llvm.stacksave.p0()
declare void @llvm.stackrestore.p0(ptr)
define i32 @dynamic(i32 %n) noinline {
entry:
  %block = alloca i32, i32 %n
  store i32 0, ptr %block
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %v = load i32, ptr %block
  %v1 = add i32 %v, %i
  store i32 %v1, ptr %block
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret i32 %v1
}
define i32 @scoped(i32 %n) noinline {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %x = phi i32 [ 0, %entry ], [ %x1, %loop ]
  %stack = call ptr @llvm.stacksave.p0()
  %block = alloca i32, i32 %n
  store i32 %i, ptr %block
  %v = load i32, ptr %block
  %x1 = add i32 %x, %v
  call void @llvm.stackrestore.p0(ptr %stack)
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret i32 %x1
}
define i32 @restoring(i32 %n) noinline {
entry:
  %stack = call ptr @llvm.stacksave.p0()
  %block = alloca i32, i32 %n
  store i32 0, ptr %block
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %v = load i32, ptr %block
  %v1 = add i32 %v, %i
  store i32 %v1, ptr %block
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, %n
  br i1 %more, label %loop, label %done
done:
  call void @llvm.stackrestore.p0(ptr %stack)
  ret i32 %v1
}
define i32 @main() {
  %a = call i32 @dynamic(i32 100)
  %b = call i32 @scoped(i32 100)
  %c = call i32 @restoring(i32 100)
  %ab = sub i32 %a, %b
  %ac = sub i32 %a, %c
  %r = or i32 %ab, %ac
  ret i32 %r
}
