#include "session/file_text.h"

#include "base/byte_source.h"

#include <algorithm>

namespace quantscope {

std::string fileText(const std::string &path, std::size_t most)
{
    const auto source = FileSource::open(path);
    if (!source)
        return {};
    try {
        const auto bytes = (*source)->bytes(0, std::min<std::uint64_t>((*source)->size(), most));
        return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
    } catch (const ParseError &) {
        return {}; // it shrank meanwhile
    }
}

} // namespace quantscope
