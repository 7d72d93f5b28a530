; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
; Loops in functions of the conventions fastcc, coldcc, tailcc and preserve_nonecc, with byval, sret, inreg, signext, zeroext,
; nest, returned and aligned parameters that are used only in the loop, and with calls of these kinds as the loop's body.
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"
%big = type { i64, double, [4 x i32] }
@format = private constant [14 x i8] c"%s %lld %.6f\0A\00"
@a1 = private constant [5 x i8] c"fast\00"
@a2 = private constant [5 x i8] c"tail\00"
@a3 = private constant [5 x i8] c"valu\00"
@a4 = private constant [5 x i8] c"inre\00"
@a5 = private constant [5 x i8] c"sign\00"
@a6 = private constant [5 x i8] c"retu\00"
@a7 = private constant [5 x i8] c"bare\00"
@a8 = private constant [5 x i8] c"cold\00"
declare i32 @printf(ptr, ...)

define internal void @print(ptr %name, i64 %value, double %d) noinline {
  %r = call i32 (ptr, ...) @printf(ptr @format, ptr %name, i64 %value, double %d)
  ret void
}

; Eleven integers and nine doubles: some in registers, some on the stack, all needed in each round.
define internal fastcc { i64, double, i32, i1 } @fast(i64 %a, i64 %b, i64 %c, i64 %d, i64 %e, i64 %f, i64 %g, i32 %h, i17 %i, i1 %j, i8 signext %k, double %l, double %m, double %n, double %o, double %p, double %q, double %r, double %s, float %t, i32 %rounds) noinline {
entry:
  br label %loop
loop:
  %x = phi i32 [ 0, %entry ], [ %next, %loop ]
  %sum = phi i64 [ %a, %entry ], [ %s8, %loop ]
  %fp = phi double [ %l, %entry ], [ %f9, %loop ]
  %s0 = mul i64 %sum, 3
  %s1 = add i64 %s0, %b
  %s2 = xor i64 %s1, %c
  %s3 = add i64 %s2, %d
  %s4 = xor i64 %s3, %e
  %s5 = add i64 %s4, %f
  %s6 = sub i64 %s5, %g
  %hx = zext i32 %h to i64
  %ix = sext i17 %i to i64
  %kx = sext i8 %k to i64
  %hik = add i64 %hx, %ix
  %hikk = add i64 %hik, %kx
  %s7 = add i64 %s6, %hikk
  %one = zext i1 %j to i64
  %s8 = add i64 %s7, %one
  %f1 = fmul double %fp, 0.5
  %f2 = fadd double %f1, %m
  %f3 = fadd double %f2, %n
  %f4 = fsub double %f3, %o
  %f5 = fadd double %f4, %p
  %f6 = fadd double %f5, %q
  %f7 = fsub double %f6, %r
  %f8 = fadd double %f7, %s
  %te = fpext float %t to double
  %f9 = fadd double %f8, %te
  %next = add i32 %x, 1
  %more = icmp ult i32 %next, %rounds
  br i1 %more, label %loop, label %done
done:
  %1 = insertvalue { i64, double, i32, i1 } poison, i64 %s8, 0
  %2 = insertvalue { i64, double, i32, i1 } %1, double %f9, 1
  %3 = insertvalue { i64, double, i32, i1 } %2, i32 %next, 2
  %low = trunc i64 %s8 to i1
  %4 = insertvalue { i64, double, i32, i1 } %3, i1 %low, 3
  ret { i64, double, i32, i1 } %4
}

; Tail calls of functions with other numbers of parameters, out of loops: only tailcc can, and has to. (All of them are in
; registers: LLVM 22 miscompiles tail calls that need more space for parameters on the stack than their caller got.)
define internal tailcc i64 @tail_one(i64 %left, i64 %x) noinline {
entry:
  %none = icmp eq i64 %left, 0
  br i1 %none, label %stop, label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %back ]
  %y = phi i64 [ %x, %entry ], [ %y2, %back ]
  %y1 = mul i64 %y, 5
  %y2 = add i64 %y1, %i
  %low = and i64 %y2, 63
  %early = icmp eq i64 %low, 17
  br i1 %early, label %leave, label %back
back:
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, 20
  br i1 %more, label %loop, label %end
leave:
  %l1 = sub i64 %left, 1
  %r1 = musttail call tailcc i64 @tail_many(i64 %l1, i64 %y2, i64 3, double 2.5, i64 6, i64 %y, i64 %i)
  ret i64 %r1
end:
  %l2 = sub i64 %left, 1
  %r2 = musttail call tailcc i64 @tail_one(i64 %l2, i64 %y2)
  ret i64 %r2
stop:
  ret i64 %x
}
define internal tailcc i64 @tail_many(i64 %left, i64 %x, i64 %limit, double %d, i64 %g, i64 %h, i64 %f) noinline {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %y = phi i64 [ %x, %entry ], [ %y5, %loop ]
  %y1 = add i64 %y, %g
  %y2 = xor i64 %y1, %h
  %y3 = add i64 %y2, %f
  %y4 = mul i64 %y3, 3
  %e = fptosi double %d to i64
  %y5 = add i64 %y4, %e
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %limit
  br i1 %more, label %loop, label %done
done:
  %r = musttail call tailcc i64 @tail_one(i64 %left, i64 %y5)
  ret i64 %r
}

; The copy on the caller's stack is changed in each round; the result's place is given and aligned.
define internal void @by_value(ptr noalias sret(%big) align 16 %out, ptr byval(%big) align 32 %in, i32 %rounds) noinline {
entry:
  %dp = getelementptr inbounds %big, ptr %in, i64 0, i32 1
  %od = getelementptr inbounds %big, ptr %out, i64 0, i32 1
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %lane = and i32 %i, 3
  %place = getelementptr inbounds %big, ptr %in, i64 0, i32 2, i32 %lane
  %v = load i32, ptr %place
  %v1 = add i32 %v, %i
  store i32 %v1, ptr %place
  %d = load double, ptr %dp
  %d1 = fmul double %d, 0.5
  %vf = uitofp i32 %v1 to double
  %d2 = fadd double %d1, %vf
  store double %d2, ptr %dp
  store double %d2, ptr %od
  %l = load i64, ptr %in
  %vx = zext i32 %v1 to i64
  %l1 = xor i64 %l, %vx
  %l2 = add i64 %l1, 7
  store i64 %l2, ptr %in
  store i64 %l2, ptr %out
  %next = add i32 %i, 1
  %more = icmp ult i32 %next, %rounds
  br i1 %more, label %loop, label %done
done:
  ret void
}

define internal i64 @in_registers(i64 inreg %a, i64 inreg %b, i32 inreg %c, ptr nest %frame, i32 %rounds) noinline {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %x = phi i64 [ %a, %entry ], [ %x3, %loop ]
  %x1 = mul i64 %x, %b
  %cx = sext i32 %c to i64
  %x2 = add i64 %x1, %cx
  %v = load i64, ptr %frame
  %x3 = xor i64 %x2, %v
  %v1 = add i64 %v, 1
  store i64 %v1, ptr %frame
  %next = add i32 %i, 1
  %more = icmp ult i32 %next, %rounds
  br i1 %more, label %loop, label %done
done:
  ret i64 %x3
}

; The caller extends, the callee may rely on it; so must whoever continues for it.
define internal signext i8 @extended(i8 signext %a, i16 zeroext %b, i1 zeroext %c, i8 zeroext %d, i32 %rounds) noinline {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %x = phi i8 [ %a, %entry ], [ %x3, %loop ]
  %ax = sext i8 %a to i32
  %bx = zext i16 %b to i32
  %cx = zext i1 %c to i32
  %dx = zext i8 %d to i32
  %s1 = add i32 %ax, %bx
  %s2 = mul i32 %s1, %dx
  %s3 = add i32 %s2, %cx
  %s4 = lshr i32 %s3, 3
  %st = trunc i32 %s4 to i8
  %x1 = mul i8 %x, 3
  %x2 = add i8 %x1, %st
  %it = trunc i32 %i to i8
  %x3 = xor i8 %x2, %it
  %next = add i32 %i, 1
  %more = icmp ult i32 %next, %rounds
  br i1 %more, label %loop, label %done
done:
  ret i8 %x3
}

; It returns its first parameter, which its caller knows, and writes through all of them.
define internal ptr @returned(ptr returned align 16 dereferenceable(32) %p, ptr noalias nonnull writeonly %q, i32 %rounds) noinline {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %k = and i32 %i, 3
  %place = getelementptr inbounds i64, ptr %p, i32 %k
  %v = load i64, ptr %place
  %ix = zext i32 %i to i64
  %v1 = add i64 %v, %ix
  %v2 = mul i64 %v1, 3
  store i64 %v2, ptr %place
  store i64 %v1, ptr %q
  %next = add i32 %i, 1
  %more = icmp ult i32 %next, %rounds
  br i1 %more, label %loop, label %done
done:
  ret ptr %p
}

; Nearly no register survives a call of this kind, and it gets its parameters in unusual ones.
define internal preserve_nonecc i64 @bare(i64 %a, i64 %b, i64 %c, i64 %d, i64 %e, i64 %f, i64 %g, i32 %rounds) noinline {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %x = phi i64 [ %a, %entry ], [ %x6, %loop ]
  %x1 = add i64 %x, %b
  %x2 = xor i64 %x1, %c
  %x3 = sub i64 %x2, %d
  %x4 = mul i64 %x3, %e
  %x5 = add i64 %x4, %f
  %x6 = xor i64 %x5, %g
  %next = add i32 %i, 1
  %more = icmp ult i32 %next, %rounds
  br i1 %more, label %loop, label %done
done:
  ret i64 %x6
}

define internal coldcc double @cold(i64 %a, double %x, i32 %rounds) noinline {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %d = phi double [ %x, %entry ], [ %d2, %loop ]
  %ax = sitofp i64 %a to double
  %d1 = fmul double %d, 0.25
  %d2 = fadd double %d1, %ax
  %next = add i32 %i, 1
  %more = icmp ult i32 %next, %rounds
  br i1 %more, label %loop, label %done
done:
  ret double %d2
}

define i32 @main() {
entry:
  %in = alloca %big, align 32
  %out = alloca %big, align 16
  %frame = alloca i64
  %four = alloca [4 x i64], align 16
  %seen = alloca i64
  store i64 11, ptr %frame
  store %big { i64 5, double 2.5, [4 x i32] [i32 1, i32 2, i32 3, i32 4] }, ptr %in
  store [4 x i64] [i64 1, i64 2, i64 3, i64 4], ptr %four
  %r1 = call fastcc { i64, double, i32, i1 } @fast(i64 1, i64 2, i64 3, i64 4, i64 5, i64 6, i64 7, i32 -8, i17 -9, i1 true, i8 signext -11, double 1.5, double 2.5, double 3.5, double 4.5, double 5.5, double 6.5, double 7.5, double 8.5, float 9.5, i32 200001)
  %r1a = extractvalue { i64, double, i32, i1 } %r1, 0
  %r1b = extractvalue { i64, double, i32, i1 } %r1, 1
  %r1c = extractvalue { i64, double, i32, i1 } %r1, 2
  %r1d = extractvalue { i64, double, i32, i1 } %r1, 3
  %r1e = zext i32 %r1c to i64
  %r1f = select i1 %r1d, i64 %r1e, i64 0
  %r1g = add i64 %r1a, %r1f
  call void @print(ptr @a1, i64 %r1g, double %r1b)
  %r2 = call tailcc i64 @tail_one(i64 100000, i64 1)
  call void @print(ptr @a2, i64 %r2, double 0.0)
  call void @by_value(ptr sret(%big) align 16 %out, ptr byval(%big) align 32 %in, i32 200001)
  %o = load i64, ptr %out
  %odp = getelementptr inbounds %big, ptr %out, i64 0, i32 1
  %od = load double, ptr %odp
  %kept = load i64, ptr %in
  %ok = add i64 %o, %kept
  call void @print(ptr @a3, i64 %ok, double %od)
  %r4 = call i64 @in_registers(i64 inreg 3, i64 inreg 5, i32 inreg -7, ptr nest %frame, i32 200001)
  call void @print(ptr @a4, i64 %r4, double 0.0)
  %r5 = call signext i8 @extended(i8 signext -100, i16 zeroext -2, i1 zeroext true, i8 zeroext -3, i32 200001)
  %r5x = sext i8 %r5 to i64
  call void @print(ptr @a5, i64 %r5x, double 0.0)
  %r6 = call ptr @returned(ptr align 16 %four, ptr %seen, i32 200001)
  %r6a = getelementptr inbounds i64, ptr %r6, i64 2
  %r6v = load i64, ptr %r6a
  %s = load i64, ptr %seen
  %r6s = xor i64 %r6v, %s
  call void @print(ptr @a6, i64 %r6s, double 0.0)
  br label %loop
; Rounds of calls from a loop that is hot itself.
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %x = phi i64 [ 1, %entry ], [ %x4, %loop ]
  %d = phi double [ 1.0, %entry ], [ %d1, %loop ]
  %few = and i32 %i, 7
  %rounds = add i32 %few, 1
  %x1 = call preserve_nonecc i64 @bare(i64 %x, i64 2, i64 3, i64 4, i64 5, i64 6, i64 7, i32 %rounds)
  %x2 = call i64 @in_registers(i64 inreg %x1, i64 inreg 5, i32 inreg -7, ptr nest %frame, i32 %rounds)
  %x3 = call tailcc i64 @tail_one(i64 2, i64 %x2)
  %t = trunc i64 %x3 to i8
  %y = call signext i8 @extended(i8 signext %t, i16 zeroext 3, i1 zeroext false, i8 zeroext %t, i32 %rounds)
  %yx = sext i8 %y to i64
  %x4 = xor i64 %x3, %yx
  %d1 = call coldcc double @cold(i64 %yx, double %d, i32 %rounds)
  %next = add i32 %i, 1
  %more = icmp ult i32 %next, 10000
  br i1 %more, label %loop, label %end
end:
  call void @print(ptr @a7, i64 %x4, double %d1)
  %r7 = call preserve_nonecc i64 @bare(i64 1, i64 2, i64 3, i64 4, i64 5, i64 6, i64 7, i32 200001)
  %r8 = call coldcc double @cold(i64 3, double 2.0, i32 200001)
  call void @print(ptr @a8, i64 %r7, double %r8)
  ret i32 0
}
