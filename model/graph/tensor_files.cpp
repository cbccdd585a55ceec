#include "graph/tensor_files.h"

#include "base/named_source.h"

#include <set>

namespace quantscope {

std::vector<std::string> tensorFiles(const ModelFile &file)
{
    std::set<const ByteSource *> seen;
    std::set<std::string> paths;
    for (const TensorInfo &tensor : file.tensors)
        if (const ByteSource *source = tensor.storage.source.get(); seen.insert(source).second)
            if (const auto *named = dynamic_cast<const NamedSource *>(source))
                paths.insert(named->path());
    return {paths.begin(), paths.end()};
}

} // namespace quantscope
