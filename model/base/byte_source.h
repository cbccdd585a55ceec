#pragma once

#include "base/error.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace quantscope {

/// Random access to bytes that do not change. Reading is safe from several threads at once.
class ByteSource {
public:
    ByteSource() = default;
    virtual ~ByteSource() = default;
    ByteSource(const ByteSource &) = delete;
    ByteSource &operator=(const ByteSource &) = delete;

    virtual std::uint64_t size() const = 0;
    /// Fills `out` from `offset`; throws ParseError when fewer bytes are there (also when the file shrank meanwhile).
    virtual void read(std::uint64_t offset, std::span<std::byte> out) const = 0;

    /// `length` bytes from `offset` as a new vector; checked against size() before anything is allocated.
    std::vector<std::byte> bytes(std::uint64_t offset, std::uint64_t length) const;
};

/// Tells two files apart, whatever they are called.
struct FileIdentity {
    std::uint64_t device = 0, inode = 0;
    bool operator==(const FileIdentity &) const = default;
    auto operator<=>(const FileIdentity &) const = default;
};

/// A file read with pread: a file truncated by its writer gives an error, never SIGBUS as a mapping would.
class FileSource final : public ByteSource {
public:
    /// Errors: the file is absent, not readable, or not a regular file.
    static Result<std::shared_ptr<const FileSource>> open(const std::string &path);
    ~FileSource() override;

    std::uint64_t size() const override { return m_size; }
    void read(std::uint64_t offset, std::span<std::byte> out) const override;
    const FileIdentity &identity() const { return m_identity; }

private:
    FileSource(int descriptor, std::uint64_t size, FileIdentity identity)
        : m_descriptor(descriptor)
        , m_size(size)
        , m_identity(identity)
    {
    }
    int m_descriptor;
    std::uint64_t m_size;
    FileIdentity m_identity;
};

/// Bytes in memory: tests, fuzzing, inflated members and values decoded from typed fields.
class MemorySource final : public ByteSource {
public:
    explicit MemorySource(std::vector<std::byte> bytes)
        : m_bytes(std::move(bytes))
    {
    }
    std::uint64_t size() const override { return m_bytes.size(); }
    void read(std::uint64_t offset, std::span<std::byte> out) const override;
    std::span<const std::byte> view() const { return m_bytes; }

private:
    std::vector<std::byte> m_bytes;
};

} // namespace quantscope
