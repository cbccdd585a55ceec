#pragma once

#include "run/torch/op_arguments.h"

namespace quantscope {

/// What an argument of a TorchScript node is: the value that flows in, or the constant that its code says; None also
/// for what is not there.
c10::IValue scriptArgument(const OpCall &call, std::size_t position);
/// A constant that code says, by the attribute's name; None where there is none.
c10::IValue scriptConstant(const OpCall &call, std::string_view name);
/// A constant of code as the value it says; None for what is none.
c10::IValue constantOfCode(const Attribute &attribute);
/// How many arguments it has that are told by position.
std::size_t scriptArgumentCount(const OpCall &call);

/// Runs libtorch's operator of the node's name as its interpreter does: the first overload that the arguments fit.
/// What an operator would change in place is copied before. Throws RunError where none fits.
OpValues runBoxed(const OpCall &call);

/// The values of an operator's result as outputs of its node: taken apart where its readers take it so.
OpValues asOutputs(const Node &node, c10::IValue result);

} // namespace quantscope
