#pragma once

#include "base/byte_source.h"
#include "base/limits.h"

#include <memory>
#include <span>

namespace quantscope {

bool isGzip(std::span<const std::byte> head);

/// What the members of a gzip file (RFC 1952) hold, one behind the other, inflated where it is read. To tell where they
/// end, several are inflated once before, up to Limits::inflateBytes. Throws ParseError.
std::shared_ptr<const ByteSource> inflatedGzip(const std::shared_ptr<const ByteSource> &source, const Limits &limits);

} // namespace quantscope
