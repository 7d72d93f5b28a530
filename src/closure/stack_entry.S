// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Between the thunk and the entry of a closure whose slot goes in front of the arguments in memory (ClosureFrame in
// tiercel/detail/closure_entry.h). The thunk comes by a jump, with the slot in r11:
//
//     here:   return address, arguments in memory
//     entry:  its return address, ClosureFrame{slot, -, -, return address}, arguments in memory
//
// Arguments and results in registers, and the caller's pointer to the result, pass through untouched.
        .text
        .globl  tiercel_closure_stack_entry
        .hidden tiercel_closure_stack_entry
        .type   tiercel_closure_stack_entry, @function
tiercel_closure_stack_entry:
        .cfi_startproc
        subq    $16, %rsp
        .cfi_adjust_cfa_offset 16
        pushq   %r11
        .cfi_adjust_cfa_offset 8
        callq   *(%r11)                 // slot->target
        addq    $24, %rsp
        .cfi_adjust_cfa_offset -24
        retq
        .cfi_endproc
        .size   tiercel_closure_stack_entry, .-tiercel_closure_stack_entry

        .section .note.GNU-stack,"",@progbits
