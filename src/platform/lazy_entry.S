// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where compiled code comes into the engine: calls to functions without code (see codemem/function_table.h)
//
//     stub:   jmp  *cell            cell holds the address of the next instruction until there is code
//     lazy:   push $id
//             jmp  pad              pad: push engine ; jmp tiercel_lazy_entry
//
// and counters that ran out, which are calls in compiled code: tiercel_trip_entry.
//
// The program may have little stack left, and may recover from its end by siglongjmp, in a handler of SIGSEGV
// on an alternate stack. So an entry goes to a stack of the engine's (platform/stack.h) before any C++
// runs, in this order:
//   1. It pushes all that it will need on the program's stack, so that what does not fit faults here, where
//      nothing has happened yet and SIGSEGV can be delivered: kEntryStackBytes (platform/lazy_entry.h). If the program
//      runs in single steps that ends here: the kernel kills who gets a SIGTRAP of such a step blocked.
//   2. It blocks all signals: no handler of the program's runs on the engine's stack or leaves it by a jump, and
//      a trip that has begun is noted. By system call, as libc's function needs stack.
//   3. It takes an engine's stack and goes there. If the system has no memory for one the work is done on the
//      program's, and mostly fails with that message.
// On the way back signals are let in when the stack has been left and given back, and single steps go on. A thread that is on an
// engine's stack already, because program code was called from there, takes another.
//
// The frame pointer is the way back, and the CFI says so: unwinders go through the switch.
//
// The callee of a first call does not exist yet, so nothing may be assumed about where its arguments are: every
// register that any calling convention passes arguments in, or expects preserved, is saved around the engine's
// work. That is all caller-saved integer registers (r11 too, which PLT code may change by the psABI, section
// 3.2.1, but regcall and preserve_none use) and, on the engine's stack, the vector state, by XSAVE, with the
// components chosen at start-up (platform/lazy_entry.h).
// Callee-saved registers are saved by the C++ side as by any function.

        .set    kSetMask, 2
        .set    kSigprocmask, 14
        .set    kTrapFlag, 0x100

        .section .rodata
        .balign 8
tiercel_all_signals:
        // Not 33 (bit 32), by which libc has all threads change their user: who changes it waits for each.
        .quad   ~(1 << 32)
        .text

// If `flags`, where the flags are, have the trap flag, clears or sets that one of the processor.
.macro  STOP_STEPS flags
        testl   $kTrapFlag, \flags
        jz      1f
        pushfq
        andq    $~kTrapFlag, (%rsp)
        popfq
1:
.endm
.macro  RESUME_STEPS flags
        testl   $kTrapFlag, \flags
        jz      1f
        pushfq
        orq     $kTrapFlag, (%rsp)
        popfq
1:
.endm

// Blocks signals, with what was blocked in `mask`(%rbp); takes a stack, noted in `place`(%rbp); goes there, with
// the program's stack pointer on top (Stack::At). Clobbers what system calls and calls do.
.macro  ENTER_ENGINE mask, place
        movq    $0, -8(%rsp)            // touched now, for the call below
        movl    $kSigprocmask, %eax
        movl    $kSetMask, %edi
        leaq    tiercel_all_signals(%rip), %rsi
        leaq    \mask(%rbp), %rdx
        movl    $8, %r10d
        syscall
        callq   tiercel_take_stack
        movq    %rsp, %rdx
        testq   %rax, %rax
        js      1f                      // -errno
        movq    %rax, \place(%rbp)
        movq    %rax, %rsp
1:      pushq   %rdx
.endm

// The reverse; `last` is the lowest place in use below the frame pointer.
.macro  LEAVE_ENGINE mask, place, last
        leaq    \last(%rbp), %rsp
        movq    \place(%rbp), %rax
        testq   %rax, %rax
        jz      1f
        movb    $0, (%rax)              // StackPlace::taken; stores are in order
1:      movl    $kSigprocmask, %eax
        movl    $kSetMask, %edi
        leaq    \mask(%rbp), %rsi
        xorl    %edx, %edx
        movl    $8, %r10d
        syscall
.endm

.macro  SAVE_INTEGERS
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
.endm

.macro  RESTORE_INTEGERS
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
        .cfi_restore %rbp
        .cfi_def_cfa %rsp, 24
.endm

// With the program's return address on top. Not by a return: those have to be paired with calls, for shadow stacks
// and for branch prediction. What lies just below the stack pointer is safe from signals (psABI, 3.2.2).
.macro  JUMP_TO_CODE
        leaq    16(%rsp), %rsp          // drop the engine and the id's place; lea keeps the flags
        .cfi_def_cfa_offset 8
        jmpq    *-8(%rsp)
.endm

.macro  SAVE_VECTORS
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
.endm

.macro  RESTORE_VECTORS
        movl    tiercel_xsave_mask(%rip), %eax
        xorl    %edx, %edx
        xrstor64 (%rsp)
.endm

        .globl  tiercel_lazy_entry
        .hidden tiercel_lazy_entry
        .type   tiercel_lazy_entry, @function
tiercel_lazy_entry:
        .cfi_startproc
        .cfi_def_cfa_offset 24          // the engine, the id, above them the program's return address
        SAVE_INTEGERS
        pushfq
        popq    %rax
        movl    %eax, 20(%rbp)          // the upper half of the id's place: the flags
        STOP_STEPS %eax
        pushq   $0                      // -80: the signals that were blocked
        pushq   $0                      // -88: the stack, or 0
        pushq   $0                      // -96: where to go on
        ENTER_ENGINE -80, -88
        SAVE_VECTORS
        movq    8(%rbp), %rdi           // engine
        movl    16(%rbp), %esi          // function id
        movq    24(%rbp), %rdx          // the program's return address: tells who called
        leaq    24(%rbp), %rcx          // its stack pointer
        callq   tiercel_first_call
        movq    %rax, -96(%rbp)
        RESTORE_VECTORS
        LEAVE_ENGINE -80, -88, -96
        movq    -96(%rbp), %rax
        testq   %rax, %rax
        jz      .Lwith_program_stack
        movq    $0, -96(%rbp)           // scans would find it in what is left of this
        movl    20(%rbp), %ecx
        movq    %rax, 16(%rbp)          // in the id's place
        RESUME_STEPS %ecx
        .cfi_remember_state
        RESTORE_INTEGERS
        JUMP_TO_CODE

        // Answered by code of the program's or the host's, which runs where the program is, with its signals.
.Lwith_program_stack:
        .cfi_restore_state
        leaq    -72(%rbp), %rsp
        SAVE_VECTORS
        movq    8(%rbp), %rdi           // engine
        movl    16(%rbp), %esi          // function id
        movq    24(%rbp), %rdx          // the program's return address
        callq   tiercel_first_call_outside
        movl    20(%rbp), %ecx
        movq    %rax, 16(%rbp)
        RESTORE_VECTORS
        RESUME_STEPS %ecx
        RESTORE_INTEGERS
        JUMP_TO_CODE
        .cfi_endproc
        .size   tiercel_lazy_entry, .-tiercel_lazy_entry

// void* tiercel_trip_entry(uint32_t idAndKind, uint32_t header, uint32_t epoch, void* engine)
        .globl  tiercel_trip_entry
        .hidden tiercel_trip_entry
        .type   tiercel_trip_entry, @function
tiercel_trip_entry:
        .cfi_startproc
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        movq    %rsp, %rbp
        .cfi_def_cfa_register %rbp
        pushq   %rdi
        pushq   %rsi
        pushq   %rdx
        pushq   %rcx
        pushfq                          // -40
        STOP_STEPS (%rsp)
        pushq   $0                      // -48: the signals that were blocked
        pushq   $0                      // -56: the stack, or 0
        ENTER_ENGINE -48, -56
        andq    $-16, %rsp
        movq    -8(%rbp), %rdi
        movq    -16(%rbp), %rsi
        movq    -24(%rbp), %rdx
        movq    -32(%rbp), %rcx
        callq   tiercel_counter_tripped
        movq    %rax, -8(%rbp)
        LEAVE_ENGINE -48, -56, -56
        movq    -8(%rbp), %rax
        movq    $0, -8(%rbp)            // as above
        RESUME_STEPS -40(%rbp)
        movq    %rbp, %rsp
        popq    %rbp
        .cfi_restore %rbp
        .cfi_def_cfa %rsp, 8
        retq
        .cfi_endproc
        .size   tiercel_trip_entry, .-tiercel_trip_entry
        .section .note.GNU-stack,"",@progbits
