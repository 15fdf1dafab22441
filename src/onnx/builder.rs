//! A graph that is built node by node, from the tensors of a recorded plan.

use super::error::OnnxError;
use super::proto::{
    ATTRIBUTE_FLOAT, ATTRIBUTE_INT, ATTRIBUTE_INTS, Attribute, Dimension, Extent, FLOAT, Graph, INT64, Node,
    Tensor as Constant, TensorShape, TensorType, Type, ValueInfo,
};
use crate::nn::{ParamMemory, ParamSpec, Params};
use crate::plan::{Place, Tensor};
use std::collections::{HashMap, HashSet};

/// The name of the dimension that every input and output begins with: as many images as one likes.
const ROWS: &str = "rows";

/// A value of the graph, as the plan's tensor that holds it is seen: its dimensions without the rows.
#[derive(Clone, Debug)]
struct Value {
    name: String,
    dims: Vec<usize>,
}

/// The numbers of the networks' parameters and buffers, little-endian, by their names.
pub type Weights<'a> = HashMap<String, &'a [u8]>;

/// The graph so far.
pub struct Builder<'a> {
    params: &'a Params,
    memory: &'a ParamMemory,
    weights: &'a Weights<'a>,
    graph: Graph,
    values: HashMap<Place, Value>,
    names: HashSet<String>,
}

impl<'a> Builder<'a> {
    pub fn new(name: &str, params: &'a Params, memory: &'a ParamMemory, weights: &'a Weights<'a>) -> Self {
        let graph = Graph { name: name.to_owned(), ..Graph::default() };
        let (values, names) = (HashMap::new(), HashSet::new());
        Self { params, memory, weights, graph, values, names }
    }

    /// Declares an input of the graph, `[rows, dims]`. Returns its name.
    pub fn declare_input(&mut self, name: &str, elements: i32, dims: &[usize], about: &str) -> String {
        self.names.insert(name.to_owned());
        self.graph.input.push(info(name, elements, dims, about));
        name.to_owned()
    }

    /// Declares an output of the graph, `[rows, dims]` numbers of single precision.
    pub fn declare_output(&mut self, name: &str, dims: &[usize], about: &str) {
        self.graph.output.push(info(name, FLOAT, dims, about));
    }

    /// Says which value a tensor of the plan holds.
    pub fn bind(&mut self, tensor: Tensor, name: &str, dims: &[usize]) {
        self.values.insert(tensor.place, Value { name: name.to_owned(), dims: dims.to_vec() });
    }

    /// A name that no value has yet: this one, or with a number behind it.
    pub fn fresh(&mut self, wanted: &str) -> String {
        let numbered = (2..).map(|n| format!("{wanted}.{n}"));
        let name = std::iter::once(wanted.to_owned()).chain(numbered).find(|name| !self.names.contains(name));
        let name = name.expect("there are more numbers than names");
        self.names.insert(name.clone());
        name
    }

    /// Adds a node with one output, of this name.
    pub fn node(&mut self, operator: &str, inputs: &[&str], output: &str, attributes: Vec<Attribute>) {
        self.node_of_many(operator, inputs, &[output], attributes);
    }

    /// Adds a node with these outputs.
    pub fn node_of_many(&mut self, operator: &str, inputs: &[&str], outputs: &[&str], attributes: Vec<Attribute>) {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        self.graph.node.push(Node {
            input: names(inputs),
            output: names(outputs),
            name: format!("{operator} of {}", outputs.join(", ")),
            op_type: operator.to_owned(),
            attribute: attributes,
        });
    }

    /// The value of a tensor as `[rows, dims]`: where it has another shape, after a node that gives it this one.
    ///
    /// # Errors
    /// When no node has written it.
    pub fn seen_as(&mut self, tensor: Tensor, dims: &[usize]) -> Result<String, OnnxError> {
        let Some(value) = self.values.get(&tensor.place).cloned() else {
            return Err(OnnxError::Missing { name: format!("{:?}", tensor.place), bytes: tensor.len() * 4 });
        };
        if value.dims == dims {
            return Ok(value.name);
        }
        let name = self.fresh(&format!("{}.shaped", value.name));
        self.reshape(&value.name, &name, dims);
        Ok(name)
    }

    /// Adds a node that sees a value as `[rows, dims]`.
    pub fn reshape(&mut self, from: &str, to: &str, dims: &[usize]) {
        let wanted: Vec<i64> = std::iter::once(-1).chain(dims.iter().map(|&dim| dim as i64)).collect();
        let shape = self.fresh(&format!("{to}.shape"));
        self.integers(&shape, &wanted);
        self.node("Reshape", &[from, &shape], to, Vec::new());
    }

    /// Adds a constant of whole numbers.
    pub fn integers(&mut self, name: &str, numbers: &[i64]) {
        let raw_data = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        let dims = vec![numbers.len() as i64];
        self.graph.initializer.push(Constant { dims, data_type: INT64, name: name.to_owned(), raw_data });
    }

    /// Adds a constant number.
    pub fn number(&mut self, name: &str, number: f32) {
        let (name, raw_data) = (name.to_owned(), number.to_le_bytes().to_vec());
        self.graph.initializer.push(Constant { dims: Vec::new(), data_type: FLOAT, name, raw_data });
    }

    /// The constant that holds a parameter or a buffer, under the name that it has in the state dict.
    ///
    /// # Errors
    /// When the tensor is none, or the weights lack it.
    pub fn parameter(&mut self, tensor: Tensor) -> Result<String, OnnxError> {
        let (memory, params) = (self.memory, self.params);
        let all = params.specs().iter().map(|spec| (spec, memory.weight(spec.param)));
        let all = all.chain(params.buffers().iter().map(|spec| (spec, memory.buffer(spec.param))));
        let missing = |name: String| OnnxError::Missing { name, bytes: tensor.len() * 4 };
        let found: Option<(&ParamSpec, _)> = all.into_iter().find(|(_, other)| other.place == tensor.place);
        let Some((spec, _)) = found else { return Err(missing(format!("{:?}", tensor.place))) };
        if self.names.insert(spec.name.clone()) {
            let shape = spec.param.shape;
            let numbers = self.weights.get(&spec.name).filter(|numbers| numbers.len() == shape.len() * 4);
            let raw_data = numbers.ok_or_else(|| missing(spec.name.clone()))?.to_vec();
            let dims = shape.dims().iter().map(|&dim| dim as i64).collect();
            self.graph.initializer.push(Constant { dims, data_type: FLOAT, name: spec.name.clone(), raw_data });
        }
        Ok(spec.name.clone())
    }

    /// The graph.
    pub fn finish(self) -> Graph {
        self.graph
    }
}

/// Describes an input or output `[rows, dims]`.
fn info(name: &str, elements: i32, dims: &[usize], about: &str) -> ValueInfo {
    let rows = Extent::Named(ROWS.to_owned());
    let extents = std::iter::once(rows).chain(dims.iter().map(|&dim| Extent::Known(dim as i64)));
    let dim = extents.map(|extent| Dimension { value: Some(extent) }).collect();
    let tensor_type = TensorType { elem_type: elements, shape: Some(TensorShape { dim }) };
    ValueInfo {
        name: name.to_owned(),
        kind: Some(Type { tensor_type: Some(tensor_type) }),
        doc_string: about.to_owned(),
    }
}

/// An attribute that is a whole number.
pub fn int(name: &str, i: usize) -> Attribute {
    Attribute { name: name.to_owned(), i: Some(i as i64), kind: ATTRIBUTE_INT, ..Attribute::default() }
}

/// An attribute that is several whole numbers.
pub fn ints(name: &str, numbers: &[usize]) -> Attribute {
    let ints = numbers.iter().map(|&number| number as i64).collect();
    Attribute { name: name.to_owned(), ints, kind: ATTRIBUTE_INTS, ..Attribute::default() }
}

/// An attribute that is a real number.
pub fn float(name: &str, f: f64) -> Attribute {
    Attribute { name: name.to_owned(), f: Some(f as f32), kind: ATTRIBUTE_FLOAT, ..Attribute::default() }
}
