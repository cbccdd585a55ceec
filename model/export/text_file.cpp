#include "export/text_file.h"

#include "base/byte_source.h"

namespace quantscope {

std::optional<std::string> textOfFile(const std::string &path, std::uint64_t most)
{
    const auto source = FileSource::open(path);
    if (!source || (*source)->size() > most)
        return std::nullopt;
    try {
        const auto bytes = (*source)->bytes(0, (*source)->size());
        return std::string(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    } catch (const ParseError &) {
        return std::nullopt; // it shrank meanwhile
    }
}

} // namespace quantscope
