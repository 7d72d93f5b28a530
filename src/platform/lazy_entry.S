// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where a call to a function without code arrives (see codemem/function_table.h):
//
//     stub:   jmp  *cell            cell holds the address of the next instruction until there is code
//     lazy:   push $id
//             jmp  pad              pad: push engine ; jmp tiercel_lazy_entry
//
// The callee does not exist yet, so nothing may be assumed about where its arguments are: every register that
// any calling convention passes arguments in, or expects preserved, is saved around the engine's work. That is
// all caller-saved integer registers (r11 too, which PLT code may change by the psABI, section 3.2.1, but
// regcall and preserve_none use) and the vector state, by XSAVE, with the components chosen at start-up
// (platform/lazy_entry.h).
// Callee-saved registers are saved by the C++ side as by any function.
        .text
        .globl  tiercel_lazy_entry
        .hidden tiercel_lazy_entry
        .type   tiercel_lazy_entry, @function
tiercel_lazy_entry:
        .cfi_startproc
        .cfi_def_cfa_offset 24          // the engine, the id, above them the program's return address
        pushq   %rbp
        .cfi_def_cfa_offset 32
        .cfi_offset %rbp, -32
        movq    %rsp, %rbp
        .cfi_def_cfa_register %rbp
        pushq   %rax
        pushq   %rcx
        pushq   %rdx
        pushq   %rsi
        pushq   %rdi
        pushq   %r8
        pushq   %r9
        pushq   %r10
        pushq   %r11
        subq    tiercel_xsave_size(%rip), %rsp
        andq    $-64, %rsp
        // XRSTOR faults on garbage in the 64-byte header at offset 512, and XSAVE writes only part of it.
        xorl    %eax, %eax
        movq    %rax, 512(%rsp)
        movq    %rax, 520(%rsp)
        movq    %rax, 528(%rsp)
        movq    %rax, 536(%rsp)
        movq    %rax, 544(%rsp)
        movq    %rax, 552(%rsp)
        movq    %rax, 560(%rsp)
        movq    %rax, 568(%rsp)
        movl    tiercel_xsave_mask(%rip), %eax
        xorl    %edx, %edx
        xsave64 (%rsp)
        cld
        movq    8(%rbp), %rdi           // engine
        movl    16(%rbp), %esi          // function id
        movq    24(%rbp), %rdx          // the program's return address: tells who called
        callq   tiercel_first_call
        movq    %rax, 16(%rbp)          // in the id's place: where to go on
        movl    tiercel_xsave_mask(%rip), %eax
        xorl    %edx, %edx
        xrstor64 (%rsp)
        leaq    -72(%rbp), %rsp
        popq    %r11
        popq    %r10
        popq    %r9
        popq    %r8
        popq    %rdi
        popq    %rsi
        popq    %rdx
        popq    %rcx
        popq    %rax
        popq    %rbp
        .cfi_def_cfa %rsp, 24
        leaq    8(%rsp), %rsp           // drop the engine; lea keeps the flags
        .cfi_def_cfa_offset 16
        retq                            // to the code, with the program's return address on top
        .cfi_endproc
        .size   tiercel_lazy_entry, .-tiercel_lazy_entry
        .section .note.GNU-stack,"",@progbits
