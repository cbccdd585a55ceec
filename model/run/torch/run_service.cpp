#include "run/torch/run_service.h"

#include "run/protocol.h"
#include "run/result_message.h"
#include "run/torch/command_queue.h"
#include "run/torch/model_stamps.h"
#include "run/torch/run_work.h"

#include <new>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// One helper: the model that is open, its data, and what was kept of their runs.
class RunService {
public:
    explicit RunService(FrameChannel &channel)
        : m_channel(channel)
        , m_queue(channel)
    {
    }

    int serve()
    {
        while (const auto frame = m_queue.next())
            answer(*frame);
        if (m_queue.problem().empty())
            return 0;
        fail({ErrorKind::Parse, "", std::nullopt, m_queue.problem()});
        return 1;
    }

private:
    void fail(const Error &error) { m_channel.send(FrameType::Failed, payloadOf(error)); }

    /// Whatever a command comes upon is its answer.
    void answer(const Frame &frame)
    {
        try {
            const Result<void> done = act(frame);
            if (!done)
                fail(done.error());
        } catch (const ChannelClosed &) {
            throw;
        } catch (const CancelledError &) {
            fail({ErrorKind::Cancelled, m_model.path, std::nullopt, "was cancelled"});
        } catch (const std::bad_alloc &) {
            m_work.reset(); // what it keeps may be what filled the memory
            fail({ErrorKind::Io, m_model.path, std::nullopt,
                "there is not enough memory to run it: give fewer samples, --limit N"});
        } catch (const std::exception &error) {
            const std::string said = error.what(); // of libtorch with the places in its code
            fail({ErrorKind::Parse, m_model.path, std::nullopt, said.substr(0, said.find("\nException raised from"))});
        }
    }

    Result<void> act(const Frame &frame)
    {
        switch (frame.type) {
        case FrameType::Hello: m_channel.send(FrameType::Hello, payloadOf(ownHello())); return {};
        case FrameType::Open: return open(modelIn(frame.payload));
        case FrameType::Data: return takeData(dataIn(frame.payload));
        case FrameType::Run: return run(runIn(frame.payload));
        default:
            return tl::unexpected(Error{ErrorKind::Parse, "", std::nullopt,
                fmt::format("a frame of type {} is no command", static_cast<int>(frame.type))});
        }
    }

    Progress progress() const
    {
        return Progress([this](std::uint64_t, std::uint64_t) { return !m_queue.isCancelled(); });
    }

    /// One that is open is opened again when one of its files is another.
    Result<void> open(const RunModel &model)
    {
        const std::vector<FileStamp> stamps = modelStamps(model);
        const bool kept = m_work && m_model == model && m_stamps == stamps && m_tensorStamps == tensorStamps();
        if (!kept)
            if (const auto opened = openAnew(model); !opened)
                return opened;
        m_stamps = stamps;
        m_channel.send(FrameType::Opened, payloadOf(OpenedMessage{m_work->notes(), kept}));
        return {};
    }

    std::vector<FileStamp> tensorStamps() const { return fileStamps(m_work->files()); }

    Result<void> openAnew(const RunModel &model)
    {
        m_work.reset();
        m_model = model;
        auto work = RunWork::open(model, progress());
        if (!work)
            return tl::unexpected(work.error());
        m_work = std::move(*work);
        m_tensorStamps = tensorStamps();
        return {};
    }

    Result<void> needsModel() const
    {
        if (!m_work) // after it ran out of memory
            return tl::unexpected(Error{ErrorKind::Io, m_model.path, std::nullopt, "is not open: try again"});
        return {};
    }

    Result<void> takeData(const RunData &data)
    {
        return needsModel().and_then([&] { return m_work->takeData(data); }).map([&] {
            m_channel.send(FrameType::DataTaken, payloadOf(DataTakenMessage{m_work->samples()}));
        });
    }

    Result<void> run(const RunMessage &message)
    {
        if (const auto ready = needsModel(); !ready)
            return ready;
        const RunListener listener{[this](std::uint64_t done, std::uint64_t total) {
                                       m_channel.send(FrameType::Progress, payloadOf(ProgressMessage{done, total}));
                                   },
            [this](const std::string &name, const Shape &shape, std::span<const float> values) {
                m_channel.send(FrameType::Array, payloadOf(name, shape, values));
            },
            [this] { return m_queue.isCancelled(); }};
        const auto result = m_work->run(message, listener);
        if (!result)
            return tl::unexpected(result.error());
        m_channel.send(FrameType::Finished, payloadOf(*result));
        return {};
    }

    FrameChannel &m_channel;
    CommandQueue m_queue;
    RunModel m_model; ///< that m_work is of, with the files that it was
    std::vector<FileStamp> m_stamps, m_tensorStamps;
    std::unique_ptr<RunWork> m_work;
};

} // namespace

int serveRuns(FrameChannel &channel)
{
    RunService service(channel);
    try {
        return service.serve();
    } catch (const ChannelClosed &) {
        return 0;
    }
}

} // namespace quantscope
