//! Kernels judged by the compiler of real cards, without the cards: RADV, Mesa's driver for AMD, compiles for any of them. It is asked
//! for registers, spills and machine code of every shader that the presets' training steps dispatch.
//!
//! `dev/kernel-stats` prints the table; docs/performance.md keeps it.

mod code;
mod driver;
mod steps;
mod table;

use code::Loop;
use driver::{Code, Driver};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::Command;

/// RDNA 2 and GCN 5.
const FAMILIES: [&str; 2] = ["navi21", "vega10"];
/// Names the file that the child writes its answer to.
const ANSWER: &str = "WGPU_SIMVAE_RADV_ANSWER";

/// The least share of multiply-adds in the inner loop of a product: the kernel, the elements of its tile that an invocation computes (and the
/// team, where it is small), and the share on either family. The loop is that of a slab: what loads and stages it counts. They are what the kernels
/// reach with Mesa 22.3.6, less a little for other versions.
const LEAST_SHARE: [(&str, &str, [f64; 2]); 23] = [
    ("linear/matmul", "8x8", [0.79, 0.78]),
    ("linear/matmul", "4x8", [0.73, 0.71]),
    ("linear/matmul", "4x4", [0.57, 0.56]),
    ("linear/gradients", "8x8", [0.78, 0.77]),
    ("linear/gradients", "4x8", [0.70, 0.69]),
    ("linear/gradients", "4x4", [0.57, 0.56]),
    ("conv/correlate", "8x8", [0.57, 0.56]),
    ("conv/correlate", "4x8", [0.45, 0.44]),
    ("conv/correlate", "4x4", [0.41, 0.41]),
    ("conv/transposed", "8x8", [0.55, 0.55]),
    ("conv/transposed", "4x8", [0.40, 0.40]),
    ("conv/transposed", "4x4", [0.23, 0.22]),
    ("conv/weight_gradient", "8x8", [0.61, 0.60]),
    ("conv/weight_gradient", "4x8", [0.47, 0.46]),
    ("conv/weight_gradient", "4x4", [0.40, 0.40]),
    ("winograd/products", "8x8", [0.80, 0.79]),
    ("winograd/products", "4x8", [0.73, 0.71]),
    ("winograd/products", "4x4", [0.64, 0.62]),
    // Teams of 32, each invocation of which loads more of a slab.
    ("linear/matmul", "4x4 of 32", [0.50, 0.49]),
    ("linear/gradients", "4x4 of 32", [0.46, 0.45]),
    ("conv/weight_gradient", "4x4 of 32", [0.32, 0.32]),
    ("conv/correlate", "4x4 of 32", [0.38, 0.38]),
    ("winograd/products", "4x4 of 32", [0.61, 0.59]),
];

/// What the driver says of a shader.
#[derive(Debug, Serialize, Deserialize)]
struct Judged {
    label: String,
    /// Whether it is a matrix product.
    product: bool,
    registers: u64,
    /// Registers of both kinds that went to memory.
    spills: u64,
    /// Bytes of private memory for an invocation.
    scratch: u64,
    /// Groups of invocations that a vector unit holds at a time.
    waves: u64,
    instructions: u64,
    hottest: Option<Loop>,
}

impl Judged {
    /// The kernel without its permutation.
    fn kernel(&self) -> &str {
        self.label.split('.').next().unwrap_or_default()
    }

    /// The number of a constant of its permutation.
    fn constant(&self, name: &str) -> Option<u32> {
        self.label.split('.').find_map(|part| part.strip_prefix(name)?.parse().ok())
    }

    /// Rows and columns of an invocation of a product's tile.
    fn elements(&self) -> Option<[u32; 2]> {
        Some([self.constant("tall")?, self.constant("wide")?].map(|more| 4 * (1 + more)))
    }

    /// The loop of a product: the elements of an invocation, and the invocations of a team where those are few.
    fn loop_of(&self) -> Option<String> {
        let [rows, columns] = self.elements()?;
        let team = self.constant("down")? * self.constant("across")?;
        Some(if team < 64 { format!("{rows}x{columns} of {team}") } else { format!("{rows}x{columns}") })
    }

    /// A product's tile: its sides, and how many teams share the depth.
    fn tile(&self) -> Option<String> {
        let [rows, columns] = self.elements()?;
        let [height, width] = [self.constant("down")? * rows, self.constant("across")? * columns];
        Some(match self.constant("split")? {
            1 => format!("{height}x{width}"),
            teams => format!("{height}x{width} by {teams}"),
        })
    }
}

/// The driver's file for the Vulkan loader.
fn icd() -> PathBuf {
    let folders = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"];
    let files = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let mut found = files
        .map(|file| file.path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("radeon_icd")));
    found.next().expect(
        "Mesa's driver for AMD cards, radeon_icd.*.json, is not installed: apt-get install mesa-vulkan-drivers, or set \
         WGPU_SIMVAE_SKIP_GPU_TESTS=1; no card is needed",
    )
}

/// Asks the driver in a process of its own, since the loader reads the environment once.
fn ask(family: &str) -> Vec<Judged> {
    let (icd, folder) = (icd(), tempfile::tempdir().expect("a folder"));
    let answer = folder.path().join("answer.json");
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "radv::in_a_process_of_its_own", "--nocapture"])
        .env("RADV_FORCE_FAMILY", family)
        .env("VK_DRIVER_FILES", &icd)
        .env("VK_ICD_FILENAMES", &icd)
        .env(ANSWER, &answer)
        .output()
        .expect("the child runs");
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{family}: {}", String::from_utf8_lossy(&said));
    serde_json::from_slice(&std::fs::read(&answer).expect("an answer")).expect("the child's JSON")
}

/// The child of [`ask`]; without a question there is nothing to do.
#[test]
fn in_a_process_of_its_own() {
    let Some(answer) = std::env::var_os(ANSWER) else { return };
    let driver = Driver::open();
    assert!(driver.name.to_lowercase().contains("radv"), "another driver: {}", driver.name);
    let judged: Vec<Judged> = steps::shaders()
        .into_iter()
        .map(|(label, (shader, product))| {
            let compiled = driver.compile(&shader);
            let number = |name: &str| match compiled.statistics.get(name) {
                Some(number) => *number,
                None => panic!("{label}: the driver has no statistic `{name}` but {:?}", compiled.statistics),
            };
            let assembly = match &compiled.code {
                Code::Text(text) => text,
                Code::Cache(data) => panic!("{label}: the driver shows no machine code, but {} bytes", data.len()),
            };
            let hottest = Loop::hottest(assembly);
            assert!(!product || hottest.is_some(), "{label}: no loop in {assembly}");
            Judged {
                product,
                registers: number("VGPRs"),
                spills: number("Spilled VGPRs") + number("Spilled SGPRs"),
                scratch: number("Scratch size"),
                waves: number("Subgroups per SIMD"),
                instructions: number("Instructions"),
                hottest,
                label,
            }
        })
        .collect();
    std::fs::write(Path::new(&answer), serde_json::to_vec(&judged).expect("JSON")).expect("the answer is written");
}

#[test]
fn no_kernel_of_the_presets_spills_and_products_multiply() {
    if std::env::var_os("WGPU_SIMVAE_SKIP_GPU_TESTS").is_some() {
        println!("WGPU_SIMVAE_SKIP_GPU_TESTS is set: not asked");
        return;
    }
    let answers = FAMILIES.map(ask);
    println!("{}", table::by_kernel(&FAMILIES, &answers));
    let mut wrong = Vec::new();
    for (family, (name, answer)) in FAMILIES.iter().zip(&answers).enumerate() {
        assert!(answer.len() > 80, "{name}: {} shaders", answer.len());
        for judged in answer {
            let Judged { label, spills, scratch, .. } = judged;
            if (*spills, *scratch) != (0, 0) {
                wrong.push(format!("{name}: {label} spills {spills} registers, {scratch} bytes of private memory"));
            }
            let Some(hottest) = judged.hottest.filter(|_| judged.product) else { continue };
            let elements = judged.loop_of().unwrap_or_default();
            let bound = LEAST_SHARE.iter().find(|(kernel, of, _)| judged.kernel() == *kernel && elements == *of);
            match bound.map(|(.., least)| least[family]) {
                Some(least) if hottest.share() >= least => {}
                Some(least) => wrong.push(format!("{name}: {label}: {:.3} < {least}: {hottest:?}", hottest.share())),
                None => wrong.push(format!("{name}: {label}: a product without a bound, {hottest:?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
