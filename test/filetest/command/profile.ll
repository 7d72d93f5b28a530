; What `tiercel profile` shows and merges. The hash is that of @main below: profiles on disk rely on it.

; RUN: split-file %s %t
; RUN: %tiercel profile show %t/first | FileCheck --check-prefix=SHOW %s
; SHOW:      main entered 1, hash c994b977a6728440
; SHOW-NEXT:   indirect call 0: 7
; SHOW-NEXT:      5 one
; SHOW-NEXT:      2 image;two
; SHOW-NEXT:   counters 1 10 5
; SHOW-NEXT: colder entered 3, hash 00000000000000ab

; RUN: %tiercel profile show --program=%t/program.ll %t/first | FileCheck --check-prefix=BLOCKS %s
; BLOCKS: main entered 1
; BLOCKS:      blocks
; BLOCKS-NEXT: 1 entry
; BLOCKS-NEXT: 10 loop
; BLOCKS-NEXT: 5 then
; BLOCKS-NEXT: 10 latch
; BLOCKS-NEXT: 1 done
; BLOCKS: colder entered 3
; BLOCKS-NEXT: no function of {{.*}}program.ll has this body

; RUN: %tiercel profile merge -o %t/sum %t/first %t/second 2>&1 | FileCheck --check-prefix=NOTE %s
; NOTE: tiercel: note: {{.*}}second: function colder (hash 00000000000000ab): left out
; RUN: FileCheck --check-prefix=SUM %s < %t/sum
; SUM:      tiercel-profile 1 plan 1
; SUM-NEXT: function 00000000000000ab "colder"
; SUM-NEXT: counts 3 2
; SUM-NEXT: function c994b977a6728440 "main"
; SUM-NEXT: counts 2 110 55
; SUM-NEXT: call 9 "one" 7 "image;two" 2
; SUM-NEXT: end 2

; RUN: not %tiercel profile 2>&1 | FileCheck --check-prefix=NONE %s
; NONE: tiercel: error: profile: 'show' or 'merge' must follow
; RUN: not %tiercel profile show %t/program.ll 2>&1 | FileCheck --check-prefix=WRONG %s
; WRONG: tiercel: error: {{.*}}program.ll:1: expected 'tiercel-profile'
; RUN: not %tiercel profile show %t/missing 2>&1 | FileCheck --check-prefix=MISSING %s
; MISSING: tiercel: error: {{.*}}missing: No such file
; RUN: not %tiercel profile merge %t/first 2>&1 | FileCheck --check-prefix=OUT %s
; OUT: tiercel: error: -o OUT: missing
; RUN: not %tiercel profile show --blocks %t/first 2>&1 | FileCheck --check-prefix=OPTION %s
; OPTION: tiercel: error: --blocks: unknown option
; RUN: %tiercel profile --help | FileCheck --check-prefix=HELP %s
; HELP: tiercel profile merge -o OUT FILE...

;--- first
tiercel-profile 1 plan 1
function c994b977a6728440 "main"
counts 1 10 5
call 7 "one" 5 "image;two" 2
function 00000000000000ab "colder"
counts 3 2
end 2
;--- second
tiercel-profile 1 plan 1
function c994b977a6728440 "main"
counts 1 100 50
call 2 "one" 2
function 00000000000000ab "colder"
counts 3
end 2
;--- program.ll
define i32 @main(i32 %n) {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %latch ]
  %odd = trunc i32 %i to i1
  br i1 %odd, label %then, label %latch
then:
  br label %latch
latch:
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret i32 0
}
