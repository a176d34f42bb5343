//! What the commands print, word for word: `tests/cmd/*.trycmd`. `TRYCMD=overwrite cargo test` writes it anew.

#[test]
fn commands_print_what_is_recorded() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd");
}
