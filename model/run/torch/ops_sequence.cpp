#include "run/torch/ops_sequence.h"

#include "run/torch/op_arguments.h"

#include <array>

#include <ATen/ops/cat.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/stack.h>
#include <fmt/format.h>

namespace quantscope {

namespace {

std::vector<at::Tensor> sequenceArgument(const OpCall &call, std::size_t position)
{
    const c10::IValue value = call.input(position);
    if (!value.isTensorList())
        throw RunError(fmt::format("its input {} is no sequence of tensors", position + 1));
    return value.toTensorVector();
}

OpValues oneSequence(std::vector<at::Tensor> sequence)
{
    return {c10::IValue(c10::List<at::Tensor>(std::move(sequence)))};
}

/// Counted from the end below 0; [0, count], where `count` is the place behind the last.
std::size_t placeIn(const OpCall &call, std::size_t input, std::size_t count, std::size_t most)
{
    const std::int64_t given = integerArgument(call, input);
    const std::int64_t place = given < 0 ? given + static_cast<std::int64_t>(count) : given;
    if (place < 0 || place > static_cast<std::int64_t>(most))
        throw RunError(fmt::format("position {} is none of a sequence of {}", given, count));
    return static_cast<std::size_t>(place);
}

OpValues sequenceConstruct(const OpCall &call)
{
    std::vector<at::Tensor> out;
    for (std::size_t i = 0; i < call.inputs.size(); ++i)
        out.push_back(call.tensor(i));
    return oneSequence(std::move(out));
}

OpValues sequenceEmpty(const OpCall &) { return oneSequence({}); }

OpValues sequenceAt(const OpCall &call)
{
    const std::vector<at::Tensor> sequence = sequenceArgument(call, 0);
    if (sequence.empty())
        throw RunError("it takes an element of an empty sequence");
    return oneValue(sequence[placeIn(call, 1, sequence.size(), sequence.size() - 1)]);
}

OpValues sequenceInsert(const OpCall &call)
{
    std::vector<at::Tensor> sequence = sequenceArgument(call, 0);
    const std::size_t place = isGiven(call, 2) ? placeIn(call, 2, sequence.size(), sequence.size()) : sequence.size();
    sequence.insert(sequence.begin() + static_cast<std::ptrdiff_t>(place), call.tensor(1));
    return oneSequence(std::move(sequence));
}

OpValues sequenceErase(const OpCall &call)
{
    std::vector<at::Tensor> sequence = sequenceArgument(call, 0);
    if (sequence.empty())
        throw RunError("it takes an element out of an empty sequence");
    const std::size_t place
        = isGiven(call, 1) ? placeIn(call, 1, sequence.size(), sequence.size() - 1) : sequence.size() - 1;
    sequence.erase(sequence.begin() + static_cast<std::ptrdiff_t>(place));
    return oneSequence(std::move(sequence));
}

OpValues sequenceLength(const OpCall &call)
{
    return oneValue(
        at::scalar_tensor(static_cast<std::int64_t>(sequenceArgument(call, 0).size()), at::TensorOptions(at::kLong)));
}

OpValues concatFromSequence(const OpCall &call)
{
    const std::vector<at::Tensor> sequence = sequenceArgument(call, 0);
    if (sequence.empty())
        throw RunError("it joins an empty sequence");
    const std::int64_t axis = call.node.integer("axis", 0);
    return oneValue(call.node.integer("new_axis", 0) != 0 ? at::stack(sequence, axis) : at::cat(sequence, axis));
}

/// Parts of one element each lose the axis where 'keepdims' says so.
OpValues splitToSequence(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const std::int64_t axis = axisOf(call.node.integer("axis", 0), x.dim());
    if (!isGiven(call, 1)) {
        std::vector<at::Tensor> parts = x.split(1, axis);
        if (call.node.integer("keepdims", 1) == 0)
            for (at::Tensor &part : parts)
                part = part.squeeze(axis);
        return oneSequence(std::move(parts));
    }
    if (call.tensor(1).dim() > 0) {
        const Int64s sizes = integersArgument(call, 1);
        requireSizes(sizes, 0, "a part's length");
        return oneSequence(x.split_with_sizes(sizes, axis));
    }
    const std::int64_t size = integerArgument(call, 1);
    requireSizes(std::array{size}, 1, "a part's length");
    return oneSequence(x.split(size, axis));
}

constexpr std::array kSequenceRows = {
    OpRow{"", "SequenceConstruct", sequenceConstruct},
    OpRow{"", "SequenceEmpty", sequenceEmpty},
    OpRow{"", "SequenceAt", sequenceAt},
    OpRow{"", "SequenceInsert", sequenceInsert},
    OpRow{"", "SequenceErase", sequenceErase},
    OpRow{"", "SequenceLength", sequenceLength},
    OpRow{"", "ConcatFromSequence", concatFromSequence},
    OpRow{"", "SplitToSequence", splitToSequence},
};

} // namespace

std::span<const OpRow> sequenceOperators() { return kSequenceRows; }

} // namespace quantscope
