// Where an element of the right operand lies, and whether it exists; if not, it is another that does.
struct Spot {
    element: u32,
    exists: bool,
}
