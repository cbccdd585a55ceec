#include "open/export_recipe.h"

#include "base/file_name.h"
#include "base/text.h"
#include "dialects/brevitas/facts.h"
#include "dialects/brevitas/presets.h"
#include "dialects/brevitas/recipe_words.h"
#include "dialects/brevitas/version.h"
#include "dialects/interpret.h"
#include "open/confirm.h"
#include "open/export_search.h"
#include "open/export_version.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::uint64_t kLargeFile = 64ull << 20; ///< under one version only

using Exports = std::vector<const MatchedExport *>;

RecipeQuantizer &addEntry(Recipe &recipe, const std::string &layer, Slot slot)
{
    RecipeQuantizer &entry = recipe.quantizers.emplace_back();
    entry.match = globEscape(layer);
    entry.slot = slot;
    entry.number = static_cast<int>(recipe.quantizers.size());
    return entry;
}

bool isQuantized(const SlotQuantizer &slot) { return slot.quantizer && slot.quantizer->isComplete(); }

/// A module's path, and not what a graph calls a node without a name ("Quant_3").
bool isModuleName(const std::string &name)
{
    const std::size_t dot = name.rfind('.');
    const char first = name.empty() ? '/' : name[dot == std::string::npos ? 0 : std::min(dot + 1, name.size() - 1)];
    return (first >= 'a' && first <= 'z') || first == '_' || (first >= '0' && first <= '9');
}

/// What the layers are, and activation quantizers of which the file has no key.
Recipe bareRecipe(const Network &listed, const Exports &exports, std::optional<std::string> version)
{
    Recipe out;
    out.words = &brevitasWords();
    out.brevitas = std::move(version);
    std::set<std::pair<std::string, Slot>> added;
    for (const MatchedExport *beside : exports)
        for (const Layer &layer : beside->network.layers) {
            const Layer *mine = listed.layer(layer.name);
            for (const SlotQuantizer &slot : layer.slots) {
                const Slot kind = presetSlot(slot.slot);
                const bool absent = mine == nullptr || mine->slot(slot.slot) == nullptr;
                if (!isQuantized(slot) || kind == Slot::Weight || kind == Slot::Bias || !absent
                    || !beside->found.empty() || !isModuleName(layer.name)
                    || !added.emplace(layer.name, slot.slot).second)
                    continue;
                addEntry(out, layer.name, slot.slot).preset
                    = kind == Slot::Trunc ? "TruncTo8bit" : "Int8ActPerTensorFloat";
            }
        }
    return out;
}

/// Groups, and the batch norms whose factors the weights of the exports may have in them.
void addLayers(Recipe &recipe, const Network &listed, const Exports &exports, bool merged)
{
    for (const Layer &mine : listed.layers) {
        RecipeLayer entry;
        entry.match = globEscape(mine.name);
        for (const MatchedExport *beside : exports) {
            const Layer *layer = beside->network.layer(mine.name);
            if (layer != nullptr && layer->groups > 1)
                entry.groups = layer->groups;
            if (merged && !mine.batchNorm.empty() && std::ranges::binary_search(beside->scaled, mine.name))
                entry.batchNorm = mine.batchNorm;
        }
        if (entry.groups || entry.batchNorm)
            recipe.layers.push_back(std::move(entry));
    }
}

/// One version's answer.
struct Attempt {
    Recipe recipe;
    std::size_t settled = 0, weights = 0;
};

/// Layers that the exports quantize elsewhere, but not here: their weight is the checkpoint's own float.
bool isFloatThere(const Exports &exports, const Layer &layer)
{
    return std::ranges::any_of(
        exports, [&](const MatchedExport *beside) { return std::ranges::binary_search(beside->floats, layer.name); });
}

void addFound(Attempt &attempt, const BrevitasFacts &facts, const ExportSearch &search, SlotIndex index)
{
    const std::string &layer = facts.layerOf(index).name;
    const Slot slot = facts.slotOf(index).slot;
    const auto &found = search.found(index);
    if (!found) {
        if (const auto owner = search.ownerOf(index))
            addEntry(attempt.recipe, layer, slot).sharedWith = facts.nameOf(*owner);
        return;
    }
    attempt.settled += found->open == 0 ? 1u : 0u;
    attempt.weights += slot == Slot::Weight ? 1u : 0u;
    if (!found->settings.sharedWith.empty())
        return;
    RecipeQuantizer &entry = addEntry(attempt.recipe, layer, slot);
    entry.preset = found->settings.preset;
    entry.overrides = found->settings.overrides;
    entry.inputScale = found->settings.inputScale;
    entry.assumed = found->open != 0;
}

Result<Attempt> attemptWith(const std::shared_ptr<const ModelFile> &file, const Network &listed, const Exports &exports,
    const std::optional<std::string> &version, bool merged, const Progress &progress)
{
    Attempt out;
    out.recipe = bareRecipe(listed, exports, version);
    addLayers(out.recipe, listed, exports, merged);
    RecoverHints hints;
    hints.graph = &exports.front()->network;
    const auto network = recoverQuantizers(file, out.recipe, progress, hints);
    if (!network)
        return tl::unexpected(network.error());
    const auto facts = gatherFacts(*network);
    if (!facts)
        return tl::unexpected(facts.error());
    const ExportSearch search(*facts, exports, progress);
    out.recipe.quantizers.clear();
    for (SlotIndex i = 0; i < facts->slots.size(); ++i)
        addFound(out, *facts, search, i);
    for (const Layer &layer : network->layers)
        if (const SlotQuantizer *weight = layer.slot(Slot::Weight);
            weight != nullptr && weight->quantizer && isFloatThere(exports, layer))
            addEntry(out.recipe, layer.name, Slot::Weight).preset = "None";
    return out;
}

/// What a recipe as a whole gives against the exports: entries that do not hold there are taken out again.
Result<TakenRecipe> verified(
    const std::shared_ptr<const ModelFile> &file, Recipe recipe, const Exports &exports, const Progress &progress)
{
    constexpr int kMostRounds = 4;
    RecoverHints hints;
    hints.graph = &exports.front()->network;
    TakenRecipe out;
    for (int round = 0; round < kMostRounds; ++round) {
        const auto network = recoverQuantizers(file, recipe, progress, hints);
        if (!network)
            return tl::unexpected(network.error());
        std::map<std::string, unsigned> agreed;
        for (const MatchedExport *beside : exports) {
            const auto c = confirmByExport(*network, beside->network, progress, beside->found);
            if (!c)
                return tl::unexpected(c.error());
            for (const auto &[name, fields] : c->agreed)
                agreed[name] = fields == 0 || (agreed.contains(name) && agreed[name] == 0) ? 0 : agreed[name] | fields;
        }
        const auto nameOf
            = [](const RecipeQuantizer &entry) { return fmt::format("{} {}", globName(entry.match), *entry.slot); };
        const auto fails = [&](const RecipeQuantizer &entry) {
            const auto found = agreed.find(nameOf(entry));
            return entry.preset != "None" && (found == agreed.end() || found->second == 0);
        };
        if (std::erase_if(recipe.quantizers, fails) > 0 && round + 1 < kMostRounds)
            continue;
        for (RecipeQuantizer &entry : recipe.quantizers)
            entry.assumed = entry.preset != "None" && agreed[nameOf(entry)] != AllFields;
        for (const auto &[name, fields] : agreed) {
            out.settled += fields == AllFields ? 1u : 0u;
            out.partly += fields != AllFields && fields != 0 ? 1u : 0u;
        }
        break;
    }
    for (std::size_t i = 0; i < recipe.quantizers.size(); ++i)
        recipe.quantizers[i].number = static_cast<int>(i) + 1;
    out.recipe = std::move(recipe);
    return out;
}

std::size_t quantizersOf(const Exports &exports)
{
    std::size_t most = 0;
    for (const MatchedExport *beside : exports) {
        std::size_t count = 0;
        for (const Layer &layer : beside->network.layers)
            count += static_cast<std::size_t>(std::ranges::count_if(layer.slots, isQuantized));
        most = std::max(most, count);
    }
    return most;
}

using Version = std::optional<std::string>;

/// The versions to try: the proven one alone, else the assumed one (nullopt) first.
std::vector<Version> versionsFor(const ModelFile &file, const Exports &exports)
{
    for (const MatchedExport *beside : exports)
        if (Version proven = provenVersion(beside->network))
            return {std::move(proven)};
    if (file.bytes > kLargeFile)
        return {std::nullopt};
    return {std::nullopt, "0.12.1", "0.11.0", "0.9.1", "0.7.1", "0.6.0"};
}

/// Each version without and, where that may be, with the batch norms merged.
std::vector<std::pair<Version, bool>> attemptsFor(const ModelFile &file, const Network &listed, const Exports &exports)
{
    const bool mayBeMerged = std::ranges::any_of(listed.layers, [&](const Layer &layer) {
        return !layer.batchNorm.empty() && std::ranges::any_of(exports, [&](const MatchedExport *beside) {
            return std::ranges::binary_search(beside->scaled, layer.name);
        });
    });
    std::vector<std::pair<Version, bool>> out;
    for (const Version &version : versionsFor(file, exports)) {
        if (mayBeMerged)
            out.emplace_back(version, true);
        out.emplace_back(version, false);
    }
    return out;
}

std::string namesOf(const Exports &exports)
{
    std::vector<std::string> names;
    for (const MatchedExport *beside : exports)
        names.push_back(fileName(beside->network.file->path));
    return fmt::format("{}", fmt::join(names, " and "));
}

/// Throws CancelledError and ParseError.
Result<std::optional<TakenRecipe>> taken(
    const std::shared_ptr<const ModelFile> &file, const Exports &exports, const Progress &progress)
{
    const std::size_t quantizers = quantizersOf(exports);
    const Network listed = listLayers(file);
    std::optional<Attempt> best;
    for (const auto &[version, merged] : attemptsFor(*file, listed, exports)) {
        auto attempt = attemptWith(file, listed, exports, version, merged, progress);
        if (!attempt && attempt.error().kind == ErrorKind::Cancelled)
            return tl::unexpected(attempt.error());
        if (attempt && (!best || attempt->settled > best->settled))
            best = std::move(*attempt);
        if (best && best->settled >= quantizers)
            break;
    }
    // Without a weight, only all of the activations together are no coincidence.
    const bool anyWeight = std::ranges::any_of(exports, [](const MatchedExport *beside) {
        return std::ranges::any_of(beside->network.layers, [](const Layer &layer) {
            const SlotQuantizer *weight = layer.slot(Slot::Weight);
            return weight != nullptr && isQuantized(*weight);
        });
    });
    if (!best || (anyWeight ? best->weights == 0 : best->settled < quantizers))
        return std::nullopt;
    auto recipe = verified(file, std::move(best->recipe), exports, progress);
    if (!recipe)
        return tl::unexpected(recipe.error());
    recipe->quantizers = quantizers;
    recipe->recipe.takenFrom = namesOf(exports);
    return std::optional(std::move(*recipe));
}

} // namespace

Result<std::optional<TakenRecipe>> recipeFromExports(
    const std::shared_ptr<const ModelFile> &file, std::span<const MatchedExport> all, const Progress &progress)
{
    Exports exports;
    for (const MatchedExport &beside : all)
        if (beside.sameNetwork)
            exports.push_back(&beside);
    if (quantizersOf(exports) == 0)
        return std::nullopt;
    try {
        return taken(file, exports, progress);
    } catch (const CancelledError &) {
        return tl::unexpected(Error{ErrorKind::Cancelled, file->path, std::nullopt, "was cancelled"});
    } catch (const ParseError &error) {
        return tl::unexpected(Error{ErrorKind::Parse, file->path, error.offset(), error.what()});
    }
}

} // namespace quantscope
