//! `gradcheck --browser`: every kernel of the registry in a browser that is sent to the address, and what else may be sent there.

use super::driver::script;
use crate::common::ends::{assert_ends, simvae};
use crate::common::folders::assert_words;
use crate::common::served::Served;
use serde_json::Value;
use std::io::Write;
use wgpu_simvae::check::KernelCases;
use wgpu_simvae::kernels::registry::examples;

#[test]
fn every_kernel_agrees_with_its_twin_in_a_browser_by_the_command() {
    if std::env::var_os("WGPU_SIMVAE_SKIP_GPU_TESTS").is_some() {
        return;
    }
    let served = Served::start(&["gradcheck", "--browser"]);
    let told = script("tests/browser/open.mjs", &[served.address.as_ref()]);
    let seen: Value = serde_json::from_str(&told).expect("a line of JSON");
    assert_words(seen["sentence"].as_str().unwrap_or_default(), &["Done", "the command"]);
    assert_eq!(seen["console"], Value::Array(Vec::new()), "nothing to complain of");
    let output = served.end();
    let table = String::from_utf8_lossy(&output.stdout);
    println!("{table}");
    let families = KernelCases::new(examples(), 0).families();
    assert_ends(&output, 0, &["swiftshader, strip", &format!("{} passed, 0 failed, 0 skipped", families.len())]);
    families.keys().for_each(|name| assert!(table.contains(name.as_str()), "{name} is missing"));
}

/// What is not the page's is refused, and the command waits on; what the page says ends it.
#[test]
fn bad_answers_are_refused_and_the_wait_goes_on() {
    let served = Served::start(&["gradcheck", "--browser"]);
    let path = served.parts().1.to_owned();
    let post = |to: &str, length: usize, body: &str| {
        served.ask(&format!("POST {to} HTTP/1.1\r\nHost: HOST\r\nContent-Length: {length}\r\n\r\n{body}"))
    };
    let get = |path: &str| served.ask(&format!("GET {path} HTTP/1.1\r\nHost: HOST\r\n\r\n"));
    assert_words(&get(&path), &["200 OK", "text/html", "Content-Security-Policy", "default-src 'none'"]);
    assert_words(&get(&format!("{path}check.js")), &["200 OK", "text/javascript"]);
    // Who does not know the token sees and says nothing.
    for other in ["/", "/end", "/check.js", "/plan.json", &format!("/{}/plan.json", "0".repeat(32))] {
        assert_words(&get(other), &["404"]);
        assert_words(&post(other, 2, "{}"), &["405"]);
    }
    let [memory, end, progress] = ["memory.safetensors", "end", "progress"].map(|name| format!("{path}{name}"));
    assert_words(&post(&format!("{path}plan.json"), 2, "{}"), &["405"]);
    assert_words(&post(&memory, 4_000_000_000, ""), &["413", "there is room for"]);
    assert_words(&post(&progress, 70_000, ""), &["413"]);
    assert_words(&post(&memory, 1000, "cut off"), &["400", "7 bytes came of 1000"]);
    assert_words(&post(&memory, 7, "nothing"), &["400", "memory.safetensors", "not whole"]);
    assert_words(&served.ask(&format!("POST {end} HTTP/1.1\r\nHost: HOST\r\n\r\n")), &["411"]);
    assert_words(&served.ask(&format!("POST {end} HTTP/1.1\r\nHost: HOST\r\nContent-Length: -1\r\n\r\n")), &["411"]);
    for bad in ["", "{", "[]", r#"{"adapter":1}"#, r#"{"error":"x","more":1}"#] {
        assert_words(&post(&end, bad.len(), bad), &["400", "not what the page sends"]);
        assert_words(&post(&progress, bad.len(), bad), &["400"]);
    }
    let early = r#"{"adapter":"a card","loop":"tile","refused":{}}"#;
    assert_words(&post(&end, early.len(), early), &["400", "to be sent first"]);
    let step = r#"{"done":0,"of":2,"now":"linear/\u001b[31mmatmul"}"#;
    assert_words(&post(&progress, step.len(), step), &["200 OK"]);
    // A connection that says nothing holds nobody up.
    let idle = served.connect();
    served.connect().write_all(b"POST ").expect("it listens");

    let error = r#"{"error":"this browser offers no WebGPU"}"#;
    assert_words(&post(&end, error.len(), error), &["200 OK"]);
    let output = served.end();
    assert_ends(&output, 1, &["the browser: this browser offers no WebGPU", "0 of 2 shader files"]);
    assert!(!String::from_utf8_lossy(&output.stderr).contains('\u{1b}'), "what is sent does not steer a terminal");
    drop(idle);
}

#[test]
fn it_is_alone_on_its_command_line() {
    for more in [&["--device", "cpu"][..], &["--full"], &["--golden", "tests/golden"], &["--set", "batch=3"]] {
        assert_ends(
            &simvae(&[&["gradcheck", "--browser"], more].concat()),
            2,
            &[if more[0] == "--set" { "settings" } else { more[0] }],
        );
    }
    assert_ends(&simvae(&["gradcheck", "--open"]), 2, &["--browser"]);
}
