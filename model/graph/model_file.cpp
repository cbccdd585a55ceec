#include "graph/model_file.h"

#include "base/text.h"

#include <algorithm>

#include <fmt/format.h>

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

std::vector<std::string> ModelFile::weightParts() const
{
    std::vector<std::string> names;
    for (const ModelPart &part : parts)
        if (part.weights)
            names.push_back(part.name);
    return names;
}

std::map<std::string_view, std::size_t> tensorsOf(const ModelFile &file, const ModelPart &part)
{
    std::map<std::string_view, std::size_t> out;
    for (std::size_t i = 0; i < file.tensors.size(); ++i) {
        std::string_view name = file.tensors[i].name;
        if (!name.starts_with(part.prefix))
            continue;
        name.remove_prefix(part.prefix.size());
        for (const std::string_view wrapper : {"_orig_mod.", "module.", "_orig_mod."})
            if (name.starts_with(wrapper))
                name.remove_prefix(wrapper.size());
        out.emplace(name, i);
    }
    return out;
}

namespace {

using NamedShapes = std::vector<std::pair<std::string_view, const Shape *>>;

NamedShapes shapesOf(const ModelFile &file, const ModelPart &part)
{
    const auto tensors = tensorsOf(file, part);
    NamedShapes all, weights;
    for (const auto &[name, index] : tensors) {
        const Shape &shape = file.tensors[index].shape;
        (shape.size() >= 2 ? weights : all).emplace_back(name, &shape);
    }
    return weights.empty() ? all : weights;
}

std::string partsText(const ModelFile &file)
{
    std::vector<std::string> names;
    for (const std::string &name : file.weightParts())
        names.push_back(printable(name));
    return names.empty() ? "it holds one set of weights" : fmt::format("it has {}", fmt::join(names, ", "));
}

} // namespace

bool haveSameLayers(const ModelFile &file, const ModelPart &a, const ModelPart &b)
{
    return std::ranges::equal(shapesOf(file, a), shapesOf(file, b),
        [](const auto &one, const auto &other) { return one.first == other.first && *one.second == *other.second; });
}

Result<std::shared_ptr<const ModelFile>> withPart(const std::shared_ptr<const ModelFile> &file, const std::string &name)
{
    const auto found
        = std::ranges::find_if(file->parts, [&](const ModelPart &part) { return part.weights && (part.name == name || printable(part.name) == name); });
    if (found == file->parts.end())
        return tl::unexpected(Error{ErrorKind::Usage, file->path, std::nullopt,
            fmt::format("has no part \"{}\" to show: {}", printable(name), partsText(*file))});
    auto out = std::make_shared<ModelFile>(*file);
    out->shownPart = static_cast<std::size_t>(found - file->parts.begin());
    out->metadata["state_dict_root"] = found->prefix;
    return out;
}

} // namespace quantscope
