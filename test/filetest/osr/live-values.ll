; The frame of tier-0 code: what lives across the header is in slots, whose addresses are handed over. In the continuation,
; slots that nobody else can see are values again; one whose address escaped is used where it is; dead values are not there.
; RUN: %tiercel run --sync --policy=threshold --loop-threshold=10 --dump=lowered:main %s 2>&1 | FileCheck %s

; CHECK: ; tiercel: lowered: main
; CHECK: define i32 @"main#e[[ID:[0-9a-f]+]]"
; CHECK: %slot = alloca i32
; CHECK: %i.reg2mem = alloca i32
; CHECK: %sum.reg2mem = alloca i64
; CHECK-NOT: %dead.reg2mem
; The poll says which loop of which function; 5 is function 1, loops.
; CHECK: call ptr @"#r0"(i32 5, i32 0, i32 {{[0-9]+}})
; CHECK: ; tiercel: lowered: main
; CHECK: define internal {{.*}}i32 @"osr#p[[ID]]"(ptr {{.*}}, i32 {{[^,]*}}, i64 {{[^,]*}})
; CHECK-NOT: alloca
; CHECK-NOT: %dead
; CHECK: ret i32
; CHECK: define i32 @"main#e[[ID]]"(ptr
; CHECK: call {{.*}}@"osr#p[[ID]]"
define void @sink(ptr %p, i32 %x) noinline {
  store i32 %x, ptr %p
  ret void
}
define i32 @main(i32 %argc, ptr %argv) {
entry:
  %slot = alloca i32
  call void @sink(ptr %slot, i32 %argc)
  %dead = load i32, ptr %slot
  %wide = zext i32 %dead to i64
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %sum = phi i64 [ %wide, %entry ], [ %sum1, %loop ]
  call void @sink(ptr %slot, i32 %i)
  %v = load i32, ptr %slot
  %v64 = zext i32 %v to i64
  %sum1 = add i64 %sum, %v64
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, 100
  br i1 %more, label %loop, label %done
done:
  %r = trunc i64 %sum1 to i32
  %r1 = sub i32 %r, 4951
  ret i32 %r1
}
