#include "base/name_path.h"

namespace quantscope {

std::vector<std::size_t> branchEnds(std::string_view name)
{
    const char separator = name.find('/') != std::string_view::npos ? '/' : '.';
    std::vector<std::size_t> ends;
    std::size_t begin = name.find_first_not_of(separator);
    while (begin != std::string_view::npos) {
        const std::size_t end = name.find(separator, begin);
        begin = end == std::string_view::npos ? end : name.find_first_not_of(separator, end);
        if (begin != std::string_view::npos)
            ends.push_back(begin);
    }
    return ends;
}

} // namespace quantscope
