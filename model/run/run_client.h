#pragma once

#include "base/error.h"
#include "base/kept_process.h"
#include "base/progress.h"
#include "run/protocol.h"

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace quantscope {

/// Gets the pieces of arrays as they come.
using ArraySink = std::function<void(const ArrayMessage &piece)>;

constexpr std::uint64_t kMegabyte = 1'000'000; ///< bytes; of limits that people give

struct RunClientOptions {
    std::string program; ///< empty: quantscope-torch beside this program, else on PATH
    std::uint64_t memoryLimit = 1000 * kMegabyte; ///< bytes of activations kept between two runs; 0 keeps nothing
    std::chrono::milliseconds cancelled{500}; ///< how long a cancelled run may go on before its process is ended
    std::chrono::seconds silence{600}; ///< without a word, after which it counts as stuck
    std::uint64_t keptOutputs = 256ull << 20; ///< bytes of RunOutput::values; more are left empty
};

/// quantscope-torch beside this program, else on PATH; empty when there is none.
std::string findRunProgram();

/// Runs networks in quantscope-torch, which it starts at the first run, keeps, and starts anew after a crash. That
/// program opens a model again only when one of its files changed, and data are handed over again only when they
/// changed. For one thread at a time.
class RunClient {
public:
    explicit RunClient(RunClientOptions options = {})
        : m_options(std::move(options))
    {
    }

    /// Progress counts nodes of the graph over all pieces of data. Errors: Usage (a layer, slot or candidate that
    /// cannot be had), Io (no program, of another version, ended), Parse (model or data), Cancelled.
    Result<RunResult> run(const RunRequest &request, const Progress &progress = {}, const ArraySink &sink = {});
    bool isRunning() const { return m_process.has_value(); }
    pid_t pid() const { return m_process ? m_process->pid() : 0; }
    /// From the next run on, which drops what is kept beyond it. Results do not depend on it.
    void setMemoryLimit(std::uint64_t bytes) { m_options.memoryLimit = bytes; }
    /// Ends the process; the next run starts it.
    void stop();

private:
    /// What tells that a file is still the same one.
    struct Stamp {
        std::uintmax_t bytes = 0;
        std::filesystem::file_time_type written;
        bool operator==(const Stamp &) const = default;
    };
    static Stamp stampOf(const std::string &path);
    void start(const Progress &progress);
    void handOver(const RunRequest &request, const Progress &progress);
    RunResult runWithin(const RunRequest &request, const Progress &progress, const ArraySink &sink);
    /// The next frame but progress, which is handed on; of type `wanted`, or what failed is thrown.
    Frame answer(FrameType wanted, const Progress &progress, const ArraySink &sink = {});
    std::optional<Frame> nextFrame(const Progress &progress);
    void cancel();
    Error ended(const std::string &path, const std::string &why);

    RunClientOptions m_options;
    std::optional<KeptProcess> m_process;
    std::optional<FrameChannel> m_channel;
    std::optional<RunData> m_data;
    Stamp m_dataStamp, m_labelsStamp;
    std::vector<std::string> m_notes;
    ProgressMessage m_done;
    std::string m_program;
};

} // namespace quantscope
