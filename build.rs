//! Compiles `proto/` to Rust and a descriptor set with protox: no protoc, no download.

use std::path::PathBuf;
use std::{env, fs};

const FILES: [&str; 9] = [
    "tallystick/v1/admin_service.proto",
    "tallystick/v1/exposure_service.proto",
    "tallystick/v1/member.proto",
    "tallystick/v1/position.proto",
    "tallystick/v1/reporting_service.proto",
    "tallystick/v1/rule_violation.proto",
    "tallystick/v1/statistics_service.proto",
    "tallystick/v1/subject.proto",
    "tallystick/v1/token_service.proto",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for file in FILES {
        println!("cargo:rerun-if-changed=proto/{file}");
    }
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler
        .include_source_info(true)
        .include_imports(true)
        .open_files(FILES)?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("tallystick.bin"), compiler.encode_file_descriptor_set())?;
    tonic_prost_build::configure()
        // Tokens never print: `wire` gives them a Debug that redacts.
        .skip_debug([".tallystick.v1.SubjectToken"])
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
