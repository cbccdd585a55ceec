#include "export/export_plan.h"

#include "base/text.h"
#include "export/identifier.h"
#include "export/writers/writer.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

/// The live model says otherwise: the answer is 'no'.
tl::unexpected<Error> contradicted(const std::string &message)
{
    return tl::unexpected(Error{ErrorKind::Proof, {}, std::nullopt, message});
}

tl::unexpected<Error> usage(const std::string &message)
{
    return tl::unexpected(Error{ErrorKind::Usage, {}, std::nullopt, message});
}

Result<void> checkWords(const Network &network, const ExportRequest &request)
{
    std::vector<std::string> layers, layouts;
    for (const Layer &layer : network.layers)
        layers.push_back(layer.name);
    for (const std::string_view layout : layoutNames())
        layouts.emplace_back(layout);
    for (const std::string &name : request.layers)
        if (network.layer(name) == nullptr)
            return usage(printable(fmt::format("there is no layer \"{}\"{}", name, didYouMean(name, layers))));
    const std::vector<std::string> formats = exportFormatNames();
    for (const std::string &format : request.formats)
        if (findWriter(format) == nullptr)
            return usage(
                printable(fmt::format("there is no export format \"{}\"{}", format, didYouMean(format, formats))));
    if (request.formats.empty())
        return usage(fmt::format("no format is chosen; there are {}", fmt::join(formats, ", ")));
    if (std::find(layouts.begin(), layouts.end(), request.layout) == layouts.end())
        return usage(
            printable(fmt::format("there is no layout \"{}\"{}", request.layout, didYouMean(request.layout, layouts))));
    return {};
}

/// A packing that nothing of the request would follow is refused: it would be lost without a word.
Result<void> checkPacking(const ExportRequest &request)
{
    const Packing &packing = request.packing;
    if (packing.elements < 1 || packing.elements > Packing::kMostElements)
        return usage(
            fmt::format("a word cannot hold {} elements; take from 1 to {}", packing.elements, Packing::kMostElements));
    const std::vector<std::string> ends = {"lsb", "msb"};
    if (std::find(ends.begin(), ends.end(), packing.firstElement) == ends.end())
        return usage(printable(fmt::format(
            "there is no word order \"{}\"{}", packing.firstElement, didYouMean(packing.firstElement, ends))));
    const bool packs = std::any_of(request.formats.begin(), request.formats.end(),
        [](const std::string &format) { return findWriter(format)->packs; });
    if (!packs && !packing.isDefault())
        return usage(fmt::format("no chosen format packs elements into words: {}", fmt::join(request.formats, ", ")));
    return {};
}

/// Appends the array of a slot; returns why there is none, empty when there is. Errors: an empty tensor.
Result<std::string> addArray(
    ExportLayer &out, const SlotQuantizer &slot, const std::string &layoutName, std::vector<std::string> &notes)
{
    const Layer &layer = *out.layer;
    if (std::string obstacle = exportObstacle(slot); !obstacle.empty())
        return obstacle;
    try {
        if (elementCount(slot.tensor->shape) == 0)
            return usage(fmt::format("the {} of layer '{}' is empty ({}): there is nothing to export", slot.slot,
                printable(layer.name), shapeText(slot.tensor->shape)));
        bool fellBack = false;
        out.arrays.push_back(makeExportArray(layer, slot, out.identifier, layoutName, &fellBack));
        // One axis has one order: nothing was lost there.
        if (fellBack && slot.tensor->shape.size() > 1)
            notes.push_back(fmt::format("{} {}: layout {} does not fit {} axes of a {}, written in source order",
                printable(layer.name), slot.slot, layoutName, slot.tensor->shape.size(), printable(layer.kind)));
    } catch (const ParseError &error) {
        return std::string("cannot be exported: ") + error.what();
    }
    return std::string();
}

/// The arrays of one layer. Errors: an empty tensor; with `named`, a layer that has nothing to export.
Result<ExportLayer> planLayer(
    const Layer &layer, const std::string &identifier, const ExportRequest &request, bool named, ExportPlan &plan)
{
    ExportLayer out{&layer, identifier, {}};
    const std::size_t refusedBefore = plan.refused.size();
    std::vector<std::string> reasons;
    for (const Slot name : kExportedSlots) {
        const SlotQuantizer *slot = layer.slot(name);
        if (slot == nullptr || (!slot->tensor && !slot->quantizer))
            continue;
        const auto reason = addArray(out, *slot, request.layout, plan.notes);
        if (!reason)
            return tl::unexpected(reason.error());
        if (!reason->empty())
            reasons.push_back(fmt::format("{} {} {}", printable(layer.name), name, *reason));
        if (slot->proof == ProofVerdict::Differs)
            plan.refused.push_back(fmt::format("{} {}", printable(layer.name), name));
    }
    if (named && out.arrays.empty() && plan.refused.size() > refusedBefore)
        return contradicted(fmt::format("{}", fmt::join(reasons, "; ")));
    if (named && out.arrays.empty())
        return usage(reasons.empty()
                ? fmt::format("layer '{}' has no weight and no bias to export", printable(layer.name))
                : reasons[0]);
    for (const std::string &reason : reasons)
        plan.notes.push_back(reason + "; left out");
    return out;
}

/// Of an export without a layer.
std::string reasonsText(std::span<const std::string> notes)
{
    constexpr std::size_t kNamed = 8;
    if (notes.empty())
        return {};
    const std::span<const std::string> first = notes.first(std::min(kNamed, notes.size()));
    const std::string rest
        = notes.size() == first.size() ? "" : fmt::format("; and {} more", notes.size() - first.size());
    return fmt::format(": {}{}", fmt::join(first, "; "), rest);
}

/// A change that reading the name does not explain: more than separators that became underscores.
bool isSurprising(const std::string &layer, const std::string &identifier)
{
    std::string plain = layer;
    for (char &c : plain)
        c = c == '.' || c == '/' ? '_' : c;
    return plain != identifier;
}

void recordName(ExportPlan &plan, const ExportLayer &exported)
{
    const std::string &layer = exported.layer->name;
    if (exported.identifier == layer)
        return;
    plan.renamed.push_back({layer, exported.identifier});
    if (isSurprising(layer, exported.identifier))
        plan.notes.push_back(fmt::format("layer '{}' is written as {}", printable(layer), exported.identifier));
}

/// The files of layers that stay where they are: the files point to them.
void planFiles(ExportPlan &plan, const ExportRequest &request)
{
    for (const Writer &writer : writers())
        if (std::find(request.formats.begin(), request.formats.end(), writer.name) != request.formats.end())
            plan.writers.push_back(&writer);
    for (const ExportLayer &layer : plan.layers)
        for (const Writer *writer : plan.writers) {
            const std::span<const ExportArray> arrays = layer.arrays;
            const auto add = [&](std::span<const ExportArray> part, const std::string &name) {
                plan.files.push_back({writer, &layer, part, name + std::string(writer->extension),
                    writer->packs ? request.packing : Packing()});
            };
            if (writer->filePerLayer)
                add(arrays, layer.identifier);
            for (std::size_t i = 0; !writer->filePerLayer && i < arrays.size(); ++i)
                add(arrays.subspan(i, 1), arrays[i].symbol);
        }
}

} // namespace

std::uint64_t PlannedFile::count() const
{
    std::uint64_t total = 0;
    for (const ExportArray &array : arrays)
        total += array.count;
    return total;
}

Result<ExportPlan> planExport(const Network &network, const ExportRequest &request)
{
    const auto words = checkWords(network, request).and_then([&] { return checkPacking(request); });
    if (!words)
        return tl::unexpected(words.error());
    // Names are made for all layers, so that a layer's name does not depend on which others are exported with it.
    std::vector<std::string> paths;
    for (const Layer &layer : network.layers)
        paths.push_back(layer.name);
    const std::vector<std::string> identifiers = uniqueIdentifiers(paths);
    ExportPlan plan;
    for (std::size_t i = 0; i < network.layers.size(); ++i) {
        const Layer &layer = network.layers[i];
        const bool named = std::find(request.layers.begin(), request.layers.end(), layer.name) != request.layers.end();
        if (!named && !request.layers.empty())
            continue;
        auto planned = planLayer(layer, identifiers[i], request, named, plan);
        if (!planned)
            return tl::unexpected(planned.error());
        if (planned->arrays.empty())
            continue;
        recordName(plan, *planned);
        plan.layers.push_back(std::move(*planned));
    }
    if (plan.layers.empty() && !plan.refused.empty())
        return contradicted(fmt::format("nothing is written: {}", fmt::join(plan.notes, "; ")));
    if (plan.layers.empty())
        return usage("no layer has a quantized weight or bias to export" + reasonsText(plan.notes));
    planFiles(plan, request);
    return plan;
}

} // namespace quantscope
