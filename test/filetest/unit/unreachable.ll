; What must not be reached traps, in every tier, in place of running into other code: a function that
; is nothing else, one that has no instruction at all, and what follows a call that must not return.
; RUN: not --crash %tiercel run --tier=0 %s
; RUN: not --crash %tiercel run --tier=1 %s
; RUN: not --crash %tiercel run --tier=2 %s
; RUN: not --crash %tiercel run --tier=3 %s
; RUN: not --crash %tiercel run --tier=0 %s 1
; RUN: not --crash %tiercel run --tier=3 %s 1
; RUN: not --crash %tiercel run --tier=0 %s 1 2
; RUN: not --crash %tiercel run --tier=2 %s 1 2
; RUN: %tiercel run --tier=3 %s 1 2 3
; RUN: %tiercel run %s 1 2 3

declare void @exit(i32)

define void @nothing() noinline optnone {
  unreachable
}
define void @empty() noinline naked {
  unreachable
}
define void @returns() noinline optnone {
  ret void
}
define i32 @behind() noinline optnone {
  call void @returns() noreturn
  unreachable
}
define i32 @main(i32 %argc, ptr %argv) {
  switch i32 %argc, label %end [ i32 1, label %one
                                 i32 2, label %two
                                 i32 3, label %three ]
one:
  %p1 = load volatile ptr, ptr @pnothing
  call void %p1()
  ret i32 0
two:
  %p2 = load volatile ptr, ptr @pempty
  call void %p2()
  ret i32 0
three:
  %p3 = load volatile ptr, ptr @pbehind
  %r = call i32 %p3()
  ret i32 0
end:
  ret i32 0
}
@pnothing = global ptr @nothing
@pempty = global ptr @empty
@pbehind = global ptr @behind
