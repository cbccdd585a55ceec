#pragma once

#include "run/protocol.h"
#include "run/torch/run_engine.h"
#include "run/torch/run_input.h"
#include "run/torch/runnable_model.h"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quantscope {

/// Who is told what a run does while it runs.
struct RunListener {
    std::function<void(std::uint64_t done, std::uint64_t total)> progress;
    std::function<void(const std::string &name, const Shape &shape, std::span<const float> values)> array;
    std::function<bool()> isCancelled;
};

/// A model with its data, run again and again under other quantizers.
class RunWork {
public:
    static Result<std::unique_ptr<RunWork>> open(const RunModel &model, const Progress &progress);

    /// Further files that its tensors are in (tensorFiles).
    std::vector<std::string> files() const;
    const std::vector<std::string> &notes() const { return m_model.notes(); }
    Result<void> takeData(const RunData &data);
    std::uint64_t samples() const { return m_inputs ? m_inputs->samples() : 0; }
    /// Errors: as RunEngine; Usage: a choice that cannot be had, labels that are no classes. Throws ParseError for data
    /// that cannot be read, CancelledError.
    Result<RunResult> run(const RunMessage &message, const RunListener &listener);

private:
    RunWork(RunnableModel model, RunEngine engine)
        : m_model(std::move(model))
        , m_engine(std::move(engine))
    {
    }
    std::uint64_t batchOf(const RunListener &listener);
    std::uint64_t piecesTogether(std::uint64_t batch) const;
    bool givesSamples(std::uint64_t batch, const RunListener &listener);

    RunnableModel m_model;
    RunEngine m_engine;
    std::optional<RunInputs> m_inputs;
    std::optional<std::uint64_t> m_batch; ///< what was found to work with these data
};

} // namespace quantscope
