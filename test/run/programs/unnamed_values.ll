; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
; Values without a name are one thing each: variables, constants, thread-locals, aliases, functions, an ifunc, also in
; initialisers, constructors and comdats, and with every linkage.
target triple = "x86_64-pc-linux-gnu"
$group = comdat any
@0 = constant [13 x i8] c"%d %d %d %d\0A\00"
@1 = global i32 40
@2 = global i32 50
@3 = thread_local global i32 7
@4 = thread_local global i32 8
@5 = internal global i32 1
@6 = private constant i32 2
@7 = linkonce_odr global i32 3, comdat($group)
@8 = weak global i32 4
@9 = common global i32 0
@10 = global [3 x ptr] [ptr @17, ptr @18, ptr @19]
@11 = private constant [7 x i8] c"%d %d\0A\00"
@12 = global i32 0
@llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 65535, ptr @20, ptr null }]
@13 = alias i32, ptr @1
@14 = alias i32, ptr @2
@15 = internal alias i32, ptr @12
@16 = ifunc i32 (i32), ptr @21
declare i32 @printf(ptr, ...)
declare ptr @llvm.threadlocal.address.p0(ptr)

define i32 @17(i32 %x) noinline {
  %v = load i32, ptr @1
  %r = add i32 %v, %x
  ret i32 %r
}
define internal i32 @18(i32 %x) noinline {
  %v = load i32, ptr @2
  %r = sub i32 %v, %x
  ret i32 %r
}
define linkonce_odr i32 @19(i32 %x) noinline comdat($group) {
  %v = load i32, ptr @7
  %r = mul i32 %v, %x
  ret i32 %r
}
define internal void @20() {
  store i32 11, ptr @15
  ret void
}
define internal ptr @21() {
  ret ptr @18
}

define i32 @main() {
entry:
  br label %loop
loop:
  %i = phi i32 [0, %entry], [%j, %loop]
  %s = phi i32 [0, %entry], [%t, %loop]
  %k = urem i32 %i, 3
  %slot = getelementptr [3 x ptr], ptr @10, i32 0, i32 %k
  %f = load ptr, ptr %slot
  %a = call i32 %f(i32 %i)
  %b = call i32 @17(i32 %i)
  %c = call i32 @18(i32 %i)
  %d = call i32 @16(i32 %i)
  %ab = xor i32 %a, %b
  %cd = xor i32 %c, %d
  %x = xor i32 %ab, %cd
  %t = add i32 %s, %x
  %j = add i32 %i, 1
  %more = icmp ult i32 %j, 30000
  br i1 %more, label %loop, label %out
out:
  %t3 = call ptr @llvm.threadlocal.address.p0(ptr @3)
  %t4 = call ptr @llvm.threadlocal.address.p0(ptr @4)
  store i32 70, ptr %t3
  %v3 = load i32, ptr %t3
  %v4 = load i32, ptr %t4
  store i32 90, ptr @9
  store i32 41, ptr @13
  %v1 = load i32, ptr @1
  %v2 = load i32, ptr @14
  call i32 (ptr, ...) @printf(ptr @0, i32 %t, i32 %v3, i32 %v4, i32 %v1)
  %v5 = load i32, ptr @5
  %v6 = load i32, ptr @6
  %v8 = load i32, ptr @8
  %v9 = load i32, ptr @9
  %v12 = load i32, ptr @12
  call i32 (ptr, ...) @printf(ptr @0, i32 %v5, i32 %v6, i32 %v8, i32 %v9)
  call i32 (ptr, ...) @printf(ptr @11, i32 %v2, i32 %v12)
  ret i32 0
}
