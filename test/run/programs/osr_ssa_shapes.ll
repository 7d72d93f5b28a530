; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
; Control flow a front end seldom makes: irreducible loops with phis, several edges from one block to a header, headers that
; end in switch, indirectbr or callbr, loops of one block, a shared header, a header that is only reached by the back edge's loop.
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"
@format = private constant [9 x i8] c"%s %lld\0A\00"
@s1 = private constant [5 x i8] c"irre\00"
@s2 = private constant [5 x i8] c"edge\00"
@s3 = private constant [5 x i8] c"swit\00"
@s4 = private constant [5 x i8] c"indi\00"
@s5 = private constant [5 x i8] c"asmg\00"
@s6 = private constant [5 x i8] c"shar\00"
@s7 = private constant [5 x i8] c"many\00"
@s8 = private constant [5 x i8] c"unre\00"
@s9 = private constant [5 x i8] c"allo\00"
@s10 = private constant [5 x i8] c"meta\00"
declare i32 @printf(ptr, ...)

define internal void @print(ptr %name, i64 %value) noinline {
  %r = call i32 (ptr, ...) @printf(ptr @format, ptr %name, i64 %value)
  ret void
}

; Two entries into a loop of two blocks, each with a phi of its own.
define internal i64 @irreducible(i1 %which, i64 %n) noinline {
entry:
  %before = mul i64 %n, 3
  br i1 %which, label %left, label %right
left:
  %a = phi i64 [ 1, %entry ], [ %b1, %right ]
  %i = phi i64 [ 0, %entry ], [ %k1, %right ]
  %a1 = add i64 %a, %before
  %i1 = add i64 %i, 1
  %out = icmp ugt i64 %i1, %n
  br i1 %out, label %done, label %right
right:
  %b = phi i64 [ 2, %entry ], [ %a1, %left ]
  %k = phi i64 [ 5, %entry ], [ %i1, %left ]
  %b0 = mul i64 %b, 5
  %b1 = xor i64 %b0, %k
  %k1 = add i64 %k, 2
  %more = icmp ult i64 %k1, %n
  br i1 %more, label %left, label %done
done:
  %r = phi i64 [ %a1, %left ], [ %b1, %right ]
  ret i64 %r
}

; A switch's three edges lead to one header: the phis have an entry for each.
define internal i64 @edges(i64 %n) noinline {
entry:
  %c = and i64 %n, 3
  switch i64 %c, label %loop [ i64 1, label %loop
                               i64 2, label %loop ]
loop:
  %i = phi i64 [ 0, %entry ], [ 0, %entry ], [ 0, %entry ], [ %next, %body ], [ %next, %body ], [ %next, %body ]
  %x = phi i64 [ 7, %entry ], [ 7, %entry ], [ 7, %entry ], [ %x1, %body ], [ %x1, %body ], [ %x1, %body ]
  %end = icmp eq i64 %i, %n
  br i1 %end, label %done, label %body
body:
  %x0 = mul i64 %x, 5
  %x1 = add i64 %x0, %i
  %next = add i64 %i, 1
  %low = and i64 %x1, 15
  switch i64 %low, label %loop [ i64 1, label %loop
                                 i64 2, label %loop
                                 i64 3, label %done ]
done:
  %r = phi i64 [ %x, %loop ], [ %i, %body ]
  %r1 = add i64 %r, %i
  ret i64 %r1
}

; The header itself is the dispatch of a switch, with itself among the targets.
define internal i64 @switched(i64 %n) noinline {
entry:
  br label %header
header:
  %i = phi i64 [ 0, %entry ], [ %next, %header ], [ %next, %a ], [ %next, %b ]
  %x = phi i64 [ 1, %entry ], [ %x1, %header ], [ %xa, %a ], [ %xb, %b ]
  %x0 = mul i64 %x, 3
  %x1 = add i64 %x0, %i
  %next = add i64 %i, 1
  %stop = icmp uge i64 %next, %n
  %low = and i64 %x1, 3
  %case = select i1 %stop, i64 9, i64 %low
  switch i64 %case, label %header [ i64 1, label %a
                                    i64 2, label %b
                                    i64 9, label %done ]
a:
  %xa = xor i64 %x1, 85
  br label %header
b:
  %xb = lshr i64 %x1, 1
  br label %header
done:
  ret i64 %x1
}

; Targets from a constant table; two of them are headers.
@table = internal constant [3 x ptr] [ptr blockaddress(@indirect, %one), ptr blockaddress(@indirect, %two), ptr blockaddress(@indirect, %three)]
define internal i64 @indirect(i64 %n) noinline {
entry:
  br label %one
one:
  %i1 = phi i64 [ 0, %entry ], [ %k, %jump ]
  %x1 = phi i64 [ 1, %entry ], [ %y, %jump ]
  %y1 = add i64 %x1, %i1
  br label %jump
two:
  %y2a = mul i64 %y, 3
  %small = icmp ult i64 %k, 10
  br i1 %small, label %two_loop, label %jump
two_loop:
  %t = phi i64 [ 0, %two ], [ %t1, %two_loop ]
  %u = phi i64 [ %y2a, %two ], [ %u1, %two_loop ]
  %u1 = add i64 %u, %t
  %t1 = add i64 %t, 1
  %tm = icmp ult i64 %t1, 1000
  br i1 %tm, label %two_loop, label %jump
three:
  %end = icmp uge i64 %k, %n
  %y3 = xor i64 %y, 1023
  br i1 %end, label %done, label %jump
jump:
  %x = phi i64 [ %y1, %one ], [ %y2a, %two ], [ %u1, %two_loop ], [ %y3, %three ]
  %i = phi i64 [ %i1, %one ], [ %k, %two ], [ %k, %two_loop ], [ %k, %three ]
  %k = add i64 %i, 1
  %y = and i64 %x, 16777215
  %m = urem i64 %y, 3
  %over = icmp ugt i64 %k, %n
  %index = select i1 %over, i64 2, i64 %m
  %p = getelementptr [3 x ptr], ptr @table, i64 0, i64 %index
  %target = load ptr, ptr %p
  indirectbr ptr %target, [label %one, label %two, label %three]
done:
  ret i64 %y3
}

; The back edge is a callbr's indirect one, and its output is used on both ways.
define internal i64 @assembly(i64 %n) noinline {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %o, %around ]
  %sum = phi i64 [ 1, %entry ], [ %sum2, %around ]
  %sum1 = mul i64 %sum, 7
  %sum2 = add i64 %sum1, %i
  %o = callbr i64 asm "leaq 1($1), $0\0Acmpq $2, $0\0Ajb ${3:l}", "=&r,r,r,!i,~{flags}"(i64 %i, i64 %n)
          to label %done [label %around]
around:
  br label %loop
done:
  %r = add i64 %sum2, %o
  ret i64 %r
}

; Two back edges into one header, one of them from a loop that is inside nothing else.
define internal i64 @shared(i64 %n) noinline {
entry:
  br label %header
header:
  %i = phi i64 [ 0, %entry ], [ %next, %even ], [ %next2, %odd ]
  %x = phi i64 [ 1, %entry ], [ %xe, %even ], [ %xo, %odd ]
  %dead = phi i64 [ 3, %entry ], [ %x, %even ], [ 5, %odd ]
  %bit = and i64 %x, 1
  %is = icmp eq i64 %bit, 0
  br i1 %is, label %even, label %odd
even:
  %xe = lshr i64 %x, 1
  %next = add i64 %i, 1
  %moree = icmp ult i64 %next, %n
  br i1 %moree, label %header, label %done
odd:
  %x3 = mul i64 %x, 3
  %xi = add i64 %x3, %i
  %xo = and i64 %xi, 1048575
  %next2 = add i64 %i, 1
  %moreo = icmp ult i64 %next2, %n
  br i1 %moreo, label %header, label %done
done:
  %r = phi i64 [ %xe, %even ], [ %xo, %odd ]
  ret i64 %r
}

; Five loops deep without a block in between: preheaders, latches and exits coincide.
define internal i64 @deep(i64 %n) noinline {
entry:
  br label %l1
l1:
  %i1 = phi i64 [ 0, %entry ], [ %i1n, %l5 ]
  %x1 = phi i64 [ 1, %entry ], [ %x5n, %l5 ]
  br label %l2
l2:
  %i2 = phi i64 [ 0, %l1 ], [ %i2n, %l5 ]
  %x2 = phi i64 [ %x1, %l1 ], [ %x5n, %l5 ]
  br label %l3
l3:
  %i3 = phi i64 [ 0, %l2 ], [ %i3n, %l5 ]
  %x3 = phi i64 [ %x2, %l2 ], [ %x5n, %l5 ]
  br label %l4
l4:
  %i4 = phi i64 [ 0, %l3 ], [ %i4n, %l5 ]
  %x4 = phi i64 [ %x3, %l3 ], [ %x5n, %l5 ]
  br label %l5
l5:
  %i5 = phi i64 [ 0, %l4 ], [ %i5n, %l5 ]
  %x5 = phi i64 [ %x4, %l4 ], [ %x5n, %l5 ]
  %a = mul i64 %x5, 3
  %b = add i64 %a, %i5
  %c = xor i64 %b, %i4
  %d = add i64 %c, %i3
  %e = xor i64 %d, %i2
  %x5n = add i64 %e, %i1
  %i5n = add i64 %i5, 1
  %i4n = add i64 %i4, 1
  %i3n = add i64 %i3, 1
  %i2n = add i64 %i2, 1
  %i1n = add i64 %i1, 1
  %low = and i64 %i5n, 3
  %m4 = icmp ult i64 %i4n, %n
  %m3 = icmp ult i64 %i3n, %n
  %m2 = icmp ult i64 %i2n, %n
  %m1 = icmp ult i64 %i1n, %n
  %s1 = select i1 %m1, i32 1, i32 0
  %s2 = select i1 %m2, i32 2, i32 %s1
  %s3 = select i1 %m3, i32 3, i32 %s2
  %s4 = select i1 %m4, i32 4, i32 %s3
  %m5 = icmp ne i64 %low, 0
  %s5 = select i1 %m5, i32 5, i32 %s4
  switch i32 %s5, label %done [ i32 5, label %l5
                                i32 4, label %l4
                                i32 3, label %l3
                                i32 2, label %l2
                                i32 1, label %l1 ]
done:
  ret i64 %x5n
}

; Blocks that nothing reaches, among them a loop, and a phi with an entry from one of them.
define internal i64 @unreached(i64 %n) noinline {
entry:
  br label %loop
nowhere:
  %dead = phi i64 [ %dead1, %nowhere ]
  %dead1 = add i64 %dead, 1
  br i1 true, label %nowhere, label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %latch ], [ %dead1, %nowhere ]
  %x = phi i64 [ 1, %entry ], [ %x1, %latch ], [ %dead, %nowhere ]
  %x0 = mul i64 %x, 9
  %x1 = add i64 %x0, %i
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %latch, label %done
latch:
  %never = icmp ugt i64 %i, %n
  br i1 %never, label %trap, label %loop
trap:
  unreachable
done:
  ret i64 %x1
}

; Allocas outside the entry block and in a loop, with the stack given back in each round; lifetimes across a header.
declare ptr @llvm.stacksave.p0()
declare void @llvm.stackrestore.p0(ptr)
declare void @llvm.lifetime.start.p0(ptr)
declare void @llvm.lifetime.end.p0(ptr)
define internal i64 @allocas(i64 %n) noinline {
entry:
  %a = alloca [4 x i64], align 64
  %b = alloca i64
  br label %start
start:
  %c = alloca i64
  call void @llvm.lifetime.start.p0(ptr %a)
  store [4 x i64] [i64 1, i64 2, i64 3, i64 4], ptr %a
  store i64 3, ptr %c
  br label %loop
loop:
  %i = phi i64 [ 0, %start ], [ %next, %loop ]
  %p = phi ptr [ %c, %start ], [ %q, %loop ]
  %stack = call ptr @llvm.stacksave.p0()
  %low = and i64 %i, 31
  %size = add i64 %low, 1
  %d = alloca i64, i64 %size
  %last = getelementptr i64, ptr %d, i64 %low
  store i64 %i, ptr %last
  call void @llvm.lifetime.start.p0(ptr %b)
  %v = load i64, ptr %p
  store i64 %v, ptr %b
  %lane = and i64 %i, 3
  %q = getelementptr inbounds [4 x i64], ptr %a, i64 0, i64 %lane
  %w = load i64, ptr %q
  %w0 = mul i64 %w, 3
  %bv = load i64, ptr %b
  %w1 = add i64 %w0, %bv
  %dv = load i64, ptr %last
  %w2 = xor i64 %w1, %dv
  store i64 %w2, ptr %q
  call void @llvm.lifetime.end.p0(ptr %b)
  call void @llvm.stackrestore.p0(ptr %stack)
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %done
done:
  %r = load i64, ptr %q
  %address = ptrtoint ptr %a to i64
  %off = and i64 %address, 63
  %cv = load i64, ptr %c
  call void @llvm.lifetime.end.p0(ptr %a)
  %r1 = add i64 %r, %off
  %r2 = add i64 %r1, %cv
  ret i64 %r2
}

; Facts attached to loops and values: ranges, assumptions, scopes without aliases, a loop that must progress.
declare void @llvm.assume(i1)
declare void @llvm.experimental.noalias.scope.decl(metadata)
define internal i64 @metadata(ptr noalias %a, ptr noalias readonly align 8 %b, i64 %n) noinline mustprogress {
entry:
  %some = icmp ugt i64 %n, 4
  call void @llvm.assume(i1 %some)
  call void @llvm.assume(i1 true) [ "align"(ptr %a, i64 16) ]
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %x = phi i64 [ 0, %entry ], [ %x1, %loop ]
  call void @llvm.experimental.noalias.scope.decl(metadata !3)
  %lane = and i64 %i, 3
  %p = getelementptr inbounds nuw i64, ptr %a, i64 %lane
  %q = getelementptr inbounds nuw i64, ptr %b, i64 %lane
  %v = load i64, ptr %p, align 8, !alias.scope !3
  %w = load i64, ptr %q, align 8, !noalias !3, !range !5
  %vw = add i64 %v, %w
  store i64 %vw, ptr %p, align 8, !alias.scope !3
  %x0 = mul i64 %x, 3
  %x1 = add i64 %x0, %vw
  %next = add nuw nsw i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %done, !llvm.loop !0, !prof !6
done:
  ret i64 %x1
}

define i32 @main() {
  %a = alloca [4 x i64], align 16
  %b = alloca [4 x i64], align 16
  store [4 x i64] [i64 1, i64 2, i64 3, i64 4], ptr %a
  store [4 x i64] [i64 5, i64 6, i64 7, i64 8], ptr %b
  %r1a = call i64 @irreducible(i1 true, i64 300000)
  %r1b = call i64 @irreducible(i1 false, i64 300001)
  %r1 = xor i64 %r1a, %r1b
  call void @print(ptr @s1, i64 %r1)
  br label %loop
loop:
  %i = phi i64 [ 0, %0 ], [ %next, %loop ]
  %x = phi i64 [ 0, %0 ], [ %x1, %loop ]
  %r2 = call i64 @edges(i64 %i)
  %x0 = mul i64 %x, 31
  %x1 = add i64 %x0, %r2
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 20000
  br i1 %more, label %loop, label %rest
rest:
  call void @print(ptr @s2, i64 %x1)
  %r3 = call i64 @switched(i64 300000)
  call void @print(ptr @s3, i64 %r3)
  %r4 = call i64 @indirect(i64 300000)
  call void @print(ptr @s4, i64 %r4)
  %r5 = call i64 @assembly(i64 300000)
  call void @print(ptr @s5, i64 %r5)
  %r6 = call i64 @shared(i64 300000)
  call void @print(ptr @s6, i64 %r6)
  %r7 = call i64 @deep(i64 15)
  call void @print(ptr @s7, i64 %r7)
  %r8 = call i64 @unreached(i64 300000)
  call void @print(ptr @s8, i64 %r8)
  %r9 = call i64 @allocas(i64 200000)
  call void @print(ptr @s9, i64 %r9)
  %r10 = call i64 @metadata(ptr %a, ptr %b, i64 300000)
  call void @print(ptr @s10, i64 %r10)
  ret i32 0
}
!0 = distinct !{!0, !1, !2}
!1 = !{!"llvm.loop.mustprogress"}
!2 = !{!"llvm.loop.unroll.count", i32 4}
!3 = !{!4}
!4 = distinct !{!4, !7, !"scope"}
!5 = !{i64 5, i64 9}
!6 = !{!"branch_weights", i32 2000, i32 1}
!7 = distinct !{!7, !"domain"}
