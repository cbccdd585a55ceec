#include "run/torch/run_work.h"

#include "graph/tensor_files.h"
#include "run/torch/run_pass.h"

#include <algorithm>

namespace quantscope {

Result<std::unique_ptr<RunWork>> RunWork::open(const RunModel &model, const Progress &progress)
{
    auto opened = RunnableModel::open(model, progress);
    if (!opened)
        return tl::unexpected(opened.error());
    auto engine = RunEngine::create(opened->graph());
    if (!engine)
        return tl::unexpected(engine.error());
    return std::unique_ptr<RunWork>(new RunWork(std::move(*opened), std::move(*engine)));
}

std::vector<std::string> RunWork::files() const
{
    std::vector<std::string> out = tensorFiles(*m_model.shown().file);
    if (m_model.graph().get() != &m_model.shown()) {
        const auto more = tensorFiles(*m_model.graph()->file);
        out.insert(out.end(), more.begin(), more.end());
    }
    return out;
}

Result<void> RunWork::takeData(const RunData &data)
{
    m_inputs.reset();
    m_batch.reset();
    const ModelFile &file = *m_model.graph()->file;
    const Graph &graph = *file.graph;
    std::vector<ValueId> inputs;
    for (const ValueId id : graph.inputs)
        if (!graph.values[id].tensor)
            inputs.push_back(id);
    auto opened = RunInputs::open(file, inputs, data);
    if (!opened)
        return tl::unexpected(opened.error());
    m_inputs = std::move(*opened);
    return {};
}

/// Whether a graph that does not say how many samples it takes gives one row for each of `batch`.
bool RunWork::givesSamples(std::uint64_t batch, const RunListener &listener)
{
    const auto inputs = m_inputs->read(0, batch, batch);
    if (!inputs)
        return false;
    const auto piece = m_engine.run(*inputs, {}, [&](std::size_t, std::size_t) { return listener.isCancelled(); });
    if (!piece && piece.error().kind == ErrorKind::Cancelled)
        throw CancelledError();
    const auto givesRows = [&](const at::Tensor &output) {
        return output.dim() > 0 && output.size(0) == static_cast<std::int64_t>(batch);
    };
    if (!piece || piece->stopped)
        return false;
    return batch == m_inputs->samples() ? std::ranges::any_of(piece->outputs, givesRows)
                                        : !piece->outputs.empty() && givesRows(piece->outputs.front());
}

std::uint64_t RunWork::batchOf(const RunListener &listener)
{
    if (m_inputs->fixedBatch() > 0)
        return m_inputs->fixedBatch();
    if (!m_batch) {
        const std::uint64_t usual = std::min(m_inputs->usualBatch(), m_inputs->samples());
        m_batch = usual > 1 && givesSamples(usual, listener) ? usual : 1;
    }
    return *m_batch;
}

/// Pieces of a graph that fixes its batch run together up to what others take at once.
std::uint64_t RunWork::piecesTogether(std::uint64_t batch) const
{
    if (m_inputs->fixedBatch() == 0 || !m_engine.runsTogether())
        return 1;
    return std::max<std::uint64_t>(1, m_inputs->usualBatch() / batch);
}

Result<RunResult> RunWork::run(const RunMessage &message, const RunListener &listener)
{
    if (!m_inputs)
        return tl::unexpected(Error{ErrorKind::Usage, m_model.shown().file->path, std::nullopt, "no data were given"});
    const Progress cancelling([&](std::uint64_t, std::uint64_t) { return !listener.isCancelled(); });
    const auto chosen = m_model.quantizers(message.with, message.allFloat, cancelling);
    if (!chosen)
        return tl::unexpected(chosen.error());
    if (const auto set = m_engine.setQuantizers(chosen->quantizers); !set)
        return tl::unexpected(set.error());
    if (message.magnitudes) // figures of earlier runs may be without
        m_engine.setMemoryLimit(0);
    m_engine.setMemoryLimit(message.layerOutputs ? 0 : message.memoryLimit);
    const std::uint64_t batch = batchOf(listener), together = message.layerOutputs ? 1 : piecesTogether(batch);
    const std::uint64_t samples = m_inputs->samples();
    RunPass pass(m_model, *m_inputs, message, listener);
    for (std::uint64_t begin = 0; begin < samples && !pass.isStopped();) {
        if (listener.isCancelled())
            throw CancelledError();
        const std::uint64_t pieces = std::clamp<std::uint64_t>((samples - begin) / batch, 1, together);
        const std::uint64_t count = std::min(pieces * batch, samples - begin);
        const std::uint64_t given = m_inputs->fixedBatch() > 0 ? pieces * batch : count;
        const auto inputs = m_inputs->read(begin, count, given);
        if (!inputs)
            return tl::unexpected(inputs.error());
        if (const auto done = pass.pieces(m_engine, *inputs, {begin, count, given, pieces}); !done)
            return tl::unexpected(done.error());
        begin += count;
    }
    RunResult out = pass.result();
    out.notes.insert(out.notes.begin(), chosen->notes.begin(), chosen->notes.end());
    return out;
}

} // namespace quantscope
