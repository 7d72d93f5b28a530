// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// void tiercel_call_on_stack(void (*function)(void*) /*rdi*/, void* argument /*rsi*/, void* top /*rdx*/)
// The frame pointer keeps the way back, and the CFI says so: debuggers and profilers unwind through the
// switch into the program's own frames.
        .text
        .globl  tiercel_call_on_stack
        .hidden tiercel_call_on_stack
        .type   tiercel_call_on_stack, @function
tiercel_call_on_stack:
        .cfi_startproc
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        movq    %rsp, %rbp
        .cfi_def_cfa_register %rbp
        movq    %rdx, %rsp
        andq    $-16, %rsp
        movq    %rdi, %rax
        movq    %rsi, %rdi
        callq   *%rax
        movq    %rbp, %rsp
        popq    %rbp
        .cfi_def_cfa %rsp, 8
        retq
        .cfi_endproc
        .size   tiercel_call_on_stack, .-tiercel_call_on_stack
        .section .note.GNU-stack,"",@progbits
