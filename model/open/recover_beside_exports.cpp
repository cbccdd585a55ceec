#include "open/recover_beside_exports.h"

#include "dialects/interpret.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace quantscope {

namespace {

/// The export that knows most of the checkpoint's layers with weights, or null when none knows any.
const Network *graphOf(const Network &listed, std::span<const MatchedExport> exports)
{
    std::set<std::string_view> names;
    for (const Layer &layer : listed.layers)
        if (layer.slot(Slot::Weight) != nullptr)
            names.insert(layer.name);
    const Network *best = nullptr;
    std::size_t most = 0;
    for (const MatchedExport &beside : exports) {
        const auto known = static_cast<std::size_t>(std::ranges::count_if(
            beside.network.layers, [&](const Layer &layer) { return names.contains(layer.name); }));
        if (known > most) {
            best = &beside.network;
            most = known;
        }
    }
    return best;
}

} // namespace

Result<Network> recoverBesideExports(const std::shared_ptr<const ModelFile> &file,
    std::span<const MatchedExport> exports, const Recipe &recipe, const Progress &progress, const Network *previous)
{
    RecoverHints hints;
    if (!exports.empty())
        hints.graph = graphOf(listLayers(file, recipe), exports);
    hints.previous = previous;
    return recoverQuantizers(file, recipe, progress, hints);
}

} // namespace quantscope
