use assay_code::{functions::discover, lift::arm::Arm, load};
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let file = std::fs::read(&path).unwrap();
    let start = std::time::Instant::now();
    let mut program = load::load(&file).unwrap();
    if std::env::var_os("NOUNWIND").is_some() {
        program.unwind_index = None;
        program.frames = None;
        program.frame_index = None;
    }
    for p in &program.problems {
        eprintln!("problem {p:?}");
    }
    let ends = |name: &str| {
        matches!(
            name,
            "exit"
                | "_exit"
                | "abort"
                | "__assert_fail"
                | "__stack_chk_fail"
                | "__libc_start_main"
                | "__libc_start_main@GLIBC_2.34"
                | "longjmp"
                | "_longjmp"
                | "siglongjmp"
                | "__longjmp_chk"
                | "pthread_exit"
                | "err"
                | "errx"
                | "verr"
                | "verrx"
                | "quick_exit"
                | "__fortify_fail"
                | "__chk_fail"
                | "_ZSt17__throw_bad_allocv"
                | "__cxa_throw"
                | "__cxa_rethrow"
                | "_Unwind_Resume"
                | "__cxa_end_cleanup"
                | "_ZSt9terminatev"
                | "__cxa_throw_bad_array_new_length"
                | "_ZSt20__throw_length_errorPKc"
                | "_ZSt19__throw_logic_errorPKc"
                | "_ZSt20__throw_out_of_rangePKc"
                | "_ZSt24__throw_out_of_range_fmtPKcz"
                | "_ZSt16__throw_bad_castv"
                | "_ZSt25__throw_bad_function_callv"
                | "_Exit"
                | "execv_never"
        )
    };
    let code = discover(&program, &Arm, &ends);
    eprintln!("{:?} functions {} instructions {} bytes {}", start.elapsed(), code.functions.len(), code.instructions.len(), code.bytes());
    for f in &code.functions {
        println!(
            "{:#x} {} {} {} {} {}",
            f.entry.address,
            f.entry.mode.0,
            f.found_by.word(),
            f.import.as_deref().unwrap_or("-"),
            f.returns,
            f.name.as_deref().unwrap_or("-")
        );
    }
}
