#include "run/torch/ops_scatter.h"

#include "run/torch/index_of_rows.h"
#include "run/torch/op_arguments.h"

#include <ATen/ops/index_add.h>
#include <ATen/ops/index_copy.h>
#include <ATen/ops/index_reduce.h>
#include <ATen/ops/scatter.h>
#include <ATen/ops/scatter_add.h>
#include <ATen/ops/scatter_reduce.h>

#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// libtorch's name of how a value joins what is there; empty where it replaces that.
std::string reductionOf(const OpCall &call)
{
    const std::string name = textAttribute(call, "reduction", "none");
    if (name == "none")
        return {};
    if (name == "mul")
        return "prod";
    if (name == "max" || name == "min")
        return "a" + name;
    if (name == "add")
        return "sum";
    throw RunError(fmt::format("its reduction '{}' is not known", name));
}

OpValues scatteredElements(const OpCall &call)
{
    const at::Tensor x = call.tensor(0);
    const std::int64_t axis = axisOf(call.node.integer("axis", 0), x.dim());
    const at::Tensor index = countedFromStart(call.tensor(1), x.size(axis));
    const at::Tensor updates = call.tensor(2);
    const std::string reduction = reductionOf(call);
    if (reduction.empty())
        return oneValue(at::scatter(x, axis, index, updates));
    if (reduction == "sum")
        return oneValue(at::scatter_add(x, axis, index, updates));
    return oneValue(at::scatter_reduce(x, axis, index, updates, reduction, true));
}

OpValues scatteredPlaces(const OpCall &call)
{
    const at::Tensor x = call.tensor(0), index = call.tensor(1), updates = call.tensor(2);
    if (index.dim() < 1 || index.size(-1) < 1)
        throw RunError("its index names no places");
    const IndexOfRows rows = indexOfRows(x, index.reshape({-1, index.size(-1)}));
    Int64s shape = rows.data.sizes().vec();
    shape[0] = rows.index.numel();
    const at::Tensor values = updates.reshape(shape);
    const std::string reduction = reductionOf(call);
    at::Tensor out;
    if (reduction.empty())
        out = at::index_copy(rows.data, 0, rows.index, values);
    else if (reduction == "sum")
        out = at::index_add(rows.data, 0, rows.index, values);
    else
        out = at::index_reduce(rows.data, 0, rows.index, values, reduction, true);
    return oneValue(out.reshape(x.sizes()));
}

constexpr std::array kScatterRows = {
    OpRow{"", "Scatter", scatteredElements},
    OpRow{"", "ScatterElements", scatteredElements},
    OpRow{"", "ScatterND", scatteredPlaces},
};

} // namespace

std::span<const OpRow> scatterOperators() { return kScatterRows; }

} // namespace quantscope
