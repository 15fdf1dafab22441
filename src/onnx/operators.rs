//! What each kernel of a forward pass is in ONNX: <https://onnx.ai/onnx/operators/>.

use super::builder::{Builder, float, int, ints};
use super::error::OnnxError;
use super::proto::Attribute;
use crate::kernels::activation::{Activation, Function};
use crate::kernels::conv::average_pool::AveragePool;
use crate::kernels::conv::correlate::Correlate;
use crate::kernels::conv::max_pool::MaxPool;
use crate::kernels::conv::transposed::Transposed;
use crate::kernels::conv::{ConvEpilogue, ConvShape};
use crate::kernels::linear::matmul::{Epilogue, Form, Matmul};
use crate::kernels::norm::batch_norm::BatchNorm;
use crate::plan::{Dispatch, Tensor};
use std::any::Any;

/// Adds the nodes of a dispatch; `name` is that of the tensor that it writes.
pub fn translate(to: &mut Builder<'_>, dispatch: &Dispatch, name: &str) -> Result<(), OnnxError> {
    let (kernel, tensors): (&dyn Any, _) = (dispatch.kernel.as_ref(), &dispatch.tensors[..]);
    let unknown = || OnnxError::Unknown { label: dispatch.label.clone(), kernel: format!("{:?}", dispatch.kernel) };
    if let Some(kernel) = kernel.downcast_ref::<Matmul>() {
        linear(to, kernel, tensors, name)?.ok_or_else(unknown)
    } else if let Some(Correlate { shape, epilogue }) = kernel.downcast_ref() {
        let [inputs, outputs] = [shape.image, shape.map];
        convolution(to, "Conv", *shape, (*epilogue, inputs, outputs), tensors, name)?.ok_or_else(unknown)
    } else if let Some(Transposed { shape, epilogue }) = kernel.downcast_ref() {
        let [inputs, outputs] = [shape.map, shape.image];
        convolution(to, "ConvTranspose", *shape, (*epilogue, inputs, outputs), tensors, name)?.ok_or_else(unknown)
    } else if let Some(kernel) = kernel.downcast_ref::<BatchNorm>() {
        batch_norm(to, kernel, tensors, name)?.ok_or_else(unknown)
    } else if let Some(kernel) = kernel.downcast_ref::<MaxPool>() {
        max_pool(to, kernel, tensors, name)?.ok_or_else(unknown)
    } else if kernel.is::<AveragePool>() {
        average_pool(to, tensors, name)?.ok_or_else(unknown)
    } else if let Some(kernel) = kernel.downcast_ref::<Activation>() {
        activation(to, kernel, tensors, name)?.ok_or_else(unknown)
    } else {
        Err(unknown())
    }
}

/// Some where the nodes were added, none where the kernel has no counterpart.
type Added = Result<Option<()>, OnnxError>;

fn linear(to: &mut Builder<'_>, kernel: &Matmul, tensors: &[Tensor], name: &str) -> Added {
    let (Form::Nt, Epilogue::Bias { relu }, [x, weight, bias, y]) = (kernel.form, kernel.epilogue, tensors) else {
        return Ok(None);
    };
    let inputs = [to.seen_as(*x, &[kernel.k])?, to.parameter(*weight)?, to.parameter(*bias)?];
    write(to, "Gemm", &inputs, vec![int("transB", 1)], relu, name);
    to.bind(*y, name, &[kernel.n]);
    Ok(Some(()))
}

fn convolution(
    to: &mut Builder<'_>,
    operator: &str,
    shape: ConvShape,
    (epilogue, from, into): (ConvEpilogue, [usize; 3], [usize; 3]),
    tensors: &[Tensor],
    name: &str,
) -> Added {
    let [x, weight, bias, y] = *tensors else { return Ok(None) };
    let mut inputs = vec![to.seen_as(x, &from)?, to.parameter(weight)?];
    match epilogue {
        ConvEpilogue::None => {}
        ConvEpilogue::Bias => inputs.push(to.parameter(bias)?),
        ConvEpilogue::Accumulate => return Ok(None),
    }
    let ConvShape { kernel, stride, padding, .. } = shape;
    let mut attributes =
        vec![ints("kernel_shape", &[kernel; 2]), ints("strides", &[stride; 2]), ints("pads", &[padding; 4])];
    if operator == "ConvTranspose" {
        // What the result has beyond the smallest size that a convolution would shrink to the input's.
        let beyond = |side: usize| into[side] + 2 * padding - kernel - (from[side] - 1) * stride;
        attributes.push(ints("output_padding", &[beyond(1), beyond(2)]));
    }
    write(to, operator, &inputs, attributes, false, name);
    to.bind(y, name, &into);
    Ok(Some(()))
}

fn batch_norm(to: &mut Builder<'_>, kernel: &BatchNorm, tensors: &[Tensor], name: &str) -> Added {
    let [x, _, scale, shift, residual, mean, variance, y] = *tensors else { return Ok(None) };
    if kernel.training {
        return Ok(None);
    }
    let dims = dims_of(x);
    let mut inputs = vec![to.seen_as(x, &dims)?];
    for tensor in [scale, shift, mean, variance] {
        inputs.push(to.parameter(tensor)?);
    }
    let attributes = vec![float("epsilon", kernel.norm.epsilon)];
    if kernel.residual {
        let added = to.seen_as(residual, &dims)?;
        let normalised = to.fresh(&format!("{name}.normalised"));
        write(to, "BatchNormalization", &inputs, attributes, false, &normalised);
        write(to, "Add", &[normalised, added], Vec::new(), kernel.relu, name);
    } else {
        write(to, "BatchNormalization", &inputs, attributes, kernel.relu, name);
    }
    to.bind(y, name, &dims);
    Ok(Some(()))
}

fn max_pool(to: &mut Builder<'_>, kernel: &MaxPool, tensors: &[Tensor], name: &str) -> Added {
    let [x, y, _] = *tensors else { return Ok(None) };
    let dims = dims_of(x);
    let pooling = kernel.pooling;
    let attributes = vec![
        ints("kernel_shape", &[pooling.kernel; 2]),
        ints("strides", &[pooling.stride; 2]),
        ints("pads", &[pooling.padding; 4]),
    ];
    let input = to.seen_as(x, &dims)?;
    write(to, "MaxPool", &[input], attributes, false, name);
    to.bind(y, name, &[dims[0], pooling.output[0], pooling.output[1]]);
    Ok(Some(()))
}

fn average_pool(to: &mut Builder<'_>, tensors: &[Tensor], name: &str) -> Added {
    let [x, y] = *tensors else { return Ok(None) };
    let dims = dims_of(x);
    let input = to.seen_as(x, &dims)?;
    let means = to.fresh(&format!("{name}.planes"));
    write(to, "GlobalAveragePool", &[input], Vec::new(), false, &means);
    to.node("Flatten", &[&means], name, vec![int("axis", 1)]);
    to.bind(y, name, &dims[..1]);
    Ok(Some(()))
}

fn activation(to: &mut Builder<'_>, kernel: &Activation, tensors: &[Tensor], name: &str) -> Added {
    let [x, _, y] = *tensors else { return Ok(None) };
    let dims = dims_of(x);
    let operator = match kernel.function {
        Function::Relu => "Relu",
        Function::Sigmoid => "Sigmoid",
    };
    let input = to.seen_as(x, &dims)?;
    write(to, operator, &[input], Vec::new(), false, name);
    to.bind(y, name, &dims);
    Ok(Some(()))
}

/// Adds an operator, and a ReLU behind it where it is asked for.
fn write(to: &mut Builder<'_>, operator: &str, inputs: &[String], attributes: Vec<Attribute>, relu: bool, name: &str) {
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    if relu {
        let before = to.fresh(&format!("{name}.before_relu"));
        to.node(operator, &inputs, &before, attributes);
        to.node("Relu", &[&before], name, Vec::new());
    } else {
        to.node(operator, &inputs, name, attributes);
    }
}

/// The dimensions of a tensor without its rows.
fn dims_of(tensor: Tensor) -> Vec<usize> {
    tensor.shape.dims().iter().skip(1).copied().collect()
}
