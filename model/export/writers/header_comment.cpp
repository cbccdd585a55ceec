#include "export/writers/header_comment.h"

#include "base/text.h"
#include "export/identifier.h"
#include "quant/known_rounding.h"

#include <array>

#include <fmt/format.h>

namespace quantscope {

namespace {

void addLine(std::string &out, std::string_view name, const std::string &text)
{
    out += fmt::format(" *   {:<11} {}\n", name, text);
}

std::string valueText(const ExportArray &array)
{
    if (array.fixed) // as a power of two: -F, without a minus sign before zero
        return fmt::format("raw * 2^{}, the type {}", -array.fixed->fractionBits(), apFixedName(*array.fixed));
    if (!array.table)
        return "not known: the file has the integers and no scale";
    return fmt::format("(raw - {0}_zero_point[c]) * {0}_scale[c], c = {1}", array.symbol, array.table->index);
}

std::string scaleAxisText(const ExportArray &array)
{
    const ScaleTable &table = *array.table;
    if (table.axis < 0)
        return "one for all: SCALE_AXIS is -1";
    std::string text = fmt::format("{} along exported axis {}", table.scale.size(), table.axis);
    if (table.block)
        text += fmt::format(", one for each {} elements", *table.block);
    return text;
}

std::string yesNo(const std::optional<bool> &value) { return !value ? "not known" : *value ? "yes" : "no"; }

/// What a quantizer's field is, for the comment; empty where the value stands elsewhere.
std::string fieldValue(const Quantizer &quantizer, std::string_view field)
{
    if (field == "bit_width")
        return quantizer.bitWidth ? std::to_string(*quantizer.bitWidth)
                                  : fmt::format("not known, {} in the file", quantizer.storageBits.value_or(0));
    if (field == "signed")
        return yesNo(quantizer.isSigned);
    if (field == "narrow")
        return yesNo(quantizer.narrow);
    if (field == "rounding") {
        const auto rounding = knownRounding(quantizer);
        return rounding ? std::string(roundingName(*rounding)) : "not known: the file holds the codes";
    }
    const auto &granular = field == "scale" ? quantizer.scale : quantizer.zeroPoint;
    if (!granular)
        return "not known";
    if (granular->values.size() > 1)
        return fmt::format("{} values", granular->values.size());
    return field == "scale" ? hexFloat(granular->values[0]) : shortest(granular->values[0]);
}

/// "(entry 5, line 20)" becomes "(entry 5)": recipe.toml beside the header has the same entries at lines of its own.
std::string withoutLines(std::string text)
{
    constexpr std::string_view kLine = ", line ";
    for (std::size_t at = text.find(kLine); at != text.npos; at = text.find(kLine, at + 1)) {
        const std::size_t end = text.find_first_not_of("0123456789", at + kLine.size());
        if (end != text.npos && end > at + kLine.size() && text[end] == ')')
            text.erase(at, end - at);
    }
    return text;
}

/// One line a field: what it is and where that comes from.
void addProvenance(std::string &out, const Quantizer &quantizer)
{
    constexpr std::array<std::string_view, 6> kFields
        = {"scale", "zero_point", "bit_width", "signed", "narrow", "rounding"};
    for (const std::string_view field : kFields) {
        const auto origin = quantizer.origin.find(std::string(field));
        const std::string from
            = origin == quantizer.origin.end() ? "" : " (" + withoutLines(origin->second.text()) + ")";
        addLine(out, field, commentText(fieldValue(quantizer, field) + from));
    }
}

void addArray(std::string &out, const ExportArray &array)
{
    const SlotQuantizer &slot = *array.slot;
    out += fmt::format(" *\n * {}: {} integers of {} bits, {}, {}\n", array.symbol, array.count, array.width,
        array.isSigned ? "signed" : "unsigned", quantizerKindName(slot.quantizer->kind));
    addLine(out, "tensor", commentText(slot.tensorName));
    if (!slot.computed.empty())
        addLine(out, "computed", commentText(slot.computed));
    addLine(out, "shape", fmt::format("{} {}", shapeText(slot.tensor->shape, "x"), array.sourceAxes));
    addLine(out, "layout",
        fmt::format("{}: {} {}", array.layout.name, shapeText(array.layout.dims, "x"), array.layout.axisNames));
    addLine(out, "element", fmt::format("{} is {}_raw[{}]", array.layout.axisNames, array.symbol, array.layout.index));
    addLine(out, "value", valueText(array));
    if (array.table)
        addLine(out, "scales", scaleAxisText(array));
    if (!slot.preset.empty())
        addLine(out, "quantizer", commentText(slot.preset));
    addProvenance(out, *slot.quantizer);
}

std::string orUnknown(const std::string &text) { return text.empty() ? "not known" : text; }

std::string recipeLine(const RecipeInForce &recipe)
{
    const std::string taken = recipe.takenFrom.empty() ? "" : "; taken from " + commentText(recipe.takenFrom);
    const std::string edited = recipe.edited ? "; edited, not saved" : "";
    return fmt::format("sha256 {}{}{}{}", recipe.sha256,
        taken.empty() && edited.empty() ? "" : fmt::format(", {} beside this file", kRecipeName), taken, edited);
}

/// The same in every export of the model, whichever layers are written.
std::string assumedLine(const PlannedFile &file, const SourceFacts &source)
{
    std::vector<std::string> here;
    for (const ExportArray &array : file.layer->arrays)
        if (array.slot->assumed)
            here.emplace_back(slotName(array.slot->slot));
    return fmt::format("in the whole model, {}: nobody has confirmed them; in this layer: {}", source.assumed,
        here.empty() ? "none" : fmt::format("{}", fmt::join(here, " and ")));
}

} // namespace

std::string headerComment(const PlannedFile &file, const SourceFacts &source)
{
    const Layer &layer = *file.layer->layer;
    std::string out = fmt::format("/* {}: the quantized parameters of layer {} ({}), written by QuantScope.\n *\n",
        file.name, commentText(layer.name), commentText(layer.kind));
    addLine(out, "source", commentText(orUnknown(source.file)));
    addLine(out, "sha256", orUnknown(source.sha256));
    if (!source.part.empty())
        addLine(out, "part", commentText(source.part));
    if (!source.recipe.sha256.empty())
        addLine(out, "recipe", recipeLine(source.recipe));
    if (!source.assumed.empty())
        addLine(out, "assumed", assumedLine(file, source));
    for (const ExportArray &array : file.arrays)
        addArray(out, array);
    return out + " */\n";
}

} // namespace quantscope
