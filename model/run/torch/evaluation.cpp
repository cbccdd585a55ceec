#include "run/torch/evaluation.h"

#include "base/text.h"
#include "run/torch/boxed_call.h"
#include "run/torch/loop_nodes.h"
#include "run/torch/op_arguments.h"
#include "run/torch/pieces_call.h"
#include "run/torch/quantize_tensor.h"
#include "run/torch/tensor_values.h"

#include <algorithm>
#include <new>

#include <ATen/ops/scalar_tensor.h>
#include <fmt/format.h>

namespace quantscope {

namespace {

/// Branches that wait for what is made in branches; code nests to 200.
constexpr unsigned kMostBranches = 400;
/// Of all loops of a network together.
constexpr std::size_t kMostRounds = 1 << 16;

} // namespace

Evaluation::Evaluation(
    const RunContext &context, KeptPieces &pieces, const Observer &observe, const Cancelled &cancelled)
    : m_context(context)
    , m_graph(context.graph)
    , m_pieces(pieces)
    , m_observe(observe)
    , m_cancelled(cancelled)
    , m_values(m_graph.graph().values.size())
{
}

/// A quantizer that stands in place of the graph's operators makes its value itself, even of a tensor of the file.
bool Evaluation::isThere(ValueId value) const
{
    if (m_values[value] != nullptr || m_context.constants.contains(value) || m_pieces.values.contains(value))
        return true;
    const auto site = m_graph.siteOf(value);
    return !(site && m_context.sites.replaces(*site)) && m_graph.graph().values[value].tensor.has_value();
}

bool Evaluation::isUnobserved(std::size_t place) const
{
    const bool isKept = m_pieces.figures.contains(place) && !m_graph.isWithinLoop(m_context.places[place].to);
    return m_observe && !isKept && !m_planned[m_context.steps.ofPlace(place).number];
}

/// One use more. What the piece keeps is held from here on: the limit may take it away before it is read.
void Evaluation::need(ValueId value, std::vector<RunStep> &open)
{
    if (m_uses[value]++ > 0 && (isThere(value) || isPlanned(value)))
        return; // what a loop captures is wanted before it is there
    if (const auto kept = m_pieces.values.find(value); kept != m_pieces.values.end()) {
        hold(value, kept->second);
        m_held.push_back(value);
    } else if (!isThere(value)) {
        if (auto maker = m_context.steps.makerOf(value))
            open.push_back(std::move(*maker));
    }
}

bool Evaluation::isPlanned(ValueId value) const
{
    const auto maker = m_context.steps.makerOf(value);
    return !maker || m_planned[maker->number];
}

std::vector<RunStep> Evaluation::plan(std::vector<RunStep> open, const std::vector<ValueId> &values)
{
    std::vector<RunStep> out;
    for (const ValueId value : values)
        need(value, open);
    while (!open.empty()) {
        RunStep step = std::move(open.back());
        open.pop_back();
        if (m_planned[step.number])
            continue;
        m_planned[step.number] = true;
        for (const ValueId value : step.reads)
            need(value, open);
        for (const ValueId made : m_context.steps.madeBy(step))
            for (const std::size_t place : m_context.steps.placesAt(made))
                if (isUnobserved(place))
                    open.push_back(m_context.steps.ofPlace(place));
        out.push_back(std::move(step));
    }
    std::ranges::stable_sort(out, {}, &RunStep::position);
    return out;
}

/// Pieces that keep the same values need the same steps.
std::shared_ptr<const RunPlan> Evaluation::planAll()
{
    std::vector<std::size_t> key{m_context.exchanges, m_context.constants.size(), m_observe ? 1u : 0u};
    for (const auto &[value, kept] : m_pieces.values)
        key.push_back(value);
    key.push_back(kNoValue);
    for (const auto &[place, figures] : m_pieces.figures)
        key.push_back(place);
    if (m_context.lastPlan != nullptr && m_context.lastPlan->key == key) {
        m_uses = m_context.lastPlan->uses;
        m_planned = m_context.lastPlan->planned;
        for (const ValueId value : m_context.lastPlan->held)
            hold(value, m_pieces.values.at(value));
        return m_context.lastPlan;
    }
    m_uses.assign(m_values.size(), 0);
    m_planned.assign(m_context.steps.count(), false);
    for (const ValueId input : m_graph.inputs())
        ++m_uses[input]; // they stay
    std::vector<RunStep> observing;
    for (std::size_t i = 0; i < m_context.places.size(); ++i)
        if (m_graph.isAlwaysNeeded(m_context.places[i].to) && isUnobserved(i))
            observing.push_back(m_context.steps.ofPlace(i));
    std::vector<RunStep> steps = plan(std::move(observing), m_graph.graph().outputs);
    m_context.lastPlan
        = std::make_shared<const RunPlan>(RunPlan{std::move(key), std::move(steps), m_held, m_uses, m_planned});
    return m_context.lastPlan;
}

void Evaluation::hold(ValueId value, HeldValue computed) { m_values[value] = std::move(computed); }

HeldValue Evaluation::fetch(ValueId value)
{
    if (m_values[value] != nullptr)
        return m_values[value];
    if (const auto known = m_context.constants.find(value); known != m_context.constants.end())
        return known->second;
    if (const auto kept = m_pieces.values.find(value); kept != m_pieces.values.end())
        return kept->second;
    const Value &wanted = m_graph.graph().values[value];
    if (!wanted.tensor)
        throw RunError(fmt::format("it reads {}, which nothing makes", printable(wanted.name)));
    const auto read = std::make_shared<const LaneValues>(tensorOf(m_graph.file().tensors[*wanted.tensor]));
    store(value, read);
    return read;
}

void Evaluation::store(ValueId value, HeldValue computed)
{
    if (m_graph.isConstant(value)) {
        if (m_graph.isConstantForData(value))
            m_context.constants.emplace(value, computed);
    } else if (m_graph.isResumePoint(value) && (m_observe || !m_graph.hasBranches())) {
        // Kept without being looked at, what is within branches would never be.
        m_context.kept.keep(m_pieces, value, computed);
    }
    if (m_uses[value] == 0)
        return;
    hold(value, std::move(computed));
}

void Evaluation::release(ValueId value)
{
    if (--m_uses[value] > 0)
        return;
    m_values[value].reset();
}

void Evaluation::runNode(NodeId id)
{
    const Node &node = m_graph.graph().nodes[id];
    const OpFunction function = m_context.functions[id];
    if (function == nullptr)
        throw RunError(fmt::format("the operator {}{}{} is not known here, so the network runs only up to it",
            printable(node.domain), node.domain.empty() ? "" : ".", printable(node.opType)));
    std::vector<HeldValue> inputs;
    std::uint64_t floats = 0;
    for (std::size_t i = 0; const ValueId input : node.inputs) {
        inputs.push_back(input == kNoValue ? nullptr : fetch(input));
        floats |= i < 64 && input != kNoValue && m_context.sites.hasFloats(input) ? std::uint64_t{1} << i : 0u;
        ++i;
    }
    const bool wantsUnrounded = std::ranges::any_of(node.outputs,
        [&](ValueId output) { return output != kNoValue && m_graph.isInner(output) && m_uses[output] > 0; });
    const std::vector<std::vector<c10::IValue>> made = callForPieces(
        {m_graph.file(), node, function, floats, wantsUnrounded, m_context.sites.within(id)}, inputs, m_pieces.count);
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
        const ValueId output = node.outputs[i];
        const auto site = output == kNoValue ? std::nullopt : m_graph.siteOf(output);
        if (output == kNoValue || m_uses[output] == 0 || (site && m_context.sites.replaces(*site)))
            continue;
        std::vector<c10::IValue> ofEach;
        for (const std::vector<c10::IValue> &one : made) {
            if (i >= one.size())
                throw RunError(fmt::format("its output {} is not made", i));
            ofEach.push_back(one[i]);
        }
        store(output, m_context.sites.onGrid(output, std::make_shared<const LaneValues>(std::move(ofEach))));
    }
}

/// Of an If the way that its condition chooses, and nothing of the other.
void Evaluation::runBranch(const RunStep &own)
{
    const Node &node = m_graph.graph().nodes[own.index];
    if (node.input(0) == kNoValue)
        throw RunError("which way its code goes is not known before it runs, and returning early is not followed");
    if (++m_depth > kMostBranches)
        throw RunError(fmt::format("more than {} branches wait for each other", kMostBranches));
    const std::size_t chosen = isTrueCondition(fetch(node.input(0))->at(0)) ? 0 : 1;
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
        const ValueId output = node.outputs[i];
        if (output == kNoValue || m_uses[output] == 0)
            continue;
        const ValueId taken = (*m_graph.branchesOf(node, i))[chosen];
        if (taken == kNoValue) {
            if (node.domain != "prim")
                throw RunError("a branch does not give what it has to");
            const Attribute *constant = node.attribute(std::to_string(1 + chosen));
            store(output,
                std::make_shared<const LaneValues>(constant == nullptr ? c10::IValue() : constantOfCode(*constant)));
            continue;
        }
        const std::vector<RunStep> steps = plan({}, {taken});
        m_total += steps.size();
        runAll(steps);
        m_current = {own.kind, own.index, own.number, own.position, {}};
        store(output, fetch(taken));
        release(taken);
    }
    --m_depth;
}

/// What the subgraph reads of the graph around it is held until the last round.
void Evaluation::runLoop(NodeId id)
{
    const Node &node = m_graph.graph().nodes[id];
    const LoopBody &body = *m_graph.bodyOf(id);
    if (++m_depth > kMostBranches)
        throw RunError(fmt::format("more than {} loops run within each other", kMostBranches));
    if (m_loops++ == 0)
        m_context.kept.dropFigures(
            m_pieces, [&](std::size_t place) { return body.within.contains(m_context.places[place].to); });
    std::vector<c10::IValue> inputs;
    for (const ValueId input : node.inputs)
        inputs.push_back(input == kNoValue ? c10::IValue() : fetch(input)->at(0));
    for (const ValueId value : body.captured)
        ++m_uses[value];
    const std::vector<c10::IValue> made = runLoopNode({node, m_graph.file(), opsetOf(m_graph.graph(), node), inputs},
        [&](std::vector<c10::IValue> given) { return runRound(body, std::move(given)); });
    for (const ValueId value : body.captured)
        release(value);
    m_current = m_context.steps.ofNode(id);
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
        if (node.outputs[i] != kNoValue && m_uses[node.outputs[i]] > 0)
            store(node.outputs[i], std::make_shared<const LaneValues>(made.at(i)));
    --m_loops;
    --m_depth;
}

std::vector<c10::IValue> Evaluation::runRound(const LoopBody &body, std::vector<c10::IValue> given)
{
    if (++m_rounds > kMostRounds)
        throw RunError(fmt::format("its loops run more than {} rounds", kMostRounds));
    if (given.size() != body.inputs.size())
        throw RunError(fmt::format("its subgraph has {} inputs, and {} are given", body.inputs.size(), given.size()));
    for (std::size_t i = 0; i < given.size(); ++i) {
        ++m_uses[body.inputs[i]];
        hold(body.inputs[i], std::make_shared<const LaneValues>(std::move(given[i])));
    }
    const std::vector<RunStep> steps = plan({}, body.outputs);
    m_total += steps.size();
    runAll(steps);
    std::vector<c10::IValue> out;
    for (const ValueId output : body.outputs)
        out.push_back(fetch(output)->at(0));
    for (const std::vector<ValueId> *held : {&body.outputs, &body.inputs})
        for (const ValueId value : *held)
            release(value);
    return out;
}

void Evaluation::runSite(std::size_t index)
{
    const GraphSpan span = m_graph.sites()[index].span;
    const HeldValue input = m_context.sites.readsInput(index) ? fetch(span.from) : nullptr;
    store(span.to, m_context.sites.valueAt(index, input));
}

void Evaluation::observe(std::size_t index)
{
    const ObservedPlace &place = m_context.places[index];
    Observation seen;
    if (place.site) {
        const SlotId owner = m_graph.sites()[*place.site].owners.front();
        seen.quantizer = m_context.sites.quantizerAt(*place.site);
        seen.layer = owner.layer;
        seen.slot = owner.slot;
        seen.isRounded = place.from == place.to;
        seen.isWithin
            = !seen.isRounded && (m_graph.sites()[*place.site].makesCodes || m_graph.sites()[*place.site].within);
    } else {
        seen.layer = place.layer;
    }
    const std::vector<SeenTensors> pieces
        = seenPieces(*fetch(place.from), *fetch(place.to), m_pieces.count, seen.quantizer);
    if (const auto earlier = m_pieces.figures.find(index); earlier != m_pieces.figures.end())
        seen.earlier = earlier->second.front();
    std::vector<std::shared_ptr<const void>> figures;
    for (const SeenTensors &piece : pieces) {
        seen.input = piece.input;
        seen.output = piece.output;
        figures.push_back(m_observe(seen));
    }
    if (pieces.empty())
        return;
    m_context.kept.keepFigures(m_pieces, index, std::move(figures));
}

void Evaluation::runAll(const std::vector<RunStep> &steps)
{
    using Kind = RunStep::Kind;
    for (const RunStep &step : steps) {
        if (m_cancelled && m_cancelled(m_done, m_total))
            throw CancelledError();
        m_current = {step.kind, step.index, step.number, step.position, {}};
        if (step.kind == Kind::Observe)
            observe(step.index);
        else if (step.kind == Kind::Site)
            runSite(step.index);
        else if (m_graph.branchesOf(m_graph.graph().nodes[step.index], 0))
            runBranch(step);
        else if (m_graph.bodyOf(static_cast<NodeId>(step.index)) != nullptr)
            runLoop(static_cast<NodeId>(step.index));
        else
            runNode(static_cast<NodeId>(step.index));
        m_nodesRun += step.kind == Kind::Observe ? 0u : 1u;
        for (const ValueId value : step.reads)
            release(value);
        m_planned[step.number] = false; // a branch may want again what was let go of
        ++m_done;
    }
}

void Evaluation::takeOutput(ValueId value, PiecesResult &out)
{
    const HeldValue computed = fetch(value);
    for (std::size_t piece = 0; piece < m_pieces.count; ++piece) {
        const c10::IValue &own = computed->at(piece);
        if (own.isTensor())
            out.outputs[piece].push_back(own.toTensor().is_quantized() ? own.toTensor().dequantize() : own.toTensor());
        else if (own.isInt() || own.isDouble() || own.isBool())
            out.outputs[piece].push_back(at::scalar_tensor(own.toScalar()));
        else
            throw RunError(fmt::format("the output {} is no tensor", printable(m_graph.graph().values[value].name)));
    }
}

void Evaluation::collectObserved(PiecesResult &out) const
{
    for (const auto &[index, figures] : m_pieces.figures) { // their order is that of computation
        const ObservedPlace &place = m_context.places[index];
        if (place.site)
            for (const SlotId &owner : m_graph.sites()[*place.site].owners)
                for (const std::shared_ptr<const void> &one : figures)
                    out.observed.push_back({owner.layer, owner.slot, one});
        else
            for (const std::shared_ptr<const void> &one : figures)
                out.observed.push_back({place.layer, std::nullopt, one});
    }
}

PiecesResult Evaluation::run()
{
    PiecesResult out;
    out.outputs.resize(m_pieces.count);
    const std::vector<ValueId> &outputs = m_graph.graph().outputs;
    try {
        for (std::size_t i = 0; i < m_pieces.inputs.size(); ++i)
            hold(m_graph.inputs()[i], heldPieces(splitPieces(m_pieces.inputs[i], m_pieces.count)));
        const std::shared_ptr<const RunPlan> all = planAll();
        m_total = all->steps.size();
        runAll(all->steps);
        for (const ValueId output : outputs)
            takeOutput(output, out);
    } catch (const CancelledError &) {
        throw;
    } catch (const std::bad_alloc &) {
        out.stopped = fmt::format("{}: there is not enough memory: give fewer samples at once",
            m_current ? m_context.steps.textOf(*m_current) : std::string("the network"));
    } catch (const std::exception &error) {
        out.stopped = fmt::format(
            "{}: {}", m_current ? m_context.steps.textOf(*m_current) : std::string("the network"), reasonOf(error));
    }
    if (out.stopped)
        out.outputs.clear();
    out.nodesRun = m_nodesRun;
    collectObserved(out);
    return out;
}

} // namespace quantscope
