//! The table of docs/performance.md: a row for each kernel and tile.

use super::Judged;
use std::collections::BTreeMap;
use std::fmt::Display;

/// Markdown; where the permutations of a kernel differ, from the least to the most.
pub fn by_kernel(families: &[&str], answers: &[Vec<Judged>]) -> String {
    let mut rows: BTreeMap<(&str, String), Vec<Vec<&Judged>>> = BTreeMap::new();
    for (family, answer) in answers.iter().enumerate() {
        for judged in answer {
            let columns = rows
                .entry((judged.kernel(), judged.tile().unwrap_or_default()))
                .or_insert_with(|| vec![Vec::new(); families.len()]);
            columns[family].push(judged);
        }
    }
    let heads: String = families
        .iter()
        .map(|family| format!(" {family}: registers | waves | instructions | multiply-adds of the loop |"))
        .collect();
    let rule = "---|".repeat(2 + 4 * families.len());
    let mut text = format!("| kernel | shaders |{heads}\n|{rule}\n");
    for ((kernel, tile), columns) in rows {
        text += &format!("| {} | {} |", [kernel, &tile].join(" ").trim(), columns[0].len());
        for shaders in columns {
            let range = |number: fn(&Judged) -> u64| span(shaders.iter().map(|judged| number(judged)));
            let [registers, waves] = [range(|judged| judged.registers), range(|judged| judged.waves)];
            text +=
                &format!(" {registers} | {waves} | {} | {} |", range(|judged| judged.instructions), share(&shaders));
        }
        text.push('\n');
    }
    text
}

/// The share of multiply-adds in percent, and the fewest and most instructions of the loop.
fn share(shaders: &[&Judged]) -> String {
    let loops: Vec<_> = shaders.iter().filter(|judged| judged.product).filter_map(|judged| judged.hottest).collect();
    if loops.is_empty() {
        return String::new();
    }
    let percent = span(loops.iter().map(|found| (100.0 * found.share()).round() as u64));
    let multiply_adds = span(loops.iter().map(|found| found.multiply_adds));
    format!("{percent} %: {multiply_adds} of {}", span(loops.iter().map(|found| found.instructions)))
}

/// `least` or `least to most`.
fn span<T: Ord + Display + Copy>(numbers: impl Iterator<Item = T>) -> String {
    let mut numbers: Vec<T> = numbers.collect();
    numbers.sort_unstable();
    match numbers[..] {
        [] => String::new(),
        [first, .., last] if first < last => format!("{first} to {last}"),
        [first, ..] => first.to_string(),
    }
}
