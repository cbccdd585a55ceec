#include "formats/torch/pickled_model.h"

#include "base/text.h"
#include "formats/torch/checkpoint_parts.h"
#include "formats/torch/flatten.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

void requireTensors(const ModelFile &file, const std::string &firstCall)
{
    const auto isReadable = [](const TensorInfo &tensor) { return tensor.readable() || !tensor.shape.empty(); };
    const auto &tensors = file.tensors;
    if (!firstCall.empty() && std::ranges::none_of(tensors, isReadable))
        throw ParseError(
            fmt::format("needs a call of {}, which QuantScope does not make: write the state_dict() with torch.save",
                printable(firstCall)));
    if (!tensors.empty() && std::ranges::all_of(tensors, [](const TensorInfo &t) { return t.dtype == DType::Unknown; }))
        throw ParseError(fmt::format("tensor '{}' {}, and the file has no other tensor that it does know",
            printable(tensors.front().name), tensors.front().problem));
}

} // namespace

std::string listPickled(const PickledTensors &from, const ReadRequest &request, Budget &budget, ModelFile &file)
{
    Flattener flattener(from.tree, from.storages, request.limits, budget, file);
    flattener.collectScalars = from.isModel && file.format == "pytorch-checkpoint";
    flattener.run(from.tree.root, from.prefix, request.progress);
    if (from.isModel)
        findParts(file, from.tree, from.tree.root, TensorBuilder(from.tree, from.storages, request.limits, budget));
    if (from.positions != nullptr)
        *from.positions = flattener.positions();
    return flattener.firstCall();
}

void finishPickled(ModelFile &file, const std::string &firstCall)
{
    requireTensors(file, firstCall);
    std::vector<std::string_view> names;
    names.reserve(file.tensors.size());
    for (const TensorInfo &tensor : file.tensors)
        names.push_back(tensor.name);
    std::ranges::sort(names);
    const auto twin = std::ranges::adjacent_find(names);
    if (twin != names.end())
        file.diagnostics.push_back({"duplicate-tensor-name", Severity::Warning, std::string(*twin),
            fmt::format("two tensors are called '{}': only the first is found by its name", printable(*twin))});
    if (file.tensors.empty())
        file.diagnostics.push_back({"no-tensors", Severity::Warning, "", "the file holds no tensors"});
}

} // namespace quantscope
