; Functions that look at their own frame, begin to read variable arguments in a loop or must tail-call: each says why its
; loops run to their end, and works.
; RUN: %tiercel run --mode=osr-always --log=debug --stats=%t.json %s 2>&1 | FileCheck --implicit-check-not='{{continuation of}}' %s
; RUN: FileCheck --check-prefix=STATS --input-file=%t.json %s

; CHECK-DAG: loops of frame run to their end: no on-stack replacement: it looks at its own frame
; CHECK-DAG: loops of back run to their end: no on-stack replacement: it looks at its own frame
; CHECK-DAG: loops of listed run to their end: no on-stack replacement: it takes up its variable arguments behind a loop header
; CHECK-DAG: loops of tail run to their end: no on-stack replacement: a musttail call needs the frame of its caller's arguments
; STATS: "osr_entries": 0,
; STATS: "osr_excluded": 4
declare ptr @llvm.frameaddress.p0(i32)
declare ptr @llvm.returnaddress(i32)
declare void @llvm.va_start.p0(ptr)
declare void @llvm.va_end.p0(ptr)

define i32 @frame(i32 %n) noinline {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %old = phi ptr [ null, %entry ], [ %f, %loop ]
  %moved = phi i32 [ 0, %entry ], [ %moved1, %loop ]
  %f = call ptr @llvm.frameaddress.p0(i32 0)
  %first = icmp eq i32 %i, 0
  %ne = icmp ne ptr %f, %old
  %one = zext i1 %ne to i32
  %add = select i1 %first, i32 0, i32 %one
  %moved1 = add i32 %moved, %add
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret i32 %moved1
}
define i32 @back(i32 %n) noinline {
entry:
  %at_first = call ptr @llvm.returnaddress(i32 0)
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %moved = phi i32 [ 0, %entry ], [ %moved1, %loop ]
  %a = call ptr @llvm.returnaddress(i32 0)
  %ne = icmp ne ptr %a, %at_first
  %one = zext i1 %ne to i32
  %moved1 = add i32 %moved, %one
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret i32 %moved1
}
define i32 @listed(i32 %n, ...) noinline {
entry:
  %list = alloca [24 x i8], align 16
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %sum = phi i32 [ 0, %entry ], [ %sum1, %loop ]
  call void @llvm.va_start.p0(ptr %list)
  %v = va_arg ptr %list, i32
  call void @llvm.va_end.p0(ptr %list)
  %sum1 = add i32 %sum, %v
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, %n
  br i1 %more, label %loop, label %done
done:
  %r = sub i32 %sum1, 300
  ret i32 %r
}
define i32 @tail(i32 %n) noinline {
entry:
  %end = icmp sle i32 %n, 0
  br i1 %end, label %done, label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %back ]
  %stop = icmp eq i32 %i, 7
  br i1 %stop, label %leave, label %back
back:
  %next = add i32 %i, 1
  br label %loop
leave:
  %m = sub i32 %n, 1
  %r = musttail call i32 @tail(i32 %m)
  ret i32 %r
done:
  ret i32 0
}
define i32 @main() {
  %a = call i32 @frame(i32 100)
  %b = call i32 @back(i32 100)
  %c = call i32 (i32, ...) @listed(i32 100, i32 3)
  %d = call i32 @tail(i32 1000000)
  %ab = or i32 %a, %b
  %cd = or i32 %c, %d
  %r = or i32 %ab, %cd
  ret i32 %r
}
