//! Python's pickles as mere data. A pickle is a program for a stack machine that may call any function of Python; this machine calls
//! none: what would be called is written down with its arguments, and whoever reads the result knows the few names that it understands.
//!
//! The instructions are those of <https://github.com/python/cpython/blob/main/Lib/pickletools.py>, protocols 2 to 5. Each leaves one value
//! at most, and values name each other by number: memory is in proportion to the bytes, however they refer to each other.

use std::collections::HashMap;

/// A value's number.
pub type Id = usize;

/// What a pickle builds.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// What no state dict is made of: None, switches, real numbers, bytes.
    Other,
    /// A whole number.
    Whole(i64),
    /// A text.
    Text(&'a str),
    /// A list, a tuple or a set.
    List(Vec<Id>),
    /// A dict, ordered or not.
    Dict(Vec<(Id, Id)>),
    /// A class or function: its module and its name.
    Class(&'a str, &'a str),
    /// What a call of the first with the second, a list, would give.
    Call(Id, Id),
    /// What lies outside of the pickle under this name.
    Outside(Id),
}

/// A pickle that was read.
pub struct Pickle<'a> {
    values: Vec<Value<'a>>,
    /// The value that it is of.
    pub root: Id,
}

impl<'a> Pickle<'a> {
    /// Reads a pickle.
    ///
    /// # Errors
    /// When it was cut or damaged, or has an instruction that `torch.save` does not write; in words.
    pub fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let mut machine = Machine { bytes, ..Machine::default() };
        loop {
            let at = bytes.len() - machine.bytes.len();
            match machine.step() {
                Ok(None) => {}
                Ok(Some(root)) => return Ok(Self { values: machine.values, root }),
                Err(problem) => return Err(format!("its pickle is damaged at byte {at}: {problem}")),
            }
        }
    }

    /// A value.
    pub fn value(&self, id: Id) -> &Value<'a> {
        &self.values[id]
    }

    /// The values of a list; empty where it is none.
    pub fn list(&self, id: Id) -> &[Id] {
        if let Value::List(list) = self.value(id) { list } else { &[] }
    }

    /// What an object was to be made of; empty where the value is none.
    pub fn arguments(&self, id: Id) -> &[Id] {
        if let Value::Call(_, arguments) = *self.value(id) { self.list(arguments) } else { &[] }
    }

    /// The class of an object, as Python writes it; none where the value is no object.
    pub fn class(&self, id: Id) -> Option<(&'a str, &'a str)> {
        let Value::Call(class, _) = *self.value(id) else { return None };
        if let Value::Class(module, name) = *self.value(class) { Some((module, name)) } else { None }
    }
}

/// The stack machine.
#[derive(Default)]
struct Machine<'a> {
    /// What is not read yet.
    bytes: &'a [u8],
    values: Vec<Value<'a>>,
    stack: Vec<Id>,
    /// Heights of the stack that were marked.
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
}

type Step<T> = Result<T, String>;

impl<'a> Machine<'a> {
    /// Performs one instruction; some value where it is the last one.
    fn step(&mut self) -> Step<Option<Id>> {
        let code = self.take(1)?[0];
        match code {
            b'.' => return self.pop().map(Some),
            0x80 => self.protocol()?,
            // Frames are for readers of streams.
            0x95 => drop(self.take(8)?),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.behind_mark()?),
            b'2' => self.stack.push(self.top()?),
            b'N' | 0x88 | 0x89 => self.push(Value::Other),
            b'G' => self.skip(8)?,
            b'K' => self.whole(1, false)?,
            b'M' => self.whole(2, false)?,
            b'J' => self.whole(4, true)?,
            0x8a => {
                let len = self.number(1)?;
                if len <= 8 { self.whole(len as usize, true)? } else { self.skip(len)? }
            }
            0x8b | b'B' => self.sized(4, false)?,
            b'C' => self.sized(1, false)?,
            0x8e | 0x96 => self.sized(8, false)?,
            b'X' | b'T' => self.sized(4, true)?,
            b'U' | 0x8c => self.sized(1, true)?,
            0x8d => self.sized(8, true)?,
            b']' | b')' | 0x8f => self.push(Value::List(Vec::new())),
            b'}' => self.push(Value::Dict(Vec::new())),
            b'l' | b't' | 0x91 => {
                let items = self.behind_mark()?;
                self.push(Value::List(items));
            }
            0x85..=0x87 => {
                let from = self.height(usize::from(code - 0x84))?;
                let items = self.stack.split_off(from);
                self.push(Value::List(items));
            }
            b'd' => {
                let items = self.behind_mark()?;
                self.push(Value::Dict(pairs(&items)));
            }
            b'a' => {
                let item = self.pop()?;
                self.append(vec![item])?;
            }
            b'e' | 0x90 => {
                let items = self.behind_mark()?;
                self.append(items)?;
            }
            b's' => {
                let from = self.height(2)?;
                let items = self.stack.split_off(from);
                self.put(&items)?;
            }
            b'u' => {
                let items = self.behind_mark()?;
                self.put(&items)?;
            }
            b'q' => self.remember(1)?,
            b'r' => self.remember(4)?,
            0x94 => drop(self.memo.insert(self.memo.len() as u64, self.top()?)),
            b'h' => self.recall(1)?,
            b'j' => self.recall(4)?,
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.push(Value::Class(module, name));
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (Value::Text(module), Value::Text(name)) = (&self.values[module], &self.values[name]) else {
                    return Err("a class has no name".to_owned());
                };
                self.push(Value::Class(module, name));
            }
            b'R' | 0x81 => self.call()?,
            0x92 => {
                let _named = self.pop()?;
                self.call()?;
            }
            // The state of an object, which nobody asks for.
            b'b' => drop(self.pop()?),
            b'Q' => {
                let name = self.pop()?;
                self.push(Value::Outside(name));
            }
            _ => return Err(format!("torch.save does not write the instruction {code:#04x}")),
        }
        Ok(None)
    }

    /// What a call would give. An ordered dict begins empty, and is filled like any other.
    fn call(&mut self) -> Step<()> {
        let (arguments, class) = (self.pop()?, self.pop()?);
        let is_dict = matches!(self.values[class], Value::Class("collections", "OrderedDict"))
            && matches!(&self.values[arguments], Value::List(list) if list.is_empty());
        self.push(if is_dict { Value::Dict(Vec::new()) } else { Value::Call(class, arguments) });
        Ok(())
    }

    /// Puts keys and values into the dict on top; an object of another class keeps none.
    fn put(&mut self, items: &[Id]) -> Step<()> {
        let top = self.top()?;
        if let Value::Dict(dict) = &mut self.values[top] {
            dict.extend(pairs(items));
        }
        Ok(())
    }

    /// Puts values into the list on top; an object of another class keeps none.
    fn append(&mut self, items: Vec<Id>) -> Step<()> {
        let top = self.top()?;
        if let Value::List(list) = &mut self.values[top] {
            list.extend(items);
        }
        Ok(())
    }

    fn protocol(&mut self) -> Step<()> {
        match self.number(1)? {
            2..=5 => Ok(()),
            other => Err(format!("its protocol is {other}, of which torch.save writes 2 to 5")),
        }
    }

    fn push(&mut self, value: Value<'a>) {
        self.stack.push(self.values.len());
        self.values.push(value);
    }

    /// Where the last so many values of the stack begin; none lies before a mark.
    fn height(&self, count: usize) -> Step<usize> {
        let floor = self.marks.last().copied().unwrap_or_default();
        let from = self.stack.len().checked_sub(count).filter(|&from| from >= floor);
        from.ok_or_else(|| "the stack is empty".to_owned())
    }

    fn top(&self) -> Step<Id> {
        Ok(self.stack[self.height(1)?])
    }

    fn pop(&mut self) -> Step<Id> {
        let from = self.height(1)?;
        Ok(self.stack.split_off(from)[0])
    }

    /// What was pushed since the last mark.
    fn behind_mark(&mut self) -> Step<Vec<Id>> {
        let mark = self.marks.pop().ok_or("there is no mark")?;
        Ok(self.stack.split_off(mark))
    }

    fn remember(&mut self, width: usize) -> Step<()> {
        let name = self.number(width)?;
        let top = self.top()?;
        self.memo.insert(name, top);
        Ok(())
    }

    fn recall(&mut self, width: usize) -> Step<()> {
        let name = self.number(width)?;
        let id = self.memo.get(&name).copied().ok_or_else(|| format!("nothing was kept as {name}"))?;
        self.stack.push(id);
        Ok(())
    }

    fn take(&mut self, len: usize) -> Step<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(len).ok_or("it was cut")?;
        self.bytes = rest;
        Ok(taken)
    }

    /// A text of which nothing is kept but that it is there.
    fn skip(&mut self, len: u64) -> Step<()> {
        self.take(usize::try_from(len).unwrap_or(usize::MAX))?;
        self.push(Value::Other);
        Ok(())
    }

    /// A number without a sign, little-endian.
    fn number(&mut self, width: usize) -> Step<u64> {
        Ok(self.take(width)?.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    fn whole(&mut self, width: usize, signed: bool) -> Step<()> {
        let number = self.number(width)? as i64;
        let unused = 64 - 8 * width as u32;
        let extended = number.checked_shl(unused).unwrap_or(0).checked_shr(unused).unwrap_or(0);
        self.push(Value::Whole(if signed { extended } else { number }));
        Ok(())
    }

    /// Bytes or a text behind their length.
    fn sized(&mut self, width: usize, text: bool) -> Step<()> {
        let len = self.number(width)?;
        let bytes = self.take(usize::try_from(len).unwrap_or(usize::MAX))?;
        let text = std::str::from_utf8(bytes).ok().filter(|_| text);
        self.push(text.map_or(Value::Other, Value::Text));
        Ok(())
    }

    fn line(&mut self) -> Step<&'a str> {
        let len = self.bytes.iter().position(|&byte| byte == b'\n').ok_or("it was cut")?;
        let line = std::str::from_utf8(self.take(len)?).map_err(|_| "a class has no name")?;
        self.take(1)?;
        Ok(line)
    }
}

/// Keys and values that follow each other.
fn pairs(items: &[Id]) -> Vec<(Id, Id)> {
    items.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}
