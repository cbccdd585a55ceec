#pragma once

#include "base/byte_source.h"
#include "base/limits.h"
#include "formats/budget.h"
#include "formats/zip/inflate.h"
#include "tensor/tensor.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace quantscope {

/// One member of a zip archive, as its central directory describes it (APPNOTE.TXT 6.3.10, section 4.3.12).
struct ZipEntry {
    std::string_view name; ///< valid as long as the archive
    std::uint64_t localOffset = 0;
    std::uint64_t dataOffset = 0;
    std::uint64_t storedSize = 0; ///< bytes in the file
    std::uint64_t size = 0; ///< bytes once inflated
    std::uint32_t crc = 0;
    bool deflated = false;
    bool isFolder() const { return name.ends_with('/'); }
};

/// The directory of a zip archive. Opening reads the directory and the header of each member (30 bytes and its name),
/// no data. Refused: encryption, several disks, methods other than stored and deflated, duplicates, members that
/// overlap.
class ZipArchive {
public:
    ZipArchive(std::shared_ptr<const ByteSource> source, const Limits &limits, Budget &budget);
    ZipArchive(ZipArchive &&) = default;

    std::span<const ZipEntry> entries() const { return m_entries; }
    const ZipEntry *find(std::string_view name) const;

    /// The whole member in memory, inflated and with its CRC checked.
    std::vector<std::byte> read(const ZipEntry &entry, std::uint64_t maxBytes, Budget &budget) const;
    /// The member as a storage that tensors view; nothing is read.
    Storage storage(const ZipEntry &entry) const;

private:
    void readDirectory(std::uint64_t offset, std::uint64_t length, std::uint64_t count, Budget &budget);
    void sortByName();
    void locateData(std::uint64_t directoryOffset);

    std::shared_ptr<const ByteSource> m_source;
    Limits m_limits;
    std::vector<std::byte> m_directory;
    std::vector<ZipEntry> m_entries;
    std::vector<std::uint32_t> m_byName;
    std::shared_ptr<InflatePool> m_pool;
};

} // namespace quantscope
