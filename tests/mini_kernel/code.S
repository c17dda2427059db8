# SPDX-License-Identifier: GPL-3.0-or-later
# The functions that the stacks of kernel.c lead through. Nothing runs them:
# what counts is where their calls return to, and how large their frames are,
# as call frame information says.

	.cfi_sections .debug_frame
	.text

	.macro function name
	.globl	\name
	.type	\name, @function
\name:	.cfi_startproc
	.endm

	.macro finish name
	.cfi_endproc
	.size	\name, . - \name
	.balign	16, 0x90
	.endm


function __switch_to_asm
	ret
finish __switch_to_asm

function __schedule
	sub	$24, %rsp
	.cfi_adjust_cfa_offset 24
	call	__switch_to_asm
.Lswitched:
	add	$24, %rsp
	.cfi_adjust_cfa_offset -24
	ret
finish __schedule

function schedule
	push	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbx, 0
	call	__schedule
.Lscheduled:
	pop	%rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbx
	ret
finish schedule

function worker_thread
	call	schedule
.Lworked:
	ret
finish worker_thread

function kthread
	push	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rbx, 0
	call	worker_thread
.Lthreaded:
	pop	%rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbx
	ret
finish kthread

function ret_from_fork
	.cfi_undefined %rip
	call	kthread
.Lforked:
	nop
finish ret_from_fork

function sysrq_crash
	sub	$8, %rsp
	.cfi_adjust_cfa_offset 8
	.globl	crash_ip
crash_ip = .
	movb	$1, 0
	add	$8, %rsp
	.cfi_adjust_cfa_offset -8
	ret
finish sysrq_crash

function write_sysrq_trigger
	sub	$16, %rsp
	.cfi_adjust_cfa_offset 16
	call	sysrq_crash
.Lwritten:
	add	$16, %rsp
	.cfi_adjust_cfa_offset -16
	ret
finish write_sysrq_trigger

function do_syscall_64
	.cfi_undefined %rip
	call	write_sysrq_trigger
.Lcalled:
	nop
finish do_syscall_64

	.irp name, run_timer_softirq, net_rx_action, process_timeout, hrtimer_wakeup, autoremove_wake_function
function \name
	ret
finish \name
	.endr

function __mutex_lock
	sub	$32, %rsp
	.cfi_adjust_cfa_offset 32
	call	schedule
.Llocked:
	add	$32, %rsp
	.cfi_adjust_cfa_offset -32
	ret
finish __mutex_lock

	.globl	switch_return, schedule_return, worker_return, kthread_return
	.globl	fork_return, write_return, syscall_return, lock_return
	.set	switch_return, .Lswitched
	.set	schedule_return, .Lscheduled
	.set	worker_return, .Lworked
	.set	kthread_return, .Lthreaded
	.set	fork_return, .Lforked
	.set	write_return, .Lwritten
	.set	syscall_return, .Lcalled
	.set	lock_return, .Llocked

	.section .note.GNU-stack, "", @progbits
