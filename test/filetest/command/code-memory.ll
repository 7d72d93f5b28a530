; What the options of code memory change, and what they must not.
; RUN: %tiercel run --mode=single-mapping --stats=%t.json %s
; RUN: FileCheck --check-prefix=SINGLE --input-file=%t.json %s
; RUN: %tiercel run --mode=poison-freed %s
; RUN: %tiercel run --huge-pages --code-limit=1M %s
; RUN: %tiercel run --mode=tiny-arena --code-limit=1M %s
; RUN: not %tiercel run --code-limit=256k %s 2>&1 | FileCheck --check-prefix=BAD %s
; RUN: not %tiercel run --code-limit=256K %s 2>&1 | FileCheck --check-prefix=FULL %s
; RUN: not %tiercel run --mode=tiny-arena %s 2>&1 | FileCheck --check-prefix=FULL %s

; SINGLE: "memory": {"mapping": "single", "code_committed": 2097152,
; BAD: must be a number of bytes
; FULL: tiercel: error: function main: {{.*}}code memory: the limit of 256 KiB is reached
define i32 @main() {
  call void asm sideeffect "jmp 1f; .skip 300000, 0x90; 1:", ""()
  ret i32 0
}
