#include "run/torch/run_engine.h"

#include "run/torch/evaluation.h"
#include "run/torch/tensor_memory.h"

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

namespace quantscope {

namespace {

std::vector<std::string> namesOf(const Graph &graph, const std::vector<ValueId> &values)
{
    std::vector<std::string> out;
    for (const ValueId value : values)
        out.push_back(graph.values[value].name);
    return out;
}

} // namespace

struct RunEngine::State {
    explicit State(RunGraph runGraph)
        : graph(std::move(runGraph))
        , sites(graph)
        , places(observedPlaces(graph))
        , kept(graph)
        , steps(graph, sites, places)
        , inputNames(namesOf(graph.graph(), graph.inputs()))
        , outputNames(namesOf(graph.graph(), graph.graph().outputs))
    {
        for (const Node &node : graph.graph().nodes)
            functions.push_back(operatorFunction(node.domain, node.opType));
        for (std::size_t i = 0; graph.file().format == "torchscript" && i < outputNames.size(); ++i)
            outputNames[i] = fmt::format("output_{}", i);
    }

    RunContext context() { return {graph, sites, places, functions, constants, kept, steps, exchanges, lastPlan}; }

    /// What rests on one of those places is no longer known.
    void forget(const std::vector<std::size_t> &changed)
    {
        const std::vector<bool> values = graph.behind(changed);
        std::vector<bool> isChanged(graph.sites().size(), false), observed;
        for (const std::size_t site : changed)
            isChanged[site] = true;
        for (const ObservedPlace &place : places)
            observed.push_back(place.site ? isChanged[*place.site] || values[place.from] : values[place.to]);
        kept.exchange(values, observed);
        ++exchanges;
        std::erase_if(constants, [&](const auto &entry) { return values[entry.first]; });
    }

    RunGraph graph;
    SitesInForce sites;
    std::vector<ObservedPlace> places;
    std::vector<OpFunction> functions;
    std::map<ValueId, c10::IValue> constants;
    KeptValues kept;
    RunSteps steps;
    std::size_t exchanges = 0;
    std::shared_ptr<const RunPlan> lastPlan;
    std::vector<std::string> inputNames, outputNames;
};

Result<RunEngine> RunEngine::create(std::shared_ptr<const Network> network)
{
    limitTensorMemory();
    auto graph = RunGraph::create(std::move(network));
    if (!graph)
        return tl::unexpected(graph.error());
    return RunEngine(std::make_unique<State>(std::move(*graph)));
}

RunEngine::RunEngine(std::unique_ptr<State> state)
    : m_state(std::move(state))
{
}

RunEngine::RunEngine(RunEngine &&) noexcept = default;
RunEngine &RunEngine::operator=(RunEngine &&) noexcept = default;
RunEngine::~RunEngine() = default;

const std::vector<std::string> &RunEngine::inputNames() const { return m_state->inputNames; }
const std::vector<std::string> &RunEngine::outputNames() const { return m_state->outputNames; }

Result<void> RunEngine::setQuantizers(const std::vector<QuantizerChoice> &choices)
{
    const auto changed = m_state->sites.exchange(choices);
    if (!changed)
        return tl::unexpected(changed.error());
    if (!changed->empty())
        m_state->forget(*changed);
    return {};
}

void RunEngine::setMemoryLimit(std::uint64_t bytes) { m_state->kept.setLimit(bytes); }

Result<PieceResult> RunEngine::run(
    std::span<const at::Tensor> inputs, const Observer &observe, const Cancelled &cancelled)
{
    const std::string &path = m_state->graph.file().path;
    if (inputs.size() != m_state->inputNames.size())
        return tl::unexpected(Error{ErrorKind::Usage, path, {},
            fmt::format("its graph has {} inputs, and {} were given", m_state->inputNames.size(), inputs.size())});
    const c10::InferenceMode withoutGradients(true);
    std::vector<at::Tensor> contiguous;
    for (const at::Tensor &input : inputs)
        contiguous.push_back(input.contiguous());
    const RunContext context = m_state->context();
    KeptPiece &piece = m_state->kept.piece(contiguous);
    try {
        PieceResult out = Evaluation(context, piece, observe, cancelled).run(contiguous);
        m_state->kept.trim();
        return out;
    } catch (const CancelledError &) {
        m_state->kept.trim();
        return tl::unexpected(Error{ErrorKind::Cancelled, path, {}, "the run was cancelled"});
    }
}

} // namespace quantscope
