#include "run/run_client.h"

#include "base/process.h"
#include "run/result_message.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::string_view kHelper = "quantscope-torch";
constexpr std::chrono::milliseconds kBetweenQuestions{20};

/// What the helper answered instead, or why there is none, on its way to RunClient::run.
struct RunFailure {
    Error error;
};

[[noreturn]] void failIo(const std::string &path, std::string message)
{
    throw RunFailure{{ErrorKind::Io, path, std::nullopt, std::move(message)}};
}

/// Joins the pieces of the graph's outputs; what would be too large is left empty.
class OutputJoiner {
public:
    explicit OutputJoiner(std::uint64_t mostBytes)
        : m_most(mostBytes)
    {
    }

    void add(const ArrayMessage &piece)
    {
        const auto found = std::ranges::find(m_outputs, piece.name, &RunOutput::name);
        RunOutput &output = found == m_outputs.end() ? m_outputs.emplace_back() : *found;
        output.name = piece.name;
        m_bytes += piece.values.size() * sizeof(float);
        if (m_bytes <= m_most)
            output.values.insert(output.values.end(), piece.values.begin(), piece.values.end());
    }

    void fill(std::vector<RunOutput> &outputs)
    {
        for (RunOutput &output : outputs)
            if (const auto found = std::ranges::find(m_outputs, output.name, &RunOutput::name);
                found != m_outputs.end() && found->values.size() == elementCount(output.shape))
                output.values = std::move(found->values);
    }

private:
    std::uint64_t m_most, m_bytes = 0;
    std::vector<RunOutput> m_outputs;
};

} // namespace

std::string findRunProgram()
{
    std::error_code failed;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", failed);
    const std::string beside = failed ? "" : findProgram((self.parent_path() / kHelper).string());
    return beside.empty() ? findProgram(std::string(kHelper)) : beside;
}

RunClient::Stamp RunClient::stampOf(const std::string &path)
{
    std::error_code failed;
    // Of FILE.npz:KEY the file.
    const bool isThere = std::filesystem::exists(path, failed);
    const std::string file = isThere ? path : path.substr(0, path.rfind(':'));
    Stamp out;
    out.bytes = std::filesystem::file_size(file, failed);
    out.written = std::filesystem::last_write_time(file, failed);
    return out;
}

void RunClient::stop()
{
    m_channel.reset();
    m_process.reset();
    m_data.reset();
}

void RunClient::start(const Progress &progress)
{
    m_program = m_options.program.empty() ? findRunProgram() : m_options.program;
    if (m_program.empty())
        failIo(std::string(kHelper),
            "is not there, and it is what runs networks: install the package quantscope-torch, or build it where "
            "libtorch-dev is installed");
    auto process = KeptProcess::start({m_program});
    if (!process)
        throw RunFailure{process.error()};
    m_process = std::move(*process);
    m_channel.emplace(m_process->socket(), m_process->socket());
    m_channel->send(FrameType::Hello, payloadOf(ownHello()));
    const HelloMessage theirs = helloIn(answer(FrameType::Hello, progress).payload);
    if (theirs == ownHello())
        return;
    const std::string program = m_program;
    stop();
    failIo(program,
        fmt::format("is of version {} (protocol {}), and this program of {} (protocol {}): install both of one version",
            theirs.version, theirs.protocol, ownHello().version, ownHello().protocol));
}

std::optional<Frame> RunClient::nextFrame(const Progress &progress)
{
    auto frame = m_channel->receive(kBetweenQuestions);
    if (frame && frame->type == FrameType::Progress) {
        m_done = progressIn(frame->payload);
        frame.reset();
    }
    if (!frame || frame->type == FrameType::Array) // an answer is taken: there is nothing left to cancel
        progress.step(m_done.done, m_done.total);
    return frame;
}

Frame RunClient::answer(FrameType wanted, const Progress &progress, const ArraySink &sink)
{
    m_done = {};
    auto heard = std::chrono::steady_clock::now();
    for (;;) {
        const ProgressMessage before = m_done;
        auto frame = nextFrame(progress);
        const auto now = std::chrono::steady_clock::now();
        if (frame || m_done.done != before.done)
            heard = now;
        if (now - heard > m_options.silence)
            throw ParseError(fmt::format("it was silent for {} seconds", m_options.silence.count()));
        if (!frame)
            continue;
        if (frame->type == FrameType::Array && sink)
            sink(arrayIn(frame->payload));
        else if (frame->type == FrameType::Failed)
            throw RunFailure{errorIn(frame->payload)};
        else if (frame->type == wanted)
            return std::move(*frame);
        else if (frame->type != FrameType::Array)
            throw ParseError(fmt::format("it sent a frame of type {} where {} belongs", static_cast<int>(frame->type),
                static_cast<int>(wanted)));
    }
}

void RunClient::handOver(const RunRequest &request, const Progress &progress)
{
    const Stamp data = stampOf(request.data.samples), labels = stampOf(request.data.labels.value_or(""));
    const auto handed = std::exchange(m_data, std::nullopt); // one that is opened anew has none, though nobody heard so
    m_channel->send(FrameType::Open, payloadOf(request.model));
    OpenedMessage opened = openedIn(answer(FrameType::Opened, progress).payload);
    m_notes = std::move(opened.notes);
    if (!opened.kept || handed != request.data || m_dataStamp != data || m_labelsStamp != labels) {
        m_channel->send(FrameType::Data, payloadOf(request.data));
        dataTakenIn(answer(FrameType::DataTaken, progress).payload);
        m_dataStamp = data;
        m_labelsStamp = labels;
    }
    m_data = request.data;
}

RunResult RunClient::runWithin(const RunRequest &request, const Progress &progress, const ArraySink &sink)
{
    if (!m_process)
        start(progress);
    handOver(request, progress);
    OutputJoiner joiner(m_options.keptOutputs);
    const ArraySink both = [&](const ArrayMessage &piece) {
        if (request.outputs && !piece.name.starts_with("layer/"))
            joiner.add(piece);
        if (sink)
            sink(piece);
    };
    m_channel->send(FrameType::Run,
        payloadOf(RunMessage{request.with, request.allFloat, request.layerOutputs, request.outputs || sink,
            request.magnitudes, m_options.memoryLimit}));
    RunResult result = resultIn(answer(FrameType::Finished, progress, both).payload);
    if (request.outputs)
        joiner.fill(result.outputs);
    result.notes.insert(result.notes.begin(), m_notes.begin(), m_notes.end());
    return result;
}

/// The helper keeps what it knows when it answers in time.
void RunClient::cancel()
{
    if (!m_channel)
        return;
    try {
        m_channel->send(FrameType::Cancel, {});
        const auto end = std::chrono::steady_clock::now() + m_options.cancelled;
        while (std::chrono::steady_clock::now() < end)
            if (const auto frame = m_channel->receive(kBetweenQuestions); frame
                && (frame->type == FrameType::Failed || frame->type == FrameType::Finished
                    || frame->type == FrameType::Opened || frame->type == FrameType::DataTaken))
                return;
    } catch (const ParseError &) {
    }
    stop();
}

Error RunClient::ended(const std::string &path, const std::string &why)
{
    const std::string how = m_process ? m_process->end() : std::string("is gone");
    stop();
    return {ErrorKind::Io, path, std::nullopt,
        fmt::format("was not run: {} {} ({}); the next run starts it anew", kHelper, how, why)};
}

Result<RunResult> RunClient::run(const RunRequest &request, const Progress &progress, const ArraySink &sink)
{
    try {
        return runWithin(request, progress, sink);
    } catch (const RunFailure &failure) {
        return tl::unexpected(failure.error);
    } catch (const CancelledError &) {
        cancel();
        return tl::unexpected(Error{ErrorKind::Cancelled, request.model.path, std::nullopt, "was cancelled"});
    } catch (const ParseError &error) {
        return tl::unexpected(ended(request.model.path, error.what()));
    }
}

} // namespace quantscope
