#pragma once

#include "run/torch/run_work.h"

#include <chrono>
#include <map>

namespace quantscope {

/// Samples [begin, begin + count) of `batch`, of which the last may be copies; they run as `pieces` of equal length.
struct PieceOfSamples {
    std::uint64_t begin = 0, count = 0, batch = 0, pieces = 1;
};

/// What a run over all pieces adds up.
class RunPass {
public:
    RunPass(const RunnableModel &model, const RunInputs &inputs, const RunMessage &message, const RunListener &listener)
        : m_model(model)
        , m_inputs(inputs)
        , m_message(message)
        , m_listener(listener)
    {
        m_result.samples = inputs.samples();
    }

    /// Throws CancelledError, ParseError.
    Result<void> pieces(RunEngine &engine, const std::vector<at::Tensor> &inputs, const PieceOfSamples &samples);
    bool isStopped() const { return m_result.stopped.has_value(); }
    RunResult result();

private:
    std::shared_ptr<const void> observe(const Observation &seen, const PieceOfSamples &samples);
    void sendLayers();
    Result<void> takeOutputs(RunEngine &engine, const PiecesResult &made, const PieceOfSamples &samples);
    std::optional<Error> takeOutput(
        std::size_t position, const std::string &name, at::Tensor output, const PieceOfSamples &piece);
    static void addRows(RunOutput &all, const Shape &shape);
    std::optional<Error> countCorrect(const at::Tensor &output, std::uint64_t begin);
    void addObserved(const std::vector<Observed> &observed);
    bool step(const PieceOfSamples &samples, std::size_t done, std::size_t total);

    using Place = std::pair<LayerId, std::optional<Slot>>;
    const RunnableModel &m_model;
    const RunInputs &m_inputs;
    const RunMessage &m_message;
    const RunListener &m_listener;
    RunResult m_result;
    bool m_hasClasses = true;
    std::vector<bool> m_counts; ///< of each output: its first axis counts samples
    std::map<Place, std::size_t> m_flows; ///< position in m_result.layers
    std::map<LayerId, std::pair<int, at::Tensor>> m_leaving; ///< of this piece: how far down in the layer, and what
    std::chrono::steady_clock::time_point m_told;
};

/// The first `count` of `batch` samples, where the first axis counts them (or several elements of each).
at::Tensor firstSamples(const at::Tensor &tensor, std::uint64_t count, std::uint64_t batch);

} // namespace quantscope
