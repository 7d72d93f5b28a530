; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
; Optimised IR with values of every kind in phis of loop headers and alive across them, defined before, in and between loops.
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"
%nested = type { i8, { i64, [2 x i16] }, float }
@line = private constant [12 x i8] c"%s %016llx\0A\00"
@cells = internal global [64 x i32] zeroinitializer
@n1 = private constant [4 x i8] c"i1 \00"
@n2 = private constant [4 x i8] c"i7 \00"
@n3 = private constant [4 x i8] c"128\00"
@n4 = private constant [4 x i8] c"vec\00"
@n5 = private constant [4 x i8] c"ptr\00"
@n6 = private constant [4 x i8] c"f80\00"
@n7 = private constant [4 x i8] c"agg\00"
@n8 = private constant [4 x i8] c"mix\00"
@n9 = private constant [4 x i8] c"sup\00"
@n10 = private constant [4 x i8] c"msk\00"
@n11 = private constant [4 x i8] c"und\00"
@n12 = private constant [4 x i8] c"flt\00"
declare i32 @printf(ptr, ...)
declare { i32, i1 } @llvm.sadd.with.overflow.i32(i32, i32)

define internal void @print(ptr %name, i64 %value) noinline {
  %r = call i32 (ptr, ...) @printf(ptr @line, ptr %name, i64 %value)
  ret void
}

; Three bits that follow each other; the count of rounds with the pattern 101.
define internal i64 @bits(i32 %n, i1 %start) noinline {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %a = phi i1 [ %start, %entry ], [ %b, %loop ]
  %b = phi i1 [ true, %entry ], [ %c, %loop ]
  %c = phi i1 [ false, %entry ], [ %d, %loop ]
  %sum = phi i64 [ 0, %entry ], [ %sum1, %loop ]
  %x = xor i1 %a, %c
  %low = trunc i32 %i to i1
  %and = and i1 %low, %b
  %d = xor i1 %x, %and
  %notb = xor i1 %b, true
  %ac = and i1 %a, %c
  %hit = and i1 %ac, %notb
  %one = zext i1 %hit to i64
  %shifted = shl i64 %sum, 1
  %top = lshr i64 %sum, 63
  %rotated = or i64 %shifted, %top
  %sum1 = add i64 %rotated, %one
  %next = add nuw nsw i32 %i, 1
  %more = icmp ult i32 %next, %n
  br i1 %more, label %loop, label %done
done:
  %ad = select i1 %d, i64 3, i64 5
  %r = add i64 %sum1, %ad
  ret i64 %r
}

; i7 wraps at 128, i24 and i65 have bits to spare in their registers.
define internal i64 @odd(i32 %n, i7 %start) noinline {
entry:
  %wide = zext i7 %start to i65
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %latch ]
  %a = phi i7 [ %start, %entry ], [ %a2, %latch ]
  %b = phi i24 [ -5, %entry ], [ %b2, %latch ]
  %c = phi i65 [ %wide, %entry ], [ %c1, %latch ]
  %t7 = trunc i32 %i to i7
  %a1 = add i7 %a, %t7
  %neg = icmp slt i7 %a1, 0
  br i1 %neg, label %negative, label %latch
negative:
  %a3 = mul i7 %a1, 3
  br label %latch
latch:
  %a2 = phi i7 [ %a1, %loop ], [ %a3, %negative ]
  %a24 = sext i7 %a2 to i24
  %b1 = mul i24 %b, 5
  %b2 = sub i24 %b1, %a24
  %b65 = sext i24 %b2 to i65
  %cs = shl i65 %c, 1
  %ct = lshr i65 %c, 64
  %cr = or i65 %cs, %ct
  %c1 = xor i65 %cr, %b65
  %next = add i32 %i, 1
  %more = icmp ult i32 %next, %n
  br i1 %more, label %loop, label %done
done:
  %high = lshr i65 %c1, 1
  %r = trunc i65 %high to i64
  %a64 = zext i7 %a2 to i64
  %r2 = xor i64 %r, %a64
  ret i64 %r2
}

; An i128 in an outer loop, another one in the inner, a third made between them.
define internal i128 @wide(i32 %n, i128 %start) noinline {
entry:
  br label %outer
outer:
  %i = phi i32 [ 0, %entry ], [ %i1, %after ]
  %x = phi i128 [ %start, %entry ], [ %x1, %after ]
  %i128 = zext i32 %i to i128
  %between = xor i128 %x, %i128
  br label %inner
inner:
  %k = phi i32 [ 0, %outer ], [ %k1, %inner ]
  %y = phi i128 [ %x, %outer ], [ %y2, %inner ]
  %y1 = mul i128 %y, 47026247687942121848144207491837523525
  %y2 = add i128 %y1, %between
  %k1 = add i32 %k, 1
  %again = icmp ult i32 %k1, 100
  br i1 %again, label %inner, label %after
after:
  %s = lshr i128 %y2, 61
  %x1 = xor i128 %s, %y2
  %i1 = add i32 %i, 1
  %more = icmp ult i32 %i1, %n
  br i1 %more, label %outer, label %done
done:
  ret i128 %x1
}

define internal i64 @vectors(i32 %n, <4 x float> %start) noinline {
entry:
  %moved = shufflevector <4 x float> %start, <4 x float> poison, <4 x i32> <i32 1, i32 2, i32 3, i32 0>
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %v = phi <4 x float> [ %start, %entry ], [ %v2, %loop ]
  %w = phi <3 x i8> [ <i8 1, i8 2, i8 3>, %entry ], [ %w2, %loop ]
  %u = phi <8 x i64> [ zeroinitializer, %entry ], [ %u2, %loop ]
  %p = phi <2 x ptr> [ <ptr @cells, ptr null>, %entry ], [ %p2, %loop ]
  %fi = sitofp i32 %i to float
  %v1 = fmul <4 x float> %v, <float 0.5, float 0.25, float 0.5, float 0.125>
  %va = fadd <4 x float> %v1, %moved
  %v2 = insertelement <4 x float> %va, float %fi, i64 2
  %i8 = trunc i32 %i to i8
  %w1 = insertelement <3 x i8> %w, i8 %i8, i64 1
  %w3 = shufflevector <3 x i8> %w1, <3 x i8> poison, <3 x i32> <i32 2, i32 0, i32 1>
  %w2 = add <3 x i8> %w3, <i8 3, i8 5, i8 7>
  %i64 = zext i32 %i to i64
  %lane = and i32 %i, 7
  %ue = extractelement <8 x i64> %u, i32 %lane
  %un = add i64 %ue, %i64
  %u1 = insertelement <8 x i64> %u, i64 %un, i32 %lane
  %u3 = shl <8 x i64> %u1, <i64 1, i64 0, i64 1, i64 0, i64 1, i64 0, i64 1, i64 0>
  %u2 = xor <8 x i64> %u3, <i64 1, i64 2, i64 3, i64 4, i64 5, i64 6, i64 7, i64 8>
  %index = and i64 %i64, 63
  %cell = getelementptr [64 x i32], ptr @cells, i64 0, i64 %index
  %p1 = shufflevector <2 x ptr> %p, <2 x ptr> poison, <2 x i32> <i32 1, i32 0>
  %p2 = insertelement <2 x ptr> %p1, ptr %cell, i64 1
  %next = add i32 %i, 1
  %more = icmp ult i32 %next, %n
  br i1 %more, label %loop, label %done
done:
  %bits = bitcast <4 x float> %v2 to i128
  %h = lshr i128 %bits, 64
  %x = xor i128 %h, %bits
  %r = trunc i128 %x to i64
  %wl = bitcast <3 x i8> %w2 to i24
  %w64 = zext i24 %wl to i64
  %r1 = add i64 %r, %w64
  %u5 = call i64 @llvm.vector.reduce.xor.v8i64(<8 x i64> %u2)
  %r2 = xor i64 %r1, %u5
  %pa = extractelement <2 x ptr> %p2, i64 1
  %pb = extractelement <2 x ptr> %p2, i64 0
  %ia = ptrtoint ptr %pa to i64
  %ib = ptrtoint ptr %pb to i64
  %apart = sub i64 %ia, %ib
  %r3 = add i64 %r2, %apart
  ret i64 %r3
}
declare i64 @llvm.vector.reduce.xor.v8i64(<8 x i64>)

; A pointer that walks, one that chases, one that may be null.
define internal i64 @pointers(i32 %n) noinline {
entry:
  %end = getelementptr inbounds [64 x i32], ptr @cells, i64 1, i64 0
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %latch ]
  %p = phi ptr [ @cells, %entry ], [ %p2, %latch ]
  %old = phi ptr [ null, %entry ], [ %p, %latch ]
  %sum = phi i64 [ 0, %entry ], [ %sum1, %latch ]
  %v = load i32, ptr %p
  %v1 = add i32 %v, %i
  store i32 %v1, ptr %p
  %none = icmp eq ptr %old, null
  br i1 %none, label %latch, label %second
second:
  %o = load i32, ptr %old
  %o64 = zext i32 %o to i64
  br label %latch
latch:
  %add = phi i64 [ 7, %loop ], [ %o64, %second ]
  %sum0 = mul i64 %sum, 3
  %sum1 = add i64 %sum0, %add
  %p1 = getelementptr inbounds i32, ptr %p, i64 1
  %over = icmp eq ptr %p1, %end
  %p2 = select i1 %over, ptr @cells, ptr %p1
  %next = add i32 %i, 1
  %more = icmp ult i32 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret i64 %sum1
}

; Two on the x87 stack across the header, a double and a half beside them.
define internal i64 @extended(i32 %n, x86_fp80 %start) noinline {
entry:
  br label %loop
loop:
  %i = phi i32 [ 1, %entry ], [ %next, %loop ]
  %x = phi x86_fp80 [ %start, %entry ], [ %y, %loop ]
  %y = phi x86_fp80 [ 0xK3FFF8000000000000000, %entry ], [ %z, %loop ]
  %d = phi double [ 1.0, %entry ], [ %d1, %loop ]
  %f = phi half [ 1.0, %entry ], [ %f1, %loop ]
  %e = sitofp i32 %i to x86_fp80
  %q = fdiv x86_fp80 %x, %e
  %z = fadd x86_fp80 %q, %y
  %d0 = fptrunc x86_fp80 %q to double
  %d1 = fsub double %d0, %d
  %f0 = fmul half %f, 0xH3555
  %f1 = fadd half %f0, 0xH4100
  %next = add i32 %i, 1
  %more = icmp ult i32 %next, %n
  br i1 %more, label %loop, label %done
done:
  %zx = fadd x86_fp80 %z, %x
  %bits = bitcast x86_fp80 %zx to i80
  %r = trunc i80 %bits to i64
  %db = bitcast double %d1 to i64
  %r1 = xor i64 %r, %db
  %fb = bitcast half %f1 to i16
  %f64 = zext i16 %fb to i64
  %r2 = add i64 %r1, %f64
  ret i64 %r2
}

; Whole aggregates in phis: the answer of an overflow check, nested structures, an array.
define internal i64 @aggregates(i32 %n, %nested %start) noinline {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %latch ]
  %s = phi { i32, i1 } [ { i32 1000000000, i1 false }, %entry ], [ %s1, %latch ]
  %t = phi %nested [ %start, %entry ], [ %t3, %latch ]
  %a = phi [2 x i64] [ [i64 1, i64 2], %entry ], [ %a2, %latch ]
  %count = phi i64 [ 0, %entry ], [ %count1, %latch ]
  %value = extractvalue { i32, i1 } %s, 0
  %overflowed = extractvalue { i32, i1 } %s, 1
  br i1 %overflowed, label %reset, label %latch
reset:
  %c1 = add i64 %count, 1
  %half = ashr i32 %value, 3
  br label %latch
latch:
  %base = phi i32 [ %value, %loop ], [ %half, %reset ]
  %count1 = phi i64 [ %count, %loop ], [ %c1, %reset ]
  %by = mul i32 %i, 17
  %s1 = call { i32, i1 } @llvm.sadd.with.overflow.i32(i32 %base, i32 %by)
  %t0 = extractvalue %nested %t, 1, 0
  %t1 = add i64 %t0, %count1
  %t2 = insertvalue %nested %t, i64 %t1, 1, 0
  %i16 = trunc i32 %i to i16
  %t3 = insertvalue %nested %t2, i16 %i16, 1, 1, 1
  %ax = extractvalue [2 x i64] %a, 0
  %ay = extractvalue [2 x i64] %a, 1
  %axy = xor i64 %ax, %t1
  %a1 = insertvalue [2 x i64] %a, i64 %ay, 0
  %a2 = insertvalue [2 x i64] %a1, i64 %axy, 1
  %next = add i32 %i, 1
  %more = icmp ult i32 %next, %n
  br i1 %more, label %loop, label %done
done:
  %r0 = extractvalue [2 x i64] %a2, 0
  %r1 = extractvalue { i32, i1 } %s1, 0
  %r1x = zext i32 %r1 to i64
  %r2 = extractvalue %nested %t3, 1, 1
  %r3 = extractvalue [2 x i16] %r2, 1
  %r3x = zext i16 %r3 to i64
  %r4 = extractvalue %nested %t3, 0
  %r4x = sext i8 %r4 to i64
  %f = extractvalue %nested %t3, 2
  %fb = bitcast float %f to i32
  %fx = zext i32 %fb to i64
  %q1 = add i64 %r0, %r1x
  %q2 = shl i64 %r3x, 32
  %q3 = xor i64 %q1, %q2
  %q4 = add i64 %q3, %r4x
  %q5 = sub i64 %q4, %fx
  %q6 = mul i64 %count1, 1000003
  %q7 = add i64 %q5, %q6
  ret i64 %q7
}

; Phis that exchange their values: they are written all at once, not one after the other.
define internal i64 @exchange(i32 %n, i64 %a0, i64 %b0, i64 %c0) noinline {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %latch ]
  %a = phi i64 [ %a0, %entry ], [ %b, %latch ]
  %b = phi i64 [ %b0, %entry ], [ %c, %latch ]
  %c = phi i64 [ %c0, %entry ], [ %mixed, %latch ]
  %x = phi i64 [ 1, %entry ], [ %y, %latch ]
  %y = phi i64 [ 2, %entry ], [ %x, %latch ]
  %ab = add i64 %a, %b
  br label %latch
latch:
  %m = mul i64 %ab, 3
  %mixed = xor i64 %m, %c
  %next = add i32 %i, 1
  %more = icmp ult i32 %next, %n
  br i1 %more, label %loop, label %done
done:
  ; values of the last round but one, and of the last
  %s = sub i64 %mixed, %a
  %xy = shl i64 %x, %y
  %r = add i64 %s, %xy
  ret i64 %r
}

; Masks of i1 and a comparison's result from before the loop.
define internal i64 @masks(i32 %n, <16 x i8> %v) noinline {
entry:
  %big = icmp ugt <16 x i8> %v, splat (i8 100)
  %large = icmp ugt i32 %n, 1000
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %m = phi <16 x i1> [ %big, %entry ], [ %m2, %loop ]
  %acc = phi <16 x i8> [ %v, %entry ], [ %acc1, %loop ]
  %m1 = shufflevector <16 x i1> %m, <16 x i1> poison, <16 x i32> <i32 1, i32 2, i32 3, i32 4, i32 5, i32 6, i32 7, i32 8, i32 9, i32 10, i32 11, i32 12, i32 13, i32 14, i32 15, i32 0>
  %odd = trunc i32 %i to i1
  %flip = and i1 %odd, %large
  %m2 = insertelement <16 x i1> %m1, i1 %flip, i64 5
  %picked = select <16 x i1> %m2, <16 x i8> %v, <16 x i8> splat (i8 1)
  %acc0 = mul <16 x i8> %acc, splat (i8 3)
  %acc1 = add <16 x i8> %acc0, %picked
  %next = add i32 %i, 1
  %more = icmp ult i32 %next, %n
  br i1 %more, label %loop, label %done
done:
  %bits = bitcast <16 x i1> %m2 to i16
  %low = zext i16 %bits to i64
  %b = bitcast <16 x i8> %acc1 to <2 x i64>
  %b0 = extractelement <2 x i64> %b, i64 0
  %b1 = extractelement <2 x i64> %b, i64 1
  %x = xor i64 %b0, %b1
  %keep = select i1 %large, i64 %x, i64 1
  %r = add i64 %keep, %low
  ret i64 %r
}

; Undefined and poison values in phis that nothing uses before they have a value; a frozen one stays the same.
define internal i64 @undefined(i32 %n) noinline {
entry:
  %any = freeze i64 poison
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %latch ]
  %late = phi i64 [ poison, %entry ], [ %late1, %latch ]
  %u = phi <2 x double> [ undef, %entry ], [ %u1, %latch ]
  %differs = phi i64 [ 0, %entry ], [ %differs1, %latch ]
  %same = phi i64 [ %any, %entry ], [ %any, %latch ]
  %first = icmp eq i32 %i, 0
  br i1 %first, label %begin, label %go_on
begin:
  br label %latch
go_on:
  %l = mul i64 %late, 5
  %l1 = add i64 %l, 3
  %ua = extractelement <2 x double> %u, i64 0
  %ub = fmul double %ua, 0.5
  br label %latch
latch:
  %late1 = phi i64 [ 1, %begin ], [ %l1, %go_on ]
  %uc = phi double [ 64.0, %begin ], [ %ub, %go_on ]
  %ud = fadd double %uc, 1.0
  %u1 = insertelement <2 x double> poison, double %ud, i64 0
  %ne = icmp ne i64 %same, %any
  %nex = zext i1 %ne to i64
  %differs1 = add i64 %differs, %nex
  %next = add i32 %i, 1
  %more = icmp ult i32 %next, %n
  br i1 %more, label %loop, label %done
done:
  %e = bitcast double %ud to i64
  %r = xor i64 %late1, %e
  %d = mul i64 %differs1, 1000
  %r1 = add i64 %r, %d
  ret i64 %r1
}

; Signed zeros, infinities and quiet NaNs with a payload pass as they are.
define internal i64 @floats(i32 %n, float %nan, double %zero) noinline {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %a = phi float [ %nan, %entry ], [ %b, %loop ]
  %b = phi float [ 0xFFF0000000000000, %entry ], [ %a, %loop ]
  %z = phi double [ %zero, %entry ], [ %z1, %loop ]
  %x = phi half [ 0xH3C01, %entry ], [ %y, %loop ]
  %y = phi half [ 0xHC000, %entry ], [ %x, %loop ]
  %q = phi fp128 [ 0xL00000000000000003FFF000000000000, %entry ], [ 0xL0000000000000001C000000000000000, %loop ]
  %sum = phi i64 [ 0, %entry ], [ %sum3, %loop ]
  %z1 = fneg double %z
  %ab = bitcast float %a to i32
  %a64 = zext i32 %ab to i64
  %zb = bitcast double %z to i64
  %xb = bitcast half %x to i16
  %x64 = zext i16 %xb to i64
  %s0 = mul i64 %sum, 7
  %sum1 = add i64 %s0, %a64
  %sum2 = xor i64 %sum1, %zb
  %sum3 = add i64 %sum2, %x64
  %next = add i32 %i, 1
  %more = icmp ult i32 %next, %n
  br i1 %more, label %loop, label %done
done:
  %qb = bitcast fp128 %q to i128
  %qs = lshr i128 %qb, 64
  %qx = xor i128 %qs, %qb
  %qt = trunc i128 %qx to i64
  %r = add i64 %sum3, %qt
  ret i64 %r
}

define i32 @main() {
  %r1 = call i64 @bits(i32 200001, i1 true)
  call void @print(ptr @n1, i64 %r1)
  %r2 = call i64 @odd(i32 200001, i7 77)
  call void @print(ptr @n2, i64 %r2)
  %w = call i128 @wide(i32 2000, i128 98765432109876543210987654321)
  %wh = lshr i128 %w, 64
  %wx = xor i128 %wh, %w
  %r3 = trunc i128 %wx to i64
  call void @print(ptr @n3, i64 %r3)
  %r4 = call i64 @vectors(i32 100003, <4 x float> <float 1.0, float 2.0, float 3.0, float 4.0>)
  call void @print(ptr @n4, i64 %r4)
  %r5 = call i64 @pointers(i32 200001)
  call void @print(ptr @n5, i64 %r5)
  %r6 = call i64 @extended(i32 100001, x86_fp80 0xK4000C000000000000000)
  call void @print(ptr @n6, i64 %r6)
  %r7 = call i64 @aggregates(i32 200001, %nested { i8 -3, { i64, [2 x i16] } { i64 5, [2 x i16] [i16 6, i16 7] }, float 1.5 })
  call void @print(ptr @n7, i64 %r7)
  %r8 = call i64 @exchange(i32 200001, i64 1, i64 2, i64 3)
  call void @print(ptr @n8, i64 %r8)
  %r9 = call i64 @exchange(i32 1, i64 1, i64 2, i64 3)
  call void @print(ptr @n9, i64 %r9)
  %r10 = call i64 @masks(i32 100001, <16 x i8> <i8 1, i8 120, i8 3, i8 -7, i8 5, i8 60, i8 107, i8 8, i8 9, i8 110, i8 11, i8 12, i8 -1, i8 14, i8 15, i8 116>)
  call void @print(ptr @n10, i64 %r10)
  %r11 = call i64 @undefined(i32 200001)
  call void @print(ptr @n11, i64 %r11)
  %r12 = call i64 @floats(i32 200001, float 0x7FF8ABCDE0000000, double -0.0)
  call void @print(ptr @n12, i64 %r12)
  ret i32 0
}
