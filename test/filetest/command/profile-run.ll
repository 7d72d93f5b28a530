; A profile from one run to the next: what --profile-out writes is shown, merged, and known to the top tier of
; a run with --profile-in.

; RUN: %tiercel run --tier=0 --profile-out=%t.profile %s
; RUN: %tiercel profile show --program=%s %t.profile | FileCheck --check-prefix=SHOW %s
; SHOW:      choose entered 10, hash
; SHOW:        blocks
; SHOW-NEXT:     10 entry
; SHOW-NEXT:     3 few
; SHOW-NEXT:     7 many
; SHOW:      main entered 1, hash
; SHOW-NEXT:   indirect call 0: 10
; SHOW-NEXT:     10 choose
; SHOW:          10 loop

; A function without loops counts no branches of its own, so what is known is the profile, twice if it is given twice.
; RUN: %tiercel run --sync --hot=choose --profile-in=%t.profile --dump=lowered:choose %s 2>&1 \
; RUN:   | FileCheck --check-prefix=KNOWN %s
; KNOWN: {{^}}; tiercel: lowered: choose
; KNOWN: {{^}}; tiercel: lowered: choose
; KNOWN: branch_weights", i32 3, i32 7

; RUN: %tiercel run --sync --hot=choose --profile-in=%t.profile --profile-in=%t.profile --dump=lowered:choose %s 2>&1 \
; RUN:   | FileCheck --check-prefix=TWICE %s
; TWICE: branch_weights", i32 6, i32 14

; What cannot be written is known before the program runs.
; RUN: %{fails} 125 %tiercel run --profile-out=%t.folder/missing %s | %{check} --check-prefix=UNWRITABLE %s
; RUN: %{fails} 125 %tiercel run --profile-out=/ %s | %{check} --check-prefix=FOLDER %s
; UNWRITABLE: tiercel: error: --profile-out={{.*}}missing: cannot be written: No such file or directory
; FOLDER: tiercel: error: --profile-out=/: cannot be written: Is a directory
@small = global i32 0
@large = global i32 0
@chosen = global ptr @choose

define void @choose(i32 %x) {
entry:
  %c = icmp slt i32 %x, 3
  br i1 %c, label %few, label %many
few:
  store volatile i32 1, ptr @small
  ret void
many:
  store volatile i32 1, ptr @large
  ret void
}

define i32 @main() {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %f = load volatile ptr, ptr @chosen
  call void %f(i32 %i)
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, 10
  br i1 %more, label %loop, label %done
done:
  ret i32 0
}
