// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// long tiercel_plain_syscall(long number, long a, long b, long c, long d, long e, long f)
// What libc's syscall(2) does, for who has put a function of his own in its place. It leaves the stack as it was
// called with and touches nothing of it after the call: a child made by it may be on another one.
        .text
        .globl  tiercel_plain_syscall
        .hidden tiercel_plain_syscall
        .type   tiercel_plain_syscall, @function
tiercel_plain_syscall:
        .cfi_startproc
        movq    %rdi, %rax
        movq    %rsi, %rdi
        movq    %rdx, %rsi
        movq    %rcx, %rdx
        movq    %r8, %r10
        movq    %r9, %r8
        movq    8(%rsp), %r9
        syscall
        cmpq    $-4095, %rax
        jae     1f
        retq
1:      movq    %rax, %rdi
        jmp     tiercel_set_errno
        .cfi_endproc
        .size   tiercel_plain_syscall, .-tiercel_plain_syscall
        .section .note.GNU-stack,"",@progbits
