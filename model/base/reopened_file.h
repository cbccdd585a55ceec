#pragma once

#include "base/byte_source.h"

namespace quantscope {

/// A file that is open only while it is read, for models with thousands of files beside them: a process may hold about
/// a thousand open. Reading fails when another file stands at its path meanwhile.
class ReopenedFile final : public ByteSource {
public:
    /// Errors: as FileSource::open.
    static Result<std::shared_ptr<const ReopenedFile>> open(const std::string &path);

    std::uint64_t size() const override { return m_size; }
    void read(std::uint64_t offset, std::span<std::byte> out) const override;

private:
    ReopenedFile(std::string path, const FileSource &opened);

    std::string m_path;
    std::uint64_t m_size;
    FileIdentity m_identity;
};

} // namespace quantscope
