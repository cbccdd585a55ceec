#include "export/export_plan.h"

#include "base/text.h"
#include "export/identifier.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::array kExportedSlots = {Slot::Weight, Slot::Bias};

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
        if (std::find(formats.begin(), formats.end(), format) == formats.end())
            return usage(
                printable(fmt::format("there is no export format \"{}\"{}", format, didYouMean(format, formats))));
    if (std::find(layouts.begin(), layouts.end(), request.layout) == layouts.end())
        return usage(
            printable(fmt::format("there is no layout \"{}\"{}", request.layout, didYouMean(request.layout, layouts))));
    return {};
}

/// Why a slot has no array, or an empty text when it can have one.
std::string obstacle(const SlotQuantizer &slot)
{
    if (!slot.tensor)
        return "has no tensor";
    if (!slot.quantizer)
        return "has no known quantizer";
    if (!slot.quantizer->isComplete())
        return "has a quantizer of which not everything is known";
    if (slot.quantizer->kind == QuantizerKind::Minifloat)
        return "holds minifloats, which have no integer codes";
    if (!slot.tensor->readable())
        return "cannot be read: "
            + (slot.tensor->problem.empty() ? "the file has no data for it" : slot.tensor->problem);
    const int bits = slot.quantizer->wordBits();
    if (bits < 1 || bits > 64)
        return fmt::format("has codes of {} bits, and C has integers of 1 to 64", bits);
    return {};
}

/// Throws ParseError when the scales contradict the tensor.
ExportArray makeArray(const Layer &layer, const SlotQuantizer &slot, const std::string &identifier,
    const std::string &layoutName, std::vector<std::string> &notes)
{
    // Three and more axes that are no convolution's (stacked matrices, recurrent gates) have no spatial axes to move.
    const bool spatial = slot.tensor->shape.size() < 3 || layer.kind.find("Conv") != std::string::npos;
    bool fellBack = false;
    ExportArray array;
    array.slot = &slot;
    array.symbol = fmt::format("{}_{}", identifier, slot.slot);
    array.layout = *makeLayout(spatial ? layoutName : "source", slot.tensor->shape, slot.channelAxis, &fellBack);
    array.sourceAxes = makeLayout("source", slot.tensor->shape, slot.channelAxis)->axisNames;
    array.count = elementCount(slot.tensor->shape);
    array.width = slot.quantizer->wordBits();
    array.isSigned = *slot.quantizer->isSigned || slot.quantizer->kind == QuantizerKind::Binary;
    array.fixed = fixedType(*slot.quantizer);
    if (!array.fixed)
        array.table = makeScaleTable(array);
    // One axis has one order: nothing was lost there.
    if ((fellBack || array.layout.name != layoutName) && slot.tensor->shape.size() > 1)
        notes.push_back(fmt::format("{} {}: layout {} does not fit {} axes of a {}, written in source order",
            printable(layer.name), slot.slot, layoutName, slot.tensor->shape.size(), printable(layer.kind)));
    return array;
}

/// The arrays of one layer. Errors: an empty tensor; with `named`, a layer that has nothing to export.
Result<ExportHeader> planHeader(const Layer &layer, const std::string &identifier, const ExportRequest &request,
    bool named, std::vector<std::string> &notes)
{
    ExportHeader header{&layer, identifier, {}};
    std::vector<std::string> reasons;
    for (const Slot name : kExportedSlots) {
        const SlotQuantizer *slot = layer.slot(name);
        if (slot == nullptr || (!slot->tensor && !slot->quantizer))
            continue;
        std::string reason = obstacle(*slot);
        try {
            if (reason.empty() && elementCount(slot->tensor->shape) == 0)
                return usage(fmt::format("the {} of layer '{}' is empty ({}): there is nothing to export", name,
                    printable(layer.name), shapeText(slot->tensor->shape)));
            if (reason.empty())
                header.arrays.push_back(makeArray(layer, *slot, identifier, request.layout, notes));
        } catch (const ParseError &error) {
            reason = std::string("cannot be exported: ") + error.what();
        }
        if (!reason.empty())
            reasons.push_back(fmt::format("{} {} {}", printable(layer.name), name, reason));
    }
    if (named && header.arrays.empty())
        return usage(reasons.empty()
                ? fmt::format("layer '{}' has no weight and no bias to export", printable(layer.name))
                : reasons[0]);
    for (const std::string &reason : reasons)
        notes.push_back(reason + "; left out");
    return header;
}

/// A change that reading the name does not explain: more than separators that became underscores.
bool isSurprising(const std::string &layer, const std::string &identifier)
{
    std::string plain = layer;
    for (char &c : plain)
        c = c == '.' || c == '/' ? '_' : c;
    return plain != identifier;
}

void recordName(ExportPlan &plan, const ExportHeader &header)
{
    const std::string &layer = header.layer->name;
    if (header.identifier == layer)
        return;
    plan.renamed.push_back({layer, header.identifier});
    if (isSurprising(layer, header.identifier))
        plan.notes.push_back(fmt::format("layer '{}' is written as {}", printable(layer), header.identifier));
}

} // namespace

int ExportArray::containerBits() const { return width <= 8 ? 8 : width <= 16 ? 16 : width <= 32 ? 32 : 64; }
std::string ExportArray::containerType() const
{
    return fmt::format("{}int{}_t", isSigned ? "" : "u", containerBits());
}

std::uint64_t ExportHeader::count() const
{
    std::uint64_t total = 0;
    for (const ExportArray &array : arrays)
        total += array.count;
    return total;
}

Result<ExportPlan> planExport(const Network &network, const ExportRequest &request)
{
    if (auto words = checkWords(network, request); !words)
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
        auto header = planHeader(layer, identifiers[i], request, named, plan.notes);
        if (!header)
            return tl::unexpected(header.error());
        if (header->arrays.empty())
            continue;
        recordName(plan, *header);
        plan.headers.push_back(std::move(*header));
    }
    if (plan.headers.empty())
        return usage("no layer has a quantized weight or bias to export");
    return plan;
}

} // namespace quantscope
