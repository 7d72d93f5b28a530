; SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
; Linkage only IR can say: comdat groups, linkonce and available_externally, aliases with offsets, private, ifunc, global
; constructors with data, unnamed_addr, appending arrays, llvm.used, odd names, block addresses in data.
target triple = "x86_64-pc-linux-gnu"
$group = comdat any
$"odd name" = comdat any
@group = linkonce_odr constant i32 6, comdat
@"quoted \22name\22" = internal global i32 7
@"odd name" = linkonce_odr global i32 8, comdat
@array = global [4 x i32] [i32 1, i32 2, i32 3, i32 4]
@middle = alias i32, getelementptr ([4 x i32], ptr @array, i64 0, i64 2)
@relative = internal constant i32 trunc (i64 sub (i64 ptrtoint (ptr @target to i64), i64 ptrtoint (ptr @relative to i64)) to i32)
@also_main = alias i32 (), ptr @counted
@weak_alias = weak alias i32 (i32), ptr @doubled
@chosen = ifunc i32 (i32), ptr @resolver
@order = internal global i32 0
@labels = internal constant [2 x ptr] [ptr blockaddress(@jump, %one), ptr blockaddress(@jump, %two)]
@kept = internal global i32 9
@llvm.used = appending global [1 x ptr] [ptr @kept], section "llvm.metadata"
@llvm.compiler.used = appending global [1 x ptr] [ptr @doubled], section "llvm.metadata"
@llvm.global_ctors = appending global [3 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 65535, ptr @third, ptr null },
  { i32, ptr, ptr } { i32 200, ptr @first, ptr @order }, { i32, ptr, ptr } { i32 65535, ptr @fourth, ptr null }]
@llvm.global_dtors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 65535, ptr @last, ptr null }]
@format = private unnamed_addr constant [10 x i8] c"%d %d %d\0A\00"
@bye = private unnamed_addr constant [4 x i8] c"bye\00"
declare i32 @printf(ptr, ...)
declare i32 @puts(ptr)
declare extern_weak i32 @nowhere()

define internal void @note(i32 %digit) {
  %o = load i32, ptr @order
  %t = mul i32 %o, 10
  %s = add i32 %t, %digit
  store i32 %s, ptr @order
  ret void
}
define internal void @first() { call void @note(i32 1)
  ret void }
define internal void @third() { call void @note(i32 3)
  ret void }
define internal void @fourth() { call void @note(i32 4)
  ret void }
define internal void @last() { %r = call i32 @puts(ptr @bye)
  ret void }
define i32 @target() { ret i32 41 }
define i32 @counted() { ret i32 5 }
define linkonce_odr i32 @doubled(i32 %x) comdat($group) {
  %r = mul i32 %x, 2
  ret i32 %r
}
define available_externally i32 @abs(i32 %x) {
  %n = sub i32 0, %x
  %neg = icmp slt i32 %x, 0
  %r = select i1 %neg, i32 %n, i32 %x
  ret i32 %r
}
define internal i32 @tripled(i32 %x) {
  %r = mul i32 %x, 3
  ret i32 %r
}
define internal ptr @resolver() { ret ptr @tripled }
define internal i32 @jump(i32 %which) {
  %slot = getelementptr [2 x ptr], ptr @labels, i32 0, i32 %which
  %label = load ptr, ptr %slot
  indirectbr ptr %label, [label %one, label %two]
one:
  ret i32 100
two:
  ret i32 200
}
define internal i32 @through_relative() {
  %offset = load i32, ptr @relative
  %wide = sext i32 %offset to i64
  %address = getelementptr i8, ptr @relative, i64 %wide
  %same = icmp eq ptr %address, @target
  %r = zext i1 %same to i32
  ret i32 %r
}
define i32 @main() {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %sum = phi i32 [ 0, %entry ], [ %s6, %loop ]
  %bit = and i32 %i, 1
  %j = call i32 @jump(i32 %bit)
  %d = call i32 @weak_alias(i32 %i)
  %c = call i32 @chosen(i32 %i)
  %n = sub i32 0, %i
  %a = call i32 @abs(i32 %n)
  %m = call i32 @also_main()
  %s1 = add i32 %sum, %j
  %s2 = add i32 %s1, %d
  %s3 = add i32 %s2, %c
  %s4 = sub i32 %s3, %a
  %s5 = add i32 %s4, %m
  %s6 = and i32 %s5, 16777215
  %next = add i32 %i, 1
  %more = icmp ult i32 %next, 20000
  br i1 %more, label %loop, label %end
end:
  %order = load i32, ptr @order
  %middle = load i32, ptr @middle
  %r1 = call i32 (ptr, ...) @printf(ptr @format, i32 %s6, i32 %order, i32 %middle)
  %g = load i32, ptr @group
  %q = load i32, ptr @"quoted \22name\22"
  %o = load i32, ptr @"odd name"
  %r2 = call i32 (ptr, ...) @printf(ptr @format, i32 %g, i32 %q, i32 %o)
  %rel = call i32 @through_relative()
  %null = icmp eq ptr @nowhere, null
  %null32 = zext i1 %null to i32
  %k = load i32, ptr @kept
  %r3 = call i32 (ptr, ...) @printf(ptr @format, i32 %rel, i32 %null32, i32 %k)
  ret i32 0
}
