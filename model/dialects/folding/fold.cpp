#include "dialects/folding/fold.h"

#include "base/text.h"
#include "dialects/folding/fold_table.h"
#include "dialects/folding/fold_values.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// All values that one Folder remembers, in multiples of the largest single one: 256 MB with the usual limits.
constexpr std::uint64_t kRememberedValues = 16;

std::string shownName(const Graph &graph, ValueId id)
{
    const Value *value = graph.value(id);
    return value == nullptr ? "an absent input" : "'" + printable(value->name) + "'";
}

std::size_t outputOf(const Node &node, ValueId value)
{
    return static_cast<std::size_t>(std::ranges::find(node.outputs, value) - node.outputs.begin());
}

/// The network's input has no part in it. False where that takes too long to find out.
bool restsOnTensors(const Graph &graph, ValueId value)
{
    constexpr std::size_t kMostValues = 4096;
    std::vector<ValueId> open{value};
    std::set<ValueId> seen;
    while (!open.empty()) {
        const ValueId id = open.back();
        open.pop_back();
        if (id == kNoValue || !seen.insert(id).second)
            continue;
        const Value *at = graph.value(id);
        if (at != nullptr && at->tensor)
            continue;
        const Node *maker = graph.producerOf(id);
        if (maker == nullptr || maker->inputs.empty() || seen.size() > kMostValues)
            return false;
        open.insert(open.end(), maker->inputs.begin(), maker->inputs.end());
    }
    return true;
}

} // namespace

std::size_t FoldedValue::count() const
{
    return std::visit([](const auto &values) { return values.size(); }, data);
}

std::vector<float> FoldedValue::floats() const
{
    if (const auto *values = std::get_if<std::vector<float>>(&data))
        return *values;
    const auto &values = std::get<std::vector<std::int64_t>>(data);
    std::vector<float> out(values.size());
    std::transform(values.begin(), values.end(), out.begin(), [](std::int64_t v) { return static_cast<float>(v); });
    return out;
}

std::vector<std::int64_t> FoldedValue::integers() const
{
    if (const auto *values = std::get_if<std::vector<std::int64_t>>(&data))
        return *values;
    std::vector<std::int64_t> out;
    for (const float value : std::get<std::vector<float>>(data)) {
        if (!(std::fabs(value) < 9.0e18f) || value != std::floor(value))
            throw ParseError(fmt::format("{} is not a whole number", shortest(value)));
        out.push_back(static_cast<std::int64_t>(value));
    }
    return out;
}

Folder::Folder(const ModelFile &file, const Limits &limits)
    : m_file(file)
    , m_limits(limits)
{
}

const FoldedValue &Folder::fold(ValueId value)
{
    if (const auto done = m_done.find(value); done != m_done.end())
        return done->second;
    const Value *v = m_file.graph ? m_file.graph->value(value) : nullptr;
    if (v == nullptr)
        throw ParseError("an input is missing");
    if (!v->tensor)
        return foldNode(value);
    return remember(value, folding::fromTensor(m_file.tensors.at(*v->tensor), m_limits));
}

const FoldedValue &Folder::foldNode(ValueId value)
{
    const Graph &graph = *m_file.graph;
    const Node *node = graph.producerOf(value);
    if (node == nullptr)
        throw NotConstant(fmt::format("{} is not constant", shownName(graph, value)));
    const bool known = folding::findFunction(*node) != nullptr || folding::findSum(*node) != nullptr;
    if (!known || (outputOf(*node, value) != 0 && !folding::hasManyOutputs(*node)))
        throw NotConstant(fmt::format("{} is not {}: it is made by the operator {}", shownName(graph, value),
            restsOnTensors(graph, value) ? "computed here" : "constant", printable(node->opType)));
    if (m_busy.count(value) != 0)
        throw ParseError(fmt::format("{} depends on itself (a cycle)", shownName(graph, value)));
    if (m_elements > kRememberedValues * m_limits.foldElements)
        throw ParseError("the constants of this file are too big to be computed");
    if (m_depth >= m_limits.foldDepth)
        throw ParseError(
            fmt::format("{} is computed by more than {} operators", shownName(graph, value), m_limits.foldDepth));
    // Unwinds on an exception too: another value may fold well afterwards.
    struct Guard {
        Folder &folder;
        ValueId id;
        Guard(Folder &f, ValueId v)
            : folder(f)
            , id(v)
        {
            folder.m_busy.insert(v);
            ++folder.m_depth;
        }
        ~Guard()
        {
            folder.m_busy.erase(id);
            --folder.m_depth;
        }
    } guard(*this, value);
    return remember(value, compute(*node, value));
}

FoldedValue Folder::compute(const Node &node, ValueId value)
{
    const folding::Function exact = folding::findFunction(node);
    folding::Call call{m_file, node, m_limits, {}, outputOf(node, value)};
    for (const ValueId input : node.inputs)
        call.operands.push_back(input == kNoValue ? nullptr : &fold(input));
    const bool rounded
        = std::ranges::any_of(call.operands, [](const FoldedValue *v) { return v != nullptr && v->rounded; });
    // torch takes a number of float64 beside a tensor as one of the tensor's type; its functions look at that
    // themselves.
    if (rounded && node.domain != "aten" && !folding::movesElements(node))
        throw ParseError("arithmetic in float64 is not computed");
    FoldedValue out = exact != nullptr ? exact(call) : folding::findSum(node)(call);
    out.rounded = rounded && out.dtype == DType::Float64;
    out.orderDependent = (exact == nullptr && out.isFloat())
        || std::ranges::any_of(call.operands, [](const FoldedValue *v) { return v != nullptr && v->orderDependent; });
    return out;
}

const FoldedValue &Folder::remember(ValueId value, FoldedValue folded)
{
    m_elements += folded.count();
    if (m_elements > kRememberedValues * m_limits.foldElements)
        throw ParseError("the constants of this file are too big to be computed");
    return m_done.emplace(value, std::move(folded)).first->second;
}

bool Folder::isConstant(ValueId value)
{
    if (const auto known = m_constant.find(value); known != m_constant.end())
        return known->second;
    const Value *v = m_file.graph ? m_file.graph->value(value) : nullptr;
    if (v == nullptr)
        return false;
    if (v->tensor)
        return true;
    const Node *node = m_file.graph->producerOf(value);
    if (node == nullptr || folding::findFunction(*node) == nullptr || m_depth >= m_limits.foldDepth)
        return false;
    if (outputOf(*node, value) != 0 && !folding::hasManyOutputs(*node))
        return false;
    m_constant[value] = false; // what a cycle meets
    ++m_depth;
    const bool constant = std::all_of(node->inputs.begin(), node->inputs.end(),
        [&](ValueId input) { return input == kNoValue || isConstant(input); });
    --m_depth;
    m_constant[value] = constant;
    return constant;
}

} // namespace quantscope
