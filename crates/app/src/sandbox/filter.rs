//! The system calls that a child may make: an allow-list for seccomp.
//!
//! What is not listed answers `EPERM` instead of ending the process: a parser has no business with it, and a test can see the denial.
//! `clone3` hides its flags behind a pointer that seccomp cannot follow, so it answers `ENOSYS`; the C library then uses `clone`, whose
//! flags are in a register and must say "thread".

use std::collections::BTreeMap;

use seccompiler::{BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch};

/// Allowed whatever their arguments: they act on memory, threads, time and descriptors that are already open.
const ALLOWED: &[libc::c_long] = &[
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_pwrite64,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_close,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_clone3, // Reaches the other filter, which answers ENOSYS.
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_sigaltstack,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_restart_syscall,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_getpid,
    libc::SYS_gettid,
];

/// What fails while the filter is made or installed.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

fn when(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompCondition, Failure> {
    Ok(SeccompCondition::new(argument, SeccompCmpArgLen::Qword, operator, value)?)
}

fn rules() -> Result<BTreeMap<i64, Vec<SeccompRule>>, Failure> {
    use SeccompCmpOp::{Eq, MaskedEq};
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = ALLOWED.iter().map(|call| (*call, Vec::new())).collect();
    let mut allow = |call: libc::c_long, conditions: Vec<SeccompCondition>| -> Result<(), Failure> {
        rules.entry(call).or_default().push(SeccompRule::new(conditions)?);
        Ok(())
    };
    // No page that can be executed is ever made.
    let executable = libc::PROT_EXEC as u64;
    allow(libc::SYS_mmap, vec![when(2, MaskedEq(executable), 0)?])?;
    allow(libc::SYS_mprotect, vec![when(2, MaskedEq(executable), 0)?])?;
    // Threads, no processes.
    let thread = libc::CLONE_THREAD as u64;
    allow(libc::SYS_clone, vec![when(0, MaskedEq(thread), thread)?])?;
    // Names of threads and of memory areas.
    allow(libc::SYS_prctl, vec![when(0, Eq, libc::PR_SET_NAME as u64)?])?;
    allow(libc::SYS_prctl, vec![when(0, Eq, libc::PR_SET_VMA as u64)?])?;
    // `abort` signals its own process.
    allow(libc::SYS_tgkill, vec![when(0, Eq, u64::from(std::process::id()))?])?;
    // Reading flags of a descriptor, and its own limits.
    allow(libc::SYS_fcntl, vec![when(1, Eq, libc::F_GETFD as u64)?])?;
    allow(libc::SYS_fcntl, vec![when(1, Eq, libc::F_GETFL as u64)?])?;
    allow(libc::SYS_prlimit64, vec![when(0, Eq, 0)?, when(2, Eq, 0)?])?;
    Ok(rules)
}

/// Installs the filter on all threads of this process, for good.
pub fn install() -> Result<(), Failure> {
    let processor: TargetArch = std::env::consts::ARCH.try_into()?;
    // Of two filters that both deny, the one installed last gives the error number; so the list allows what this one answers.
    let absent = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let absent = SeccompFilter::new(absent, SeccompAction::Allow, SeccompAction::Errno(libc::ENOSYS as u32), processor)?;
    let listed = SeccompFilter::new(rules()?, SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow, processor)?;
    let (absent, listed): (BpfProgram, BpfProgram) = (absent.try_into()?, listed.try_into()?);
    seccompiler::apply_filter_all_threads(&absent)?;
    seccompiler::apply_filter_all_threads(&listed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_dangerous_is_listed() {
        let rules = rules().unwrap();
        let dangerous = [
            libc::SYS_openat,
            libc::SYS_openat2,
            libc::SYS_socket,
            libc::SYS_connect,
            libc::SYS_sendmsg,
            libc::SYS_execve,
            libc::SYS_execveat,
            libc::SYS_kill,
            libc::SYS_tkill,
            libc::SYS_ptrace,
            libc::SYS_process_vm_readv,
            libc::SYS_process_vm_writev,
            libc::SYS_bpf,
            libc::SYS_io_uring_setup,
            libc::SYS_io_uring_enter,
            libc::SYS_userfaultfd,
            libc::SYS_perf_event_open,
            libc::SYS_mount,
            libc::SYS_unshare,
            libc::SYS_setns,
            libc::SYS_keyctl,
            libc::SYS_add_key,
            libc::SYS_memfd_create,
            libc::SYS_pidfd_open,
            libc::SYS_pidfd_getfd,
            libc::SYS_ioctl,
            libc::SYS_shmat,
            libc::SYS_pkey_mprotect,
            libc::SYS_seccomp,
            libc::SYS_dup,
            libc::SYS_chroot,
        ];
        for call in dangerous {
            assert!(!rules.contains_key(&call), "system call {call}");
        }
        for guarded in [libc::SYS_mmap, libc::SYS_mprotect, libc::SYS_clone, libc::SYS_prctl, libc::SYS_tgkill, libc::SYS_fcntl] {
            assert!(rules[&guarded].iter().all(|rule| !format!("{rule:?}").contains("conditions: []")) && !rules[&guarded].is_empty());
        }
    }
}
