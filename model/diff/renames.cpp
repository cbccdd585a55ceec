#include "diff/renames.h"

#include "base/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

tl::unexpected<Error> wrongRename(std::string message)
{
    return tl::unexpected(Error{ErrorKind::Usage, "", std::nullopt, std::move(message)});
}

std::string renameText(const Rename &rename) { return fmt::format("--rename {}={}", rename.from, rename.to); }

std::vector<std::string> layerNames(const Network &network)
{
    std::vector<std::string> names;
    for (const Layer &layer : network.layers)
        names.push_back(layer.name);
    return names;
}

} // namespace

Result<Rename> parseRename(const std::string &text)
{
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
        return wrongRename(fmt::format("--rename {} is not of the form OLD=NEW", text));
    Rename out{text.substr(0, equals), text.substr(equals + 1)};
    const auto from = std::ranges::count(out.from, '*'), to = std::ranges::count(out.to, '*');
    if (from > 1 || to > 1 || from != to)
        return wrongRename(fmt::format("--rename {}: OLD and NEW have one * each, or none", text));
    return out;
}

std::optional<std::string> renamed(const Rename &rename, std::string_view name)
{
    const std::size_t star = rename.from.find('*');
    if (star == std::string::npos)
        return name == rename.from ? std::optional(rename.to) : std::nullopt;
    const std::string_view before = std::string_view(rename.from).substr(0, star),
                           behind = std::string_view(rename.from).substr(star + 1);
    if (name.size() < before.size() + behind.size() || !name.starts_with(before) || !name.ends_with(behind))
        return std::nullopt;
    const std::string_view held = name.substr(before.size(), name.size() - before.size() - behind.size());
    std::string out = rename.to;
    return out.replace(out.find('*'), 1, held);
}

Result<std::map<LayerId, std::string>> namesInOther(const Network &network, const std::vector<Rename> &renames)
{
    std::map<LayerId, std::string> out;
    std::map<std::string, std::string_view> taken; // by name in the other model
    std::vector<bool> matched(renames.size(), false);
    for (const Layer &layer : network.layers) {
        std::string name = layer.name;
        for (std::size_t i = renames.size(); i-- > 0;)
            if (auto other = renamed(renames[i], layer.name)) {
                matched[i] = true;
                name = *std::move(other);
            }
        const auto [known, isNew] = taken.emplace(name, layer.name);
        if (!isNew && !renames.empty())
            return wrongRename(fmt::format("{} and {} would both be {}", known->second, layer.name, name));
        out.emplace(layer.id, std::move(name));
    }
    for (std::size_t i = 0; i < renames.size(); ++i)
        if (!matched[i])
            return wrongRename(fmt::format("{} matches no layer of {}{}", renameText(renames[i]), network.file->path,
                renames[i].from.find('*') == std::string::npos ? didYouMean(renames[i].from, layerNames(network))
                                                               : std::string()));
    return out;
}

} // namespace quantscope
