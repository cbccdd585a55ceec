#include "graph/model_file.h"

namespace quantscope {

std::optional<std::size_t> ModelFile::find(std::string_view name) const
{
    const auto found = m_byName.find(name);
    return found == m_byName.end() ? std::nullopt : std::optional(found->second);
}

void ModelFile::buildIndex()
{
    m_byName.clear();
    for (std::size_t i = 0; i < tensors.size(); ++i)
        m_byName.emplace(tensors[i].name, i);
}

} // namespace quantscope
