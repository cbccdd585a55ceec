#pragma once

#include "support/state_file.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace quantscope::test {

/// Bytes that count how often they are read, and that may refuse it.
class WatchedSource final : public ByteSource {
public:
    explicit WatchedSource(std::shared_ptr<const ByteSource> bytes)
        : m_bytes(std::move(bytes))
    {
    }
    std::uint64_t size() const override { return m_bytes->size(); }
    void read(std::uint64_t offset, std::span<std::byte> out) const override
    {
        ++reads;
        if (refuse)
            refuse();
        m_bytes->read(offset, out);
    }

    mutable std::atomic<int> reads = 0;
    std::function<void()> refuse; ///< throws

private:
    std::shared_ptr<const ByteSource> m_bytes;
};

/// A state_dict in memory whose tensors are watched.
struct WatchedFile {
    explicit WatchedFile(const std::vector<StateTensor> &tensors)
    {
        auto watched = std::make_shared<ModelFile>(*stateFile(tensors));
        for (TensorInfo &tensor : watched->tensors) {
            sources[tensor.name] = std::make_shared<WatchedSource>(tensor.storage.source);
            tensor.storage.source = sources[tensor.name];
        }
        file = watched;
    }
    /// Names of the tensors that were read since it was last asked.
    std::vector<std::string> read()
    {
        std::vector<std::string> names;
        for (const auto &[name, source] : sources)
            if (source->reads.exchange(0) > 0)
                names.push_back(name);
        return names;
    }

    std::shared_ptr<const ModelFile> file;
    std::map<std::string, std::shared_ptr<WatchedSource>> sources;
};

} // namespace quantscope::test
