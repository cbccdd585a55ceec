#include "run/torch/ops_reduction.h"

#include "run/torch/op_arguments.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/amin.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/prod.h>
#include <ATen/ops/sum.h>

#include <algorithm>
#include <array>
#include <numeric>

namespace quantscope {

namespace {

using Reduction = at::Tensor (*)(const at::Tensor &x, const Int64s &axes, bool keeps);

/// The axes are an input from opset 13 (ReduceSum) and 18 (the others) on.
template <Reduction function> OpValues reduced(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    Int64s axes = axesOf(integersOf(call, "axes", 1), x.dim());
    std::ranges::sort(axes);
    axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
    if (axes.empty()) {
        if (call.node.integer("noop_with_empty_axes", 0) != 0)
            return oneValue(x);
        axes.resize(static_cast<std::size_t>(x.dim()));
        std::iota(axes.begin(), axes.end(), 0);
    }
    return oneValue(function(x, axes, call.node.integer("keepdims", 1) != 0).to(x.scalar_type()));
}

at::Tensor sumOver(const at::Tensor &x, const Int64s &axes, bool keeps)
{
    return axes.empty() ? x : at::sum(x, axes, keeps, x.scalar_type());
}

at::Tensor meanOver(const at::Tensor &x, const Int64s &axes, bool keeps)
{
    return axes.empty()
        ? x
        : at::mean(x, axes, keeps, c10::isFloatingType(x.scalar_type()) ? x.scalar_type() : at::kDouble);
}

at::Tensor maximumOver(const at::Tensor &x, const Int64s &axes, bool keeps) { return at::amax(x, axes, keeps); }
at::Tensor minimumOver(const at::Tensor &x, const Int64s &axes, bool keeps) { return at::amin(x, axes, keeps); }

at::Tensor productOver(const at::Tensor &x, const Int64s &axes, bool keeps)
{
    at::Tensor out = x;
    for (std::size_t i = axes.size(); i-- > 0;) // from the last one, so that those before keep their positions
        out = at::prod(out, axes[i], keeps, x.scalar_type());
    return out;
}

at::Tensor absoluteSumOver(const at::Tensor &x, const Int64s &axes, bool keeps)
{
    return sumOver(x.abs(), axes, keeps);
}
at::Tensor squareSumOver(const at::Tensor &x, const Int64s &axes, bool keeps) { return sumOver(x * x, axes, keeps); }
at::Tensor lengthOver(const at::Tensor &x, const Int64s &axes, bool keeps)
{
    return squareSumOver(x, axes, keeps).sqrt();
}
at::Tensor logSumOver(const at::Tensor &x, const Int64s &axes, bool keeps) { return sumOver(x, axes, keeps).log(); }

at::Tensor logSumExpOver(const at::Tensor &x, const Int64s &axes, bool keeps)
{
    return axes.empty() ? x : at::logsumexp(x, axes, keeps);
}

template <bool greatest> OpValues extremePlace(const OpCall &call)
{
    const at::Tensor given = call.tensor(0);
    const at::Tensor x = given.dim() == 0 ? given.reshape({1}) : given;
    const std::int64_t axis = axisOf(call.node.integer("axis", 0), x.dim());
    const bool keeps = call.node.integer("keepdims", 1) != 0;
    const auto place = [&](const at::Tensor &of) { return greatest ? of.argmax(axis, keeps) : of.argmin(axis, keeps); };
    if (call.node.integer("select_last_index", 0) == 0)
        return oneValue(place(x));
    return oneValue(x.size(axis) - 1 - place(x.flip(axis)));
}

constexpr std::array kReductionRows = {
    OpRow{"", "ReduceSum", reduced<sumOver>},
    OpRow{"", "ReduceMean", reduced<meanOver>},
    OpRow{"", "ReduceMax", reduced<maximumOver>},
    OpRow{"", "ReduceMin", reduced<minimumOver>},
    OpRow{"", "ReduceProd", reduced<productOver>},
    OpRow{"", "ReduceL1", reduced<absoluteSumOver>},
    OpRow{"", "ReduceL2", reduced<lengthOver>},
    OpRow{"", "ReduceSumSquare", reduced<squareSumOver>},
    OpRow{"", "ReduceLogSum", reduced<logSumOver>},
    OpRow{"", "ReduceLogSumExp", reduced<logSumExpOver>},
    OpRow{"", "ArgMax", extremePlace<true>},
    OpRow{"", "ArgMin", extremePlace<false>},
};

} // namespace

std::span<const OpRow> reductionOperators() { return kReductionRows; }

} // namespace quantscope
