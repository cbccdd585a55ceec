#include "run/torch/ops_loss.h"

#include "base/text.h"
#include "run/torch/op_arguments.h"

#include <array>

#include <ATen/core/Reduction.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/nll_loss_nd.h>
#include <fmt/format.h>

namespace quantscope {

namespace {

std::int64_t lossReduction(const OpCall &call)
{
    const std::string word = textAttribute(call, "reduction", "mean");
    if (word == "none")
        return at::Reduction::None;
    if (word != "mean" && word != "sum")
        throw RunError(fmt::format("its reduction '{}' is not known", printable(word)));
    return word == "mean" ? at::Reduction::Mean : at::Reduction::Sum;
}

/// Of classes along the second axis; a label that the file does not leave out is one of them.
at::Tensor lossOf(const OpCall &call, const at::Tensor &logarithms)
{
    constexpr std::int64_t kNoLabel = -100; // libtorch's
    const at::Tensor labels = call.tensor(1).to(at::kLong), weight = optionalTensor(call, 2);
    if (logarithms.dim() < 2 || labels.dim() != logarithms.dim() - 1)
        throw RunError(fmt::format(
            "its data has {} axes and its labels {}, where one less is needed", logarithms.dim(), labels.dim()));
    const std::int64_t ignored = call.node.integer("ignore_index", kNoLabel);
    const at::Tensor known = labels.ne(ignored).logical_and(labels.lt(0).logical_or(labels.ge(logarithms.size(1))));
    if (known.any().item().toBool())
        throw RunError(fmt::format("a label is none of {} classes", logarithms.size(1)));
    return at::nll_loss_nd(logarithms, labels,
        weight.defined() ? c10::optional<at::Tensor>(weight) : c10::optional<at::Tensor>(), lossReduction(call),
        ignored);
}

OpValues negativeLogLikelihood(const OpCall &call) { return oneValue(lossOf(call, call.tensor(0))); }

OpValues softmaxCrossEntropy(const OpCall &call)
{
    if (call.tensor(0).dim() < 2)
        throw RunError("its data has no axis of classes");
    const at::Tensor logarithms = at::log_softmax(call.tensor(0), 1);
    return {lossOf(call, logarithms), logarithms};
}

constexpr std::array kLossRows = {
    OpRow{"", "NegativeLogLikelihoodLoss", negativeLogLikelihood},
    OpRow{"", "SoftmaxCrossEntropyLoss", softmaxCrossEntropy},
};

} // namespace

std::span<const OpRow> lossOperators() { return kLossRows; }

} // namespace quantscope
