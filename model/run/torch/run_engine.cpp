#include "run/torch/run_engine.h"

#include "base/text.h"
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
    std::map<ValueId, HeldValue> constants;
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
    return runPieces(inputs, 1, observe, cancelled).map([](PiecesResult &&result) {
        return PieceResult{
            std::move(result.outputs.front()), std::move(result.observed), result.nodesRun, std::move(result.stopped)};
    });
}

bool RunEngine::runsTogether() const { return !m_state->graph.hasBranches(); }

std::optional<Error> RunEngine::wrongInputs(std::span<const at::Tensor> inputs, std::size_t pieces) const
{
    const auto error = [&](std::string text) {
        return Error{ErrorKind::Usage, m_state->graph.file().path, {}, std::move(text)};
    };
    if (inputs.size() != m_state->inputNames.size())
        return error(
            fmt::format("its graph has {} inputs, and {} were given", m_state->inputNames.size(), inputs.size()));
    for (std::size_t i = 0; i < inputs.size() && pieces != 1; ++i)
        if (pieces == 0 || !runsTogether() || inputs[i].dim() == 0
            || inputs[i].size(0) % static_cast<std::int64_t>(pieces) != 0)
            return error(fmt::format(
                "what is given to {} does not run as {} pieces", printable(m_state->inputNames[i]), pieces));
    return std::nullopt;
}

Result<PiecesResult> RunEngine::runPieces(std::span<const at::Tensor> inputs, std::size_t pieces,
    const Observer &observe, const Cancelled &cancelled, std::uint64_t counted)
{
    if (auto error = wrongInputs(inputs, pieces))
        return tl::unexpected(std::move(*error));
    const c10::InferenceMode withoutGradients(true);
    std::vector<at::Tensor> contiguous;
    for (const at::Tensor &input : inputs)
        contiguous.push_back(input.contiguous());
    const RunContext context = m_state->context();
    KeptPieces &kept = m_state->kept.pieces(contiguous, pieces, counted);
    try {
        PiecesResult out = Evaluation(context, kept, observe, cancelled).run();
        m_state->kept.trim();
        return out;
    } catch (const CancelledError &) {
        m_state->kept.trim();
        return tl::unexpected(Error{ErrorKind::Cancelled, m_state->graph.file().path, {}, "the run was cancelled"});
    }
}

} // namespace quantscope
