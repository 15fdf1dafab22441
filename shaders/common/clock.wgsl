// The clock: what changes from step to step, kept on the device. Word indices of its eight words.
const STEP: u32 = 0u;         // steps begun so far; 1 during the first
const EPOCH: u32 = 1u;        // epoch of this step's first image
const CURSOR: u32 = 2u;       // position of this step's first image within that epoch
const NEXT_EPOCH: u32 = 3u;
const NEXT_CURSOR: u32 = 4u;
const SEED: u32 = 5u;         // two words

// The learning rate and Adam's bias corrections of this step. Indices into `rates`.
const LEARNING_RATE: u32 = 0u;
const CORRECTION1: u32 = 1u;  // 1 / (1 - beta1^step)
const CORRECTION2: u32 = 2u;  // 1 / sqrt(1 - beta2^step)
