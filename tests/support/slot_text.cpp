#include "support/slot_text.h"

#include "quant/code_reader.h"

#include <QByteArray>

namespace quantscope::test {

std::string slotText(const SlotQuantizer &slot)
{
    if (!slot.quantizer)
        return "unknown";
    const Quantizer &q = *slot.quantizer;
    const auto numbers = [](const std::optional<Granular> &granular) {
        if (!granular)
            return std::string("?");
        std::string out = granular->axis ? "@" + std::to_string(*granular->axis) : "";
        for (const float value : granular->values)
            out += (out.empty() ? "" : " ") + QByteArray::number(static_cast<double>(value)).toStdString();
        return out;
    };
    std::string out = q.isSigned.value_or(false) ? "int" : "uint";
    out += q.bitWidth ? std::to_string(*q.bitWidth) : "<" + std::to_string(q.storageBits.value_or(0)) + ">";
    out += " scale " + numbers(q.scale) + ", zero " + numbers(q.zeroPoint);
    if (q.blockSize)
        out += ", blocks of " + std::to_string(*q.blockSize);
    return out;
}

std::string slotShape(const SlotQuantizer &slot)
{
    std::string out;
    for (const std::int64_t dim : slot.shape)
        out += (out.empty() ? "" : "x") + std::to_string(dim);
    return out;
}

std::vector<std::int64_t> codesOf(const SlotQuantizer &slot)
{
    CodeReader reader(slot);
    std::vector<std::int64_t> out(reader.count());
    reader.integers(0, out);
    return out;
}

std::vector<float> valuesOf(const SlotQuantizer &slot)
{
    CodeReader reader(slot);
    std::vector<float> out(reader.count());
    reader.values(0, out);
    return out;
}

std::string layersText(const Network &network)
{
    std::string out;
    for (const Layer &layer : network.layers) {
        out += layer.name + " " + layer.kind + "\n";
        for (const SlotQuantizer &slot : layer.slots)
            out += "  " + std::string(slotName(slot.slot)) + ": " + slotText(slot) + "\n";
    }
    return out;
}

std::vector<std::string> textsOf(const Network &network, const std::string &rule)
{
    std::vector<std::string> out;
    for (const Diagnostic &d : network.diagnostics)
        if (d.rule == rule)
            out.push_back(d.text);
    return out;
}

} // namespace quantscope::test
