// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The trap flag. In assembly because unwinding has to work at every instruction, also between the two that read it.
        .set    kTrapFlag, 0x100
        .text

// bool tiercel_stop_steps(): whether it was set
        .globl  tiercel_stop_steps
        .hidden tiercel_stop_steps
        .type   tiercel_stop_steps, @function
tiercel_stop_steps:
        .cfi_startproc
        pushfq
        .cfi_adjust_cfa_offset 8
        popq    %rax
        .cfi_adjust_cfa_offset -8
        andl    $kTrapFlag, %eax
        jz      1f
        pushfq
        .cfi_adjust_cfa_offset 8
        andq    $~kTrapFlag, (%rsp)
        popfq
        .cfi_adjust_cfa_offset -8
        movl    $1, %eax
1:      retq
        .cfi_endproc
        .size   tiercel_stop_steps, .-tiercel_stop_steps

// void tiercel_resume_steps()
        .globl  tiercel_resume_steps
        .hidden tiercel_resume_steps
        .type   tiercel_resume_steps, @function
tiercel_resume_steps:
        .cfi_startproc
        pushfq
        .cfi_adjust_cfa_offset 8
        orq     $kTrapFlag, (%rsp)
        popfq
        .cfi_adjust_cfa_offset -8
        retq
        .cfi_endproc
        .size   tiercel_resume_steps, .-tiercel_resume_steps
        .section .note.GNU-stack,"",@progbits
