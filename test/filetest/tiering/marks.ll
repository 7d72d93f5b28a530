; Options and attributes say what is hot and what is cold; options come first, and cold before hot.
; RUN: %tiercel run --sync --log=debug %s 2>&1 | FileCheck --check-prefix=ATTRIBUTES --implicit-check-not='{{ promoting}}' %s
; RUN: %tiercel run --sync --hot=plain --hot='by_*' --cold=by_hot --threshold=2 --log=debug %s 2>&1 \
; RUN:   | FileCheck --check-prefix=OPTIONS --implicit-check-not='{{ promoting}}' %s
; RUN: %tiercel run --sync --policy=threshold --threshold=16 --log=info %s 2>&1 \
; RUN:   | FileCheck --check-prefix=HINTS --implicit-check-not='{{ promoting}}' %s
; RUN: %tiercel run --tier=0 --hot=plain --log=debug %s 2>&1 | FileCheck --check-prefix=FIXED --implicit-check-not='{{ promoting}}' %s

; ATTRIBUTES: published by_hot, tier 0
; ATTRIBUTES: promoting by_hot to tier 3: marked as hot
; ATTRIBUTES: published by_hot, tier 3
; ATTRIBUTES: published by_hint, tier 0

; OPTIONS: published plain, tier 0
; OPTIONS: promoting plain to tier 3: marked as hot
; OPTIONS: published by_hot, tier 0
; OPTIONS: promoting by_cold to tier 3: marked as hot
; OPTIONS: promoting by_hint to tier 3: marked as hot
; OPTIONS: not promoting by_hot: marked as cold

; The front end's hint makes an eighth of the threshold: 2 of 16, of which 4 calls are enough.
; HINTS: promoting by_hot to tier 3: marked as hot
; HINTS: promoting by_hint to tier 1: calls reached the threshold

; FIXED: published plain, tier 0
define i32 @plain(i32 %x) {
  ret i32 %x
}

define i32 @by_hot(i32 %x) "tiercel-tier"="hot" {
  ret i32 %x
}

define i32 @by_cold(i32 %x) "tiercel-tier"="cold" {
  ret i32 %x
}

define i32 @by_hint(i32 %x) hot {
  ret i32 %x
}

define i32 @main() {
entry:
  br label %loop
loop:
  %i = phi i32 [ 0, %entry ], [ %next, %loop ]
  %a = call i32 @plain(i32 %i)
  %b = call i32 @by_hot(i32 %a)
  %c = call i32 @by_cold(i32 %b)
  %d = call i32 @by_hint(i32 %c)
  %next = add i32 %i, 1
  %more = icmp slt i32 %next, 4
  br i1 %more, label %loop, label %done
done:
  %r = sub i32 %d, 3
  ret i32 %r
}
