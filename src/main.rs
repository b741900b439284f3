//! Arguments in, exit code out.

fn main() -> std::process::ExitCode {
    ecss_crm_server::cli::main()
}
