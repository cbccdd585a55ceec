#pragma once

#include "base/byte_source.h"

#include <string>
#include <utility>

namespace quantscope {

/// Bytes of a file that stands beside a model's own: what changes with it can be told by its path.
class NamedSource : public ByteSource {
public:
    explicit NamedSource(std::string path)
        : m_path(std::move(path))
    {
    }
    const std::string &path() const { return m_path; }

private:
    std::string m_path;
};

} // namespace quantscope
