// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// void tiercel_call_on_stack(void (*function)(void*) /*rdi*/, void* argument /*rsi*/, void* top /*rdx*/)
// The frame pointer keeps the way back, and the CFI says so: debuggers and profilers unwind through the
// switch into the program's own frames. The stack pointer before the switch is on top of the stack (Stack::At).
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
        pushq   %rbp
        andq    $-16, %rsp
        movq    %rdi, %rax
        movq    %rsi, %rdi
        callq   *%rax
        movq    %rbp, %rsp
        popq    %rbp
        .cfi_restore %rbp
        .cfi_def_cfa %rsp, 8
        retq
        .cfi_endproc
        .size   tiercel_call_on_stack, .-tiercel_call_on_stack

// StackPlace* tiercel_take_stack()
// Takes the first stack that is free from the list of stack.cpp, or makes one and puts it on the list. Returns
// -errno if the system has no memory. In assembly because who needs a stack has none for C++: it uses nothing but
// its return address, and only registers that calls and system calls may change. A StackPlace (stack.cpp) lies at the
// upper end of its stack: a byte that says that it is taken, at 8 the next in the list, at 16 the thread that has it.
        .set    kStackBytes, 64 << 20
        .set    kPlaceBytes, 32
        .globl  tiercel_take_stack
        .hidden tiercel_take_stack
        .type   tiercel_take_stack, @function
tiercel_take_stack:
        .cfi_startproc
        movq    tiercel_stack_places(%rip), %rax
1:      testq   %rax, %rax
        jz      3f
        cmpb    $0, (%rax)
        jne     2f
        movl    $1, %ecx
        xchgb   %cl, (%rax)
        testb   %cl, %cl
        jnz     2f
        movq    %fs:0, %rcx             // pthread_self()
        movq    %rcx, 16(%rax)
        retq
2:      movq    8(%rax), %rax
        jmp     1b

3:      movl    $9, %eax                // mmap
        xorl    %edi, %edi
        movl    $kStackBytes, %esi
        movl    $3, %edx                // PROT_READ | PROT_WRITE
        movl    $0x24022, %r10d         // MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK
        movq    $-1, %r8
        xorl    %r9d, %r9d
        syscall
        testq   %rax, %rax
        js      5f
        movq    %rax, %r8
        movq    %rax, %rdi
        movl    $4096, %esi
        xorl    %edx, %edx              // PROT_NONE
        movl    $10, %eax               // mprotect
        syscall
        leaq    kStackBytes - kPlaceBytes(%r8), %rdx
        movb    $1, (%rdx)
        movq    %fs:0, %rcx
        movq    %rcx, 16(%rdx)
        movq    tiercel_stack_places(%rip), %rax
4:      movq    %rax, 8(%rdx)
        lock cmpxchgq %rdx, tiercel_stack_places(%rip)
        jne     4b
        movq    %rdx, %rax
5:      retq
        .cfi_endproc
        .size   tiercel_take_stack, .-tiercel_take_stack
        .section .note.GNU-stack,"",@progbits
