#pragma once

#include "base/byte_source.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace quantscope {

/// Where a file of a tar archive lies.
struct TarEntry {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
};

/// The checksum of a tar header is the sum of its 512 bytes with spaces in its own place (POSIX, pax).
bool isTarHeader(std::span<const std::byte> head);

/// The files of a tar archive by their names, read header by header. Folders, links and extended headers are passed
/// over. Throws ParseError: a damaged header, a file that is cut off or there twice.
std::map<std::string, TarEntry> readTar(const ByteSource &source);

} // namespace quantscope
