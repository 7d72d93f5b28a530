; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
; Exceptions and loops in optimised IR: a landing pad that is a loop's header, one whose successor is, a header ending in an
; invoke, an exception's pointer in a header's phi, and a cleanup with a hot loop before it resumes.
; LIBS: -lstdc++
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-pc-linux-gnu"
@format = private constant [9 x i8] c"%s %lld\0A\00"
@e1 = private constant [5 x i8] c"head\00"
@e2 = private constant [5 x i8] c"next\00"
@e3 = private constant [5 x i8] c"invo\00"
@e4 = private constant [5 x i8] c"live\00"
@e5 = private constant [5 x i8] c"clea\00"
@_ZTIl = external constant ptr
@cleaned = internal global i64 0
declare i32 @printf(ptr, ...)
declare ptr @__cxa_allocate_exception(i64)
declare void @__cxa_throw(ptr, ptr, ptr) noreturn
declare ptr @__cxa_begin_catch(ptr)
declare void @__cxa_end_catch()
declare i32 @__gxx_personality_v0(...)

define internal void @print(ptr %name, i64 %value) noinline {
  %r = call i32 (ptr, ...) @printf(ptr @format, ptr %name, i64 %value)
  ret void
}

; Throws its argument as a long where it is a multiple of the other; returns a number where it is not.
define internal i64 @check(i64 %x, i64 %multiple) noinline {
  %m = urem i64 %x, %multiple
  %zero = icmp eq i64 %m, 0
  br i1 %zero, label %throw, label %fine
throw:
  %e = call ptr @__cxa_allocate_exception(i64 8)
  store i64 %x, ptr %e
  call void @__cxa_throw(ptr %e, ptr @_ZTIl, ptr null)
  unreachable
fine:
  ret i64 %m
}

; The landing pad is the header of the outer loop: its predecessors are all invokes.
define internal i64 @header(i64 %n) noinline personality ptr @__gxx_personality_v0 {
entry:
  %first = invoke i64 @check(i64 0, i64 7) to label %impossible unwind label %pad
impossible:
  unreachable
pad:
  %i = phi i64 [ 1, %entry ], [ %next, %again ], [ %knext, %inner ]
  %sum = phi i64 [ 0, %entry ], [ %sum1, %again ], [ %isum, %inner ]
  %lp = landingpad { ptr, i32 } catch ptr null
  %e = extractvalue { ptr, i32 } %lp, 0
  %p = call ptr @__cxa_begin_catch(ptr %e)
  %v = load i64, ptr %p
  call void @__cxa_end_catch()
  %sum1 = add i64 %sum, %v
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %again, label %done
again:
  %v2 = invoke i64 @check(i64 %next, i64 500) to label %loop unwind label %pad
loop:
  br label %inner
inner:
  %k = phi i64 [ %next, %loop ], [ %knext, %inner_on ]
  %s = phi i64 [ %sum1, %loop ], [ %isum1, %inner_on ]
  %knext = add i64 %k, 1
  %isum = xor i64 %s, %knext
  %v3 = invoke i64 @check(i64 %knext, i64 300) to label %inner_on unwind label %pad
inner_on:
  %isum1 = add i64 %isum, %v3
  br label %inner
done:
  ret i64 %sum1
}

; The handler goes on to a hot loop's header; the exception was ended before.
define internal i64 @successor(i64 %n) noinline personality ptr @__gxx_personality_v0 {
entry:
  br label %loop
loop:
  %i = phi i64 [ 1, %entry ], [ %next, %fine ], [ %after, %pad ]
  %sum = phi i64 [ 0, %entry ], [ %sum1, %fine ], [ %sum2, %pad ]
  %end = icmp uge i64 %i, %n
  br i1 %end, label %done, label %body
body:
  %v = invoke i64 @check(i64 %i, i64 1000) to label %fine unwind label %pad
fine:
  %sum1 = add i64 %sum, %v
  %next = add i64 %i, 1
  br label %loop
pad:
  %lp = landingpad { ptr, i32 } catch ptr @_ZTIl
  %e = extractvalue { ptr, i32 } %lp, 0
  %p = call ptr @__cxa_begin_catch(ptr %e)
  %x = load i64, ptr %p
  call void @__cxa_end_catch()
  %sum2 = xor i64 %sum, %x
  %after = add i64 %x, 3
  br label %loop
done:
  ret i64 %sum
}

; The header's own end is the invoke; its value is used outside the loop.
define internal i64 @ends_in_invoke(i64 %n) noinline personality ptr @__gxx_personality_v0 {
entry:
  br label %loop
loop:
  %i = phi i64 [ 1, %entry ], [ %next, %latch ]
  %x = phi i64 [ 1, %entry ], [ %x1, %latch ]
  %x0 = mul i64 %x, 3
  %v = invoke i64 @check(i64 %i, i64 %n) to label %latch unwind label %pad
latch:
  %x1 = add i64 %x0, %v
  %next = add i64 %i, 1
  br label %loop
pad:
  %lp = landingpad { ptr, i32 } catch ptr null
  %e = extractvalue { ptr, i32 } %lp, 0
  %p = call ptr @__cxa_begin_catch(ptr %e)
  %thrown = load i64, ptr %p
  call void @__cxa_end_catch()
  %r = xor i64 %x0, %thrown
  %r1 = add i64 %r, %i
  ret i64 %r1
}

; What the landing pad gave is alive across a hot loop and is read, as a whole, after it.
define internal i64 @alive(i64 %n) noinline personality ptr @__gxx_personality_v0 {
entry:
  %v = invoke i64 @check(i64 %n, i64 %n) to label %impossible unwind label %pad
impossible:
  unreachable
pad:
  %lp = landingpad { ptr, i32 } cleanup catch ptr @_ZTIl
  %e = extractvalue { ptr, i32 } %lp, 0
  %p = call ptr @__cxa_begin_catch(ptr %e)
  br label %loop
loop:
  %i = phi i64 [ 0, %pad ], [ %next, %loop ]
  %object = phi ptr [ %p, %pad ], [ %p, %loop ]
  %whole = phi { ptr, i32 } [ %lp, %pad ], [ %whole, %loop ]
  %x = load i64, ptr %object
  %x0 = mul i64 %x, 3
  %x1 = add i64 %x0, %i
  store i64 %x1, ptr %object
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %done
done:
  %e2 = extractvalue { ptr, i32 } %whole, 0
  %same = icmp eq ptr %e, %e2
  %bonus = select i1 %same, i64 1, i64 0
  %last = load i64, ptr %p
  call void @__cxa_end_catch()
  %r = add i64 %last, %bonus
  ret i64 %r
}

; A cleanup that runs long and then lets the exception go on to the caller.
define internal i64 @cleanup(i64 %n) noinline personality ptr @__gxx_personality_v0 {
entry:
  br label %work
work:
  %w = phi i64 [ 1, %entry ], [ %w1, %on ]
  %v = invoke i64 @check(i64 %w, i64 %n) to label %on unwind label %pad
on:
  %w1 = add i64 %w, 1
  br label %work
pad:
  %lp = landingpad { ptr, i32 } cleanup
  br label %loop
loop:
  %i = phi i64 [ 0, %pad ], [ %next, %loop ]
  %x = phi i64 [ %w, %pad ], [ %x1, %loop ]
  %x0 = mul i64 %x, 5
  %x1 = add i64 %x0, %i
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %loop, label %done
done:
  store i64 %x1, ptr @cleaned
  resume { ptr, i32 } %lp
}
define internal i64 @caller(i64 %n) noinline personality ptr @__gxx_personality_v0 {
  %v = invoke i64 @cleanup(i64 %n) to label %fine unwind label %pad
fine:
  ret i64 %v
pad:
  %lp = landingpad { ptr, i32 } catch ptr @_ZTIl
  %e = extractvalue { ptr, i32 } %lp, 0
  %p = call ptr @__cxa_begin_catch(ptr %e)
  %x = load i64, ptr %p
  call void @__cxa_end_catch()
  %c = load i64, ptr @cleaned
  %r = xor i64 %x, %c
  ret i64 %r
}

define i32 @main() {
  %r1 = call i64 @header(i64 200000)
  call void @print(ptr @e1, i64 %r1)
  %r2 = call i64 @successor(i64 200000)
  call void @print(ptr @e2, i64 %r2)
  %r3 = call i64 @ends_in_invoke(i64 200000)
  call void @print(ptr @e3, i64 %r3)
  %r4 = call i64 @alive(i64 200000)
  call void @print(ptr @e4, i64 %r4)
  %r5 = call i64 @caller(i64 200000)
  call void @print(ptr @e5, i64 %r5)
  ret i32 0
}
