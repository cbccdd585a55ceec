#pragma once

#include "base/atomic_file.h"
#include "base/sha256.h"
#include "export/text_sink.h"

#include <cstdint>
#include <string>

namespace quantscope {

/// Text to a file, with its hash.
class FileSink final : public TextSink {
public:
    explicit FileSink(AtomicFile &file);
    void write(std::string_view text) override;

    std::uint64_t bytes() const { return m_bytes; }
    /// SHA-256 of everything written; once.
    std::string hash();

private:
    AtomicFile &m_file;
    Sha256 m_sha;
    std::uint64_t m_bytes = 0;
};

} // namespace quantscope
